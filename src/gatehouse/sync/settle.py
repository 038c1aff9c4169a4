"""For every role of every slot: what it may hold once the rules have spoken. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from gatehouse.audit.record import Evidence
from gatehouse.declare.types import Promotion, Traffic
from gatehouse.pin import Role, Slot
from gatehouse.registry.types import Version
from gatehouse.sync.actions import Refusal
from gatehouse.sync.actual import Actual
from gatehouse.sync.approved import Agreement
from gatehouse.sync.desired import Desired, Want
from gatehouse.sync.proof import Finding
from gatehouse.sync.render import Placement
from gatehouse.sync.rules import Case, available, judge, same_digest

STAGE_TAG = "gatehouse.stage"
DIGEST_TAG = "gatehouse.digest"
Key = tuple[Slot, Role]


@dataclass(frozen=True, slots=True)
class Findings:
    """What was looked up for pins that arrive or move: each by Want.key.

    ``digests`` are those of the artifacts as they lie in the registry, or words that say why there is none;
    ``proofs`` say whether the gates let the pin through, and ``evidence`` is what goes on record of that (None: no
    check of the pin was found). ``reviews`` is what people said of each pin that needs their word.
    """

    digests: Mapping[str, str] = field(default_factory=dict)
    proofs: Mapping[str, Finding] = field(default_factory=dict)
    evidence: Mapping[str, Evidence | None] = field(default_factory=dict)
    reviews: Mapping[str, Agreement] = field(default_factory=dict)


@dataclass(frozen=True)
class Settled:
    """What is to be in force, and what was refused.

    ``left``: roles that stay exactly as they are found, because what they should hold cannot be said, or must not be
    put there. ``empty``: roles that hold nothing any more.
    """

    placements: Mapping[Key, Placement]
    left: frozenset[Key]
    empty: frozenset[Key]
    refusals: tuple[Refusal, ...]

    @cached_property
    def of_model(self) -> Mapping[str, list[Placement]]:
        """The placements of each model."""
        found: dict[str, list[Placement]] = {}
        for placed in self.placements.values():
            found.setdefault(placed.slot.model, []).append(placed)
        return found


def settle(desired: Desired, actual: Actual, findings: Findings, now: datetime) -> Settled:
    """Lets in what passes the rules; a refused role keeps what the record last let in."""
    placements: dict[Key, Placement] = {}
    left: set[Key] = set()
    empty: set[Key] = set()
    refusals: list[Refusal] = []
    arriving = {want.key for want in actual.arriving(desired.wants)}
    for want in desired.wants:
        key = want.slot, want.role
        if want.pin is None:
            empty.add(key)
            continue
        case = Case(
            want=want,
            pin=want.pin,
            declared=desired.declared,
            version=_version(desired, actual, want),
            measured=findings.digests.get(want.key),
            now=now,
            known=actual.knows(want),
            proof=findings.proofs.get(want.key),
            agreement=findings.reviews.get(want.key),
        )
        refused = list(judge(case) if want.key in arriving else judge(case, (available, same_digest)))
        refusals += refused
        placed = _of_record(want, actual) if refused else _of_want(want)
        if placed is not None:
            placements[key] = placed
        elif _served_before(desired, actual, want):
            left.add(key)
    return Settled(placements, frozenset(left), frozenset(empty), tuple(refusals))


def _version(desired: Desired, actual: Actual, want: Want) -> Version | None:
    stage = desired.declared.stages.get(want.slot.stage)
    if stage is None or want.pin is None:
        return None
    return actual.shelf(stage.registry, want.slot.model).versions.get(want.pin.version)


def _of_want(want: Want) -> Placement | None:
    assert want.pin is not None
    return Placement(want.slot, want.role, want.pin, want.commit.id, want.commit.time, want.percent, want.experiment)


def _of_record(want: Want, actual: Actual) -> Placement | None:
    """What the role held before the refused pin, by the audit record: files alone do not say what was let in."""
    record = actual.audit.accepted.get((want.slot, want.role))
    if record is None or record.after is None or record.after == want.pin:
        return None
    since = record.committed or record.when
    return Placement(want.slot, want.role, record.after, record.commit, since, record.percent, record.experiment)


def _served_before(desired: Desired, actual: Actual, want: Want) -> bool:
    """Whether the role holds something that nobody can name. Where the record was lost, so does a role whose alias is
    at the refused pin: it was let in once, and a loss must not stop what serves."""
    record = actual.audit.accepted.get((want.slot, want.role))
    if record is not None:
        return record.after is not None
    stage = desired.declared.stages.get(want.slot.stage)
    aliases = actual.shelf(stage.registry, want.slot.model).aliases if stage is not None else {}
    there = want.pin is not None and aliases.get(want.slot.alias(want.role)) == want.pin.version
    return want.previous is not None or there


def promotions(placed: Iterable[Placement]) -> tuple[Promotion, ...]:
    """Placements as the promotion files that would say the same."""
    slots: dict[Slot, dict[Role, Placement]] = {}
    for placement in placed:
        slots.setdefault(placement.slot, {})[placement.role] = placement
    return tuple(_promotion(slot, roles) for slot, roles in slots.items() if Role.CHAMPION in roles)


def _promotion(slot: Slot, roles: Mapping[Role, Placement]) -> Promotion:
    beside = {str(role): Traffic(at.pin, at.percent or 0, at.experiment or None) for role, at in roles.items()}
    champion = beside.pop(Role.CHAMPION).pin
    return Promotion(slot, champion, **beside)
