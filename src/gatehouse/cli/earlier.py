"""The promotions of a slot before this one, and the checks that led to them: what a report calls usual."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from gatehouse.declare.history import Change, history
from gatehouse.errors import GatehouseError
from gatehouse.evaluate.result import Result
from gatehouse.git import Repository
from gatehouse.pin import Pin, Role, Slot
from gatehouse.report.context import Earlier
from gatehouse.sync import ledger

# Git tells whole seconds, and the clock of the machine that checked may be ahead of the one that merged.
SKEW = timedelta(minutes=5)


def earlier(
    repository: Repository, commit: str, results: Sequence[Result]
) -> Mapping[tuple[Slot, Role], tuple[Earlier, ...]]:
    """For each slot and role that is asked about: every promotion up to a commit of main whose evidence is kept, oldest
    first.

    The evidence branch is taken as far as it was fetched, and one that does not read is none: what is usual is worth
    neither a wait nor a failure.
    """
    places = {(result.request.slot, result.request.role) for result in results}
    found: dict[tuple[Slot, Role], tuple[Earlier, ...]] = {}
    for model in sorted({slot.model for slot, _ in places}):
        try:
            changes, kept = history(repository, commit, model), ledger.entries(repository, model)
        except GatehouseError:
            continue
        mine = [place for place in places if place[0].model == model]
        found |= {(slot, role): tuple(_promoted(slot, role, changes, kept)) for slot, role in mine}
    return found


def _promoted(slot: Slot, role: Role, changes: Sequence[Change], kept: Sequence[Result]) -> Iterator[Earlier]:
    """Each pin once, when it first came: one that comes back brings no new evidence. ``changes`` are newest first."""
    asked = [one for one in kept if (one.request.slot, one.request.role) == (slot, role)]
    came, withdrawn = _arrivals(slot, role, changes)
    for pin, time in came.items():
        last = _last(one for one in asked if one.request.candidate == pin and one.evaluated <= time + SKEW)
        if last is not None:
            yield Earlier(last, time, pin in withdrawn)


def _arrivals(slot: Slot, role: Role, changes: Sequence[Change]) -> tuple[Mapping[Pin, datetime], set[Pin]]:
    """When each pin first came, oldest first; and those that an earlier one took the place of again."""
    came: dict[Pin, datetime] = {}
    withdrawn: set[Pin] = set()
    for change in reversed(changes):
        before, after = (state.get(role) if state is not None else None for state in (change.before, change.after))
        if change.slot != slot or after is None or after == before:
            continue
        if before is not None and after in came:
            withdrawn.add(before)
        came.setdefault(after, change.time)
    return came, withdrawn


def _last(results: Iterable[Result]) -> Result | None:
    passed = [result for result in results if result.passed]
    return passed[-1] if passed else None
