"""What main asks for: every role of every slot, the commit that set it, and what its history allows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from gatehouse.declare.history import Change, history, soaked, staged_since
from gatehouse.declare.load import require
from gatehouse.declare.source import Revision
from gatehouse.declare.types import Declared, Promotion, Traffic
from gatehouse.git import Commit
from gatehouse.pin import ROOT, Pin, Role, Slot
from gatehouse.sync.trunk import Trunk

# GitHub's merge commits, and the suffix of its squashed ones.
_ROLLED_BACK = re.compile(r"^Roll back \S+ to version \d+: (?=\S)")
_NUMBER = re.compile(r"^Merge pull request #(\d+)|\(#(\d+)\)$")


@dataclass(frozen=True, slots=True)
class Want:
    """What one role of one slot is to hold. ``pin`` None: nothing any more, though it once held something.

    ``commit`` set it; ``previous`` is what the role held before that. ``returning``: the pin was the slot's champion
    before. ``staged`` is when the pin last came into the stage before this one, ``soaked`` how long it has been there.
    """

    slot: Slot
    role: Role
    pin: Pin | None
    commit: Commit
    previous: Pin | None = None
    percent: float | None = None
    experiment: str = ""
    returning: bool = False
    staged: datetime | None = None
    soaked: timedelta = timedelta()

    @property
    def key(self) -> str:
        """Names this very setting of this role, for the audit record: the same commit asks for it once."""
        share = "" if self.percent is None else f" at {self.percent:g} % {self.experiment}".rstrip()
        pin = f"version {self.pin.version} {self.pin.digest}" if self.pin else "nothing"
        return f"{self.slot} {self.role}: {pin}{share} by {self.commit.id}"

    @property
    def pull_request(self) -> int | None:
        return pull_request(self.commit)

    @property
    def reason(self) -> str:
        return reason_of(self.commit)


def pull_request(commit: Commit) -> int | None:
    """The pull request that was merged, where the commit's subject names it."""
    found = _NUMBER.search(commit.subject)
    return int(found[1] or found[2]) if found else None


def reason_of(commit: Commit) -> str:
    """What the commit says of itself: a pull request's title, the reason of a roll-back, else its subject."""
    lines = [line.strip() for line in commit.message.splitlines() if line.strip()]
    said = next((line for line in lines if not line.startswith("Merge pull request #")), commit.subject)
    return _ROLLED_BACK.sub("", said)


@dataclass(frozen=True, slots=True)
class Desired:
    """Main at one commit; ``source`` says where that is.

    ``changes`` is the history of every slot, newest first; ``holders`` the commit that last changed a model's holds.
    """

    commit: str
    source: str
    declared: Declared
    changes: tuple[Change, ...]
    wants: tuple[Want, ...]
    holders: Mapping[str, Commit] = field(default_factory=dict)


def desired(trunk: Trunk, environment: Mapping[str, str], now: datetime) -> Desired:
    """Reads main. Raises GatehouseError with every fault when its files do not read."""
    declared = require(Revision(trunk.repository, trunk.commit), environment)
    changes = history(trunk.repository, trunk.commit)
    commits = {commit.id: commit for commit in trunk.repository.log(trunk.commit, "promotions/")}
    holders = {
        model: trunk.repository.log(trunk.commit, f"{ROOT}/{model}/hold.yaml", limit=1)[0] for model in declared.holds
    }
    asked = tuple(wants(declared, changes, commits, now))
    return Desired(trunk.commit, trunk.words, declared, changes, asked, holders)


def wants(
    declared: Declared, changes: Iterable[Change], commits: Mapping[str, Commit], now: datetime
) -> Iterator[Want]:
    """Every role that is filled, or once was; a model's from its first stage to its last. ``changes`` newest first."""
    order = {stage.name: at for at, stage in enumerate(declared.stages.stages)}
    by_model: dict[str, list[Change]] = {}
    for change in changes:
        by_model.setdefault(change.slot.model, []).append(change)
    for _, of_model in sorted(by_model.items()):
        slots = {change.slot for change in of_model}
        for slot in sorted(slots, key=lambda slot: (order.get(slot.stage, -1), slot.label)):
            for role in Role:
                want = _want(declared, of_model, slot, role, commits)
                if want is not None:
                    yield _judged(want, declared, of_model, now)


def _want(
    declared: Declared, changes: list[Change], slot: Slot, role: Role, commits: Mapping[str, Commit]
) -> Want | None:
    last = next((change for change in changes if change.slot == slot and _differs(change, role)), None)
    if last is None:
        return None
    promotion = declared.promotions.get(slot)
    traffic = _traffic(promotion, role)
    return Want(
        slot=slot,
        role=role,
        pin=_pin(promotion, role),
        commit=commits[last.commit],
        previous=_pin(last.before, role),
        percent=traffic.percent if traffic else None,
        experiment=(traffic.experiment or "") if traffic else "",
    )


def _judged(want: Want, declared: Declared, changes: list[Change], now: datetime) -> Want:
    """The want with what its model's history says of its pin."""
    if want.pin is None:
        return want
    before = declared.stages.before(want.slot.stage)
    asked = (before.name, want.pin) if before else None
    return replace(
        want,
        returning=_returning(want, changes),
        staged=staged_since(changes, *asked, want.slot.segment) if asked else None,
        soaked=soaked(changes, *asked, now, want.slot.segment) if asked else timedelta(),
    )


def _returning(want: Want, changes: Iterable[Change]) -> bool:
    older = (change for change in changes if change.slot == want.slot and change.commit != want.commit.id)
    return want.role is Role.CHAMPION and any(_pin(change.before, Role.CHAMPION) == want.pin for change in older)


def _differs(change: Change, role: Role) -> bool:
    before, after = (_pin(state, role) for state in (change.before, change.after))
    return before != after or _traffic(change.before, role) != _traffic(change.after, role)


def _pin(promotion: Promotion | None, role: Role) -> Pin | None:
    return promotion.get(role) if promotion is not None else None


def _traffic(promotion: Promotion | None, role: Role) -> Traffic | None:
    found: Traffic | None = (
        getattr(promotion, role, None) if promotion is not None and role is not Role.CHAMPION else None
    )
    return found
