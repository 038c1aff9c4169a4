"""What happened to a model, from all that remembers it: git, the audit record, the evidence branch, the registry.

Git says what was asked for and by whom, the record what was let in and who agreed, the evidence what the gates found
and what people say of what was not merged. Each of them is
enough for a part of the story; what is missing is left out, not made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from gatehouse.audit.record import Evidence, Kind, Record
from gatehouse.declare import build
from gatehouse.declare.history import Change
from gatehouse.declare.reader import read
from gatehouse.declare.types import Held
from gatehouse.evaluate.result import Result
from gatehouse.git import Commit, Repository
from gatehouse.pin import ROOT, Pin, Role, Slot
from gatehouse.registry.types import Run, Version
from gatehouse.review.record import Reviewed
from gatehouse.sync.agreed import spoken
from gatehouse.sync.desired import pull_request, reason_of
from gatehouse.sync.event import Event, What
from gatehouse.sync.evidence import summary


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that is known of one model. ``changes`` newest first; ``commits`` by id, first-parent main;
    ``reviewed`` oldest first, of other models too, and without what cannot be true."""

    model: str
    repository: Repository
    changes: tuple[Change, ...]
    commits: dict[str, Commit]
    records: tuple[Record, ...] = ()
    results: tuple[Result, ...] = ()
    holds: tuple[tuple[Commit, tuple[Held, ...]], ...] = ()
    versions: tuple[Version, ...] = ()
    runs: dict[int, Run] | None = None
    reviewed: tuple[Reviewed, ...] = ()


def hold_history(repository: Repository, revision: str, model: str) -> tuple[tuple[Commit, tuple[Held, ...]], ...]:
    """The model's holds after each commit that changed them, oldest first; a file that does not read holds nothing."""
    path = f"{ROOT}/{model}/hold.yaml"
    return tuple(
        (commit, _holds(path, repository.read(commit.id, path))) for commit in reversed(repository.log(revision, path))
    )


def _holds(path: str, data: bytes | None) -> tuple[Held, ...]:
    document, faults = read(path, data) if data is not None else (None, [])
    try:
        return build.holds(document.value) if document is not None and not faults else ()
    except (KeyError, msgspec.ValidationError):
        return ()


def told(sources: Sources) -> tuple[Event, ...]:
    """Everything that happened to the model, oldest first."""
    events = [
        *_made(sources),
        *_changed(sources),
        *_checked(sources),
        *_recorded(sources),
        *spoken(sources.model, sources.records, sources.reviewed),
        *_on_hold(sources),
    ]
    order = list(What)
    return tuple(sorted(events, key=lambda event: (event.time, order.index(event.what))))


def about(events: Iterable[Event], version: int) -> tuple[Event, ...]:
    """The part of the story that one version plays in, told from its side: what replaces it supersedes it."""
    found = []
    for event in events:
        if version in (event.version, event.after.version if event.after else None):
            found.append(event)
        elif event.before and event.before.version == version and event.what in _LEAVING:
            leaving = What.SUPERSEDED if event.what is What.MERGED else event.what
            found.append(msgspec.structs.replace(event, what=leaving))
    return tuple(found)


# How a version can leave a role.
_LEAVING = (What.MERGED, What.ROLLED_BACK, What.WITHDRAWN)


def _made(sources: Sources) -> Iterator[Event]:
    for version in sources.versions:
        number = version.number
        run = (sources.runs or {}).get(number)
        who = ", ".join(run.trained_by) if run else version.registered_by or ""
        if run is not None and run.started is not None:
            figures = ", ".join(f"{name} {value:.4g}" for name, value in sorted(run.metrics.items())[:4])
            yield Event(run.started, What.TRAINED, figures or f"run {run.id}", version=number, who=who)
        yield Event(version.created, What.REGISTERED, f"as {version}", version=number, who=version.registered_by or "")


