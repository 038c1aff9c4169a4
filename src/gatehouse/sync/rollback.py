"""Back to a known good pin: which one that is, and the push that puts it there."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from gatehouse.audit.record import Kind, Record
from gatehouse.declare.history import Change, known_good, staged_since
from gatehouse.declare.types import Held
from gatehouse.errors import GatehouseError, NotFound, Unreachable
from gatehouse.pin import ROOT, Pin, Role, Slot
from gatehouse.sync.desired import Desired
from gatehouse.sync.revert import TRAILER, Revert
from gatehouse.sync.rules import words
from gatehouse.sync.trunk import BRANCH, Trunk

# Two people who are both woken must not go back two versions.
TWICE = timedelta(minutes=15)


class Moved(GatehouseError):
    """Main is not where it was read; nothing was changed."""


class Protected(GatehouseError):
    """Main may not be pushed to. ``commit`` is there, on no branch yet."""

    def __init__(self, commit: str, said: str) -> None:
        super().__init__(f"main could not be pushed: {said}", "merge it through a pull request")
        self.commit = commit


def current(desired: Desired, slot: Slot) -> Pin:
    """The slot's champion. Raises NotFound with the slots of the model that have one."""
    promotion = desired.declared.promotions.get(slot)
    if promotion is not None:
        return promotion.pin
    filled = [str(known.label) for known in desired.declared.promotions if known.model == slot.model]
    raise NotFound(
        f"{slot} holds nothing, so there is nothing to roll back",
        f"{slot.model} has {', '.join(filled)}" if filled else "see `gatehouse status`",
    )


def kept_out(records: Iterable[Record], slot: Slot) -> frozenset[Pin]:
    """The champions that sync refused in the slot and never let in: main once named them, and they never served."""
    refused, accepted = set[Pin](), set[Pin]()
    for record in records:
        if (record.slot, record.role) == (slot, Role.CHAMPION) and record.after is not None:
            if record.kind is Kind.REFUSED:
                refused.add(record.after)
            elif record.accepted:
                accepted.add(record.after)
    return frozenset(refused - accepted)


def target(
    desired: Desired, slot: Slot, version: int | None, now: datetime, never: Collection[Pin] = frozenset()
) -> Pin:
    """The pin to go back to: the last good champion, or the one that ``version`` was here; none of those that were
    ``never`` let in, since sync would refuse them again.

    Raises GatehouseError where there is none, it never was champion here, it is on hold, or, without ``version``, the
    slot has just been rolled back.
    """
    bad = current(desired, slot)
    if version is not None:
        return _named(desired, slot, version, never)
    _not_twice(desired, slot, now)
    barred = tuple(Held(pin.version, "never let in", now.date(), pin.digest) for pin in never)
    good = known_good(desired.changes, slot, (*_no_way_back(desired, slot), *barred))
    if good is None:
        raise GatehouseError(
            f"{slot}: nothing to roll back to: before version {bad.version} no champion served that is not on hold",
            f"promote a good version, or withdraw this one: delete {slot.path} in a pull request",
        )
    return good


def _named(desired: Desired, slot: Slot, version: int, never: Collection[Pin]) -> Pin:
    past = _champions(desired.changes, slot)
    pin = next((pin for pin in past if pin.version == version), None)
    if pin is None:
        known = ", ".join(str(number) for number in dict.fromkeys(pin.version for pin in past))
        raise NotFound(f"version {version} never was champion of {slot}", f"it had {known}")
    if pin in never:
        raise GatehouseError(f"sync refused version {version} as champion of {slot}; it never served", "name another")
    held = desired.declared.held(slot.model, pin)
    if held is not None:
        raise GatehouseError(
            f"version {version} is on hold since {held.since}: {held.reason}",
            f"name another with --to, or take it out of {ROOT}/{slot.model}/hold.yaml in a reviewed change",
        )
    return pin


def _champions(changes: Iterable[Change], slot: Slot) -> list[Pin]:
    """Every champion that the slot has had, the present one first."""
    states = [change.after for change in changes if change.slot == slot and change.after is not None]
    return list(dict.fromkeys(promotion.pin for promotion in states))


def _no_way_back(desired: Desired, slot: Slot) -> tuple[Held, ...]:
    """The model's holds, and one for every champion that sync would refuse because it never was in the stage before."""
    before = desired.declared.stages.before(slot.stage)
    holds = desired.declared.holds.get(slot.model, ())
    if before is None:
        return holds
    changes = [change for change in desired.changes if change.slot.model == slot.model]
    unstaged = [
        Held(pin.version, "never staged", change.time.date(), pin.digest)
        for change in changes
        for pin in ([change.after.pin] if change.slot == slot and change.after else [])
        if staged_since(changes, before.name, pin, slot.segment) is None
    ]
    return (*holds, *unstaged)


def _not_twice(desired: Desired, slot: Slot, now: datetime) -> None:
    want = next(want for want in desired.wants if (want.slot, want.role) == (slot, Role.CHAMPION))
    since = now - want.commit.time
    if f"{TRAILER}: {slot} from" in want.commit.message and since < TWICE:
        raise GatehouseError(
            f"{slot} was rolled back {words(since)} ago by {want.commit.author}: {want.reason}",
            "to go back further say how far, with --to VERSION",
        )


def push(trunk: Trunk, revert: Revert) -> str:
    """Commits on main and pushes; the commit's id. The working tree is not touched.

    Raises Moved when main moved meanwhile, Protected when main may not be pushed to, Unreachable when nothing answers.
    """
    writer = trunk.writer()
    commit = writer.commit(trunk.commit, revert.files, revert.message)
    try:
        writer.push(commit, BRANCH, trunk.commit)
    except Unreachable:
        raise
    except GatehouseError as error:
        if trunk.remote is not None and writer.fetch(BRANCH) != trunk.commit:
            raise Moved("main moved in the meantime", "run it again") from error
        raise Protected(commit, error.message) from error
    return commit