def _changed(sources: Sources) -> Iterator[Event]:
    """The merges, and the proposals that they merged."""
    for at, change in enumerate(sources.changes):
        commit = sources.commits[change.commit]
        for role in Role:
            before, after = (state.get(role) if state else None for state in (change.before, change.after))
            if before == after:
                continue
            proposed = _proposal(sources.repository, commit, change, role, before, after)
            if proposed is not None:
                yield proposed
            yield Event(
                commit.time,
                _kind(sources.changes[at + 1 :], change.slot, role, before, after),
                reason_of(commit),
                change.slot, role, before, after,
                who=commit.author,
                commit=commit.id,
                pull_request=pull_request(commit),
            )  # fmt: skip


def _kind(older: Sequence[Change], slot: Slot, role: Role, before: Pin | None, after: Pin | None) -> What:
    if after is None:
        return What.WITHDRAWN
    been = any(change.slot == slot and change.before and change.before.get(role) == after for change in older)
    back = role is Role.CHAMPION and been and before is not None and before.version > after.version
    return What.ROLLED_BACK if back else What.MERGED


def _proposal(
    repository: Repository, commit: Commit, change: Change, role: Role, before: Pin | None, after: Pin | None
) -> Event | None:
    """The commit on the merged branch that asked for it; None where there was no merge."""
    if len(commit.parents) != 2 or after is None:
        return None
    asked = repository.log(commit.parents[1], change.slot.path, first_parent=False, limit=1)
    first = asked[0] if asked else commit
    return Event(
        first.time, What.PROPOSED, first.subject, change.slot, role, before, after,
        who=first.author, commit=first.id, pull_request=pull_request(commit),
    )  # fmt: skip


def _checked(sources: Sources) -> Iterator[Event]:
    seen = set()
    for result in sources.results:
        seen.add(result.key)
        request = result.request
        yield _gates(summary(result), request.slot, request.role, request.previous, request.candidate)
    for record in sources.records:
        found = record.evidence
        if found is not None and found.key not in seen and found.evaluated is not None:
            seen.add(found.key)
            yield _gates(found, record.slot, record.role, record.before, record.after)


def _gates(found: Evidence, slot: Slot, role: Role, before: Pin | None, after: Pin | None) -> Event:
    assert found.evaluated is not None
    passed = sum(gate.outcome.lets_through for gate in found.gates)
    stopped = ", ".join(f"{gate.name} {gate.outcome}" for gate in found.gates if not gate.outcome.lets_through)
    text = f"{passed} of {len(found.gates)} gates passed for {slot.label}" + (f"; {stopped}" if stopped else "")
    return Event(found.evaluated, What.GATES, text, slot, role, before, after, evidence=found)


def _recorded(sources: Sources) -> Iterator[Event]:
    for record in sources.records:
        if record.kind in (Kind.HELD, Kind.REJECTED):
            continue
        what = What.REFUSED if record.kind is Kind.REFUSED else What.SYNCED
        text = record.reason if record.kind in (Kind.REFUSED, Kind.SYNCED) else _let_in(record)
        yield Event(
            record.when, what, text, record.slot, record.role, record.before, record.after,
            who="gatehouse", commit=record.commit, pull_request=record.pull_request, remarks=record.remarks,
        )  # fmt: skip


def _let_in(record: Record) -> str:
    proof = "" if record.evidence else ", without evidence of its gates"
    return f"{record.slot.label} {record.role} in registry and serving config{proof}"


def _on_hold(sources: Sources) -> Iterator[Event]:
    before: tuple[Held, ...] = ()
    for commit, now in sources.holds:
        for held in now:
            if held not in before:
                yield _hold(What.HELD, commit, held)
        for held in before:
            if held not in now:
                yield _hold(What.RELEASED, commit, held)
        before = now


def _hold(what: What, commit: Commit, held: Held) -> Event:
    return Event(commit.time, what, held.reason, version=held.version, who=commit.author, commit=commit.id)
