"""Desired and actual built by hand: what a plan is made of, without git and without a registry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import msgspec

from gatehouse.audit.chain import GENESIS, link
from gatehouse.audit.record import Record
from gatehouse.declare.freeze import Freeze
from gatehouse.declare.history import Change
from gatehouse.declare.types import Declared, Held, Policy, Promotion, Serving, Stage, StagePolicy, Stages, Traffic
from gatehouse.git import Commit
from gatehouse.pin import Pin, Role, Slot
from gatehouse.registry.types import Version
from gatehouse.review.record import Reviewed
from gatehouse.sync.actions import Append, DropAlias, Plan, Publish, SetAlias, SetLegacyStage, SetTags
from gatehouse.sync.actual import ANCHOR, Actual, Audit, Branch, Shelf
from gatehouse.sync.approved import Agreement
from gatehouse.sync.desired import Desired, wants
from gatehouse.sync.plan import diff
from gatehouse.sync.proof import Finding, Flaw
from gatehouse.sync.settle import Findings
from tests.support.approving import agreed
from tests.sync.checks import check

REGISTRY = "sqlite:///mlflow.db"
MODEL = "credit-risk"
STAGING, PRODUCTION = Slot(MODEL, "staging"), Slot(MODEL, "production")
EU = Slot(MODEL, "production", "eu")
USUAL = Stages((Stage("staging", REGISTRY, "none"), Stage("production", REGISTRY, serving=Serving())))
THAWED = Freeze()
T0 = datetime(2026, 3, 2, 8, tzinfo=UTC)
MISSING = Finding(None, "no check of it is on the evidence branch", "propose it again", Flaw.MISSING)


def pin(version: int, letter: str = "") -> Pin:
    """A pin whose digest tells its version; ``letter`` makes another artifact of the same number."""
    return Pin(version, f"sha256:{f'{version:04x}{letter}'.ljust(64, '0')}")


@dataclass
class World:
    """Main's history and what is out there. ``carry`` does to the actual side what a plan says.

    ``judged`` holds the pins whose gates ran, for which role of which slot: all that are ``put`` unless it says not.
    People agreed to all of them, but for the ``reviews`` that say something else of a pin in production. ``kept`` are
    the reviews on the evidence branch.
    """

    stages: Stages = USUAL
    soak: timedelta = timedelta()
    holds: dict[str, tuple[Held, ...]] = field(default_factory=dict)
    freeze: Freeze = THAWED
    promotions: dict[Slot, Promotion] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    commits: dict[str, Commit] = field(default_factory=dict)
    versions: dict[int, Version] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)
    branches: dict[str, Branch] = field(default_factory=lambda: {"serving": Branch()})
    records: list[Record] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    judged: set[tuple[Slot, Role, Pin]] = field(default_factory=set)
    reviews: dict[Pin, Agreement | None] = field(default_factory=dict)
    kept: tuple[Reviewed, ...] = ()
    now: datetime = T0

    def put(
        self, slot: Slot, champion: Pin | None, message: str = "", /, *, gates: bool = True, **traffic: Traffic
    ) -> None:
        """A commit on main, an hour after the last, that gives a slot these contents; None deletes the file."""
        self.now += timedelta(hours=1)
        number = len(self.commits) + 1
        commit = Commit(
            f"{number:040x}", (), "Ada", "ada@example.org", self.now, message or f"Change {slot} (#{number})"
        )
        after = Promotion(slot, champion, **traffic) if champion else None
        before = self.promotions.pop(slot, None)
        if after is not None:
            self.promotions[slot] = after
            self.judged |= {(slot, role, pin) for role, pin in after.pins() if gates}
        self.commits[commit.id] = commit
        self.changes.insert(0, Change(commit.id, self.now, "Ada", slot, before, after))

    def register(self, *numbers: int, status: str = "READY") -> None:
        for number in numbers:
            self.versions[number] = Version(MODEL, number, status, f"models:/m-{number}", T0)

    def hold(self, version: int, reason: str = "declines small businesses") -> None:
        held = Held(version, reason, date(2026, 3, 3))
        self.holds[MODEL] = (*self.holds.get(MODEL, ()), held)

    @property
    def desired(self) -> Desired:
        policy = StagePolicy(("artifact",), self.soak)
        policies = {MODEL: Policy(MODEL, "@acme", "high", "binary", date(2026, 3, 1), {"production": policy})}
        declared = Declared(self.promotions, policies, self.stages, self.holds, self.freeze)
        head = self.changes[0].commit if self.changes else "0" * 40
        found = tuple(wants(declared, self.changes, self.commits, self.now))
        holder = Commit("f" * 40, (), "Ada", "ada@example.org", T0, "Hold")
        return Desired(head, "origin/main", declared, tuple(self.changes), found, dict.fromkeys(self.holds, holder))

    @property
    def actual(self) -> Actual:
        by_number = {
            number: replace_version(version, aliases=tuple(sorted(a for a, at in self.aliases.items() if at == number)))
            for number, version in self.versions.items()
        }
        shelves = {(stage.registry, MODEL): Shelf(by_number, dict(self.aliases)) for stage in self.stages.stages}
        return Actual(shelves, dict(self.branches), audit(self.records), self.kept)

    def plan(self) -> Plan:
        artifacts = {(REGISTRY, MODEL, number): f"file:///artifacts/{number}" for number in self.versions}
        findings = Findings(self.digests, self.proofs, reviews=self.agreements)
        return diff(self.desired, self.actual, findings, artifacts, self.now)

    @property
    def agreements(self) -> Mapping[str, Agreement]:
        """What people said of each pin that arrives where they are asked."""
        found: dict[str, Agreement] = {}
        for want in self.actual.arriving(self.desired.wants):
            stage = self.stages.get(want.slot.stage)
            if want.pin is None or self.actual.knows(want) or stage is None or stage.review == "none":
                continue
            usual = agreed(want.slot, want.role, want.pin, want.commit.time, want.pull_request or 1)
            said = self.reviews.get(want.pin, usual)
            found |= {} if said is None else {want.key: said}
        return found

    @property
    def proofs(self) -> Mapping[str, Finding]:
        arriving = [want for want in self.actual.arriving(self.desired.wants) if not self.actual.knows(want)]
        return {want.key: self._proof(want.slot, want.role, want.pin) for want in arriving if want.pin is not None}

    def _proof(self, slot: Slot, role: Role, candidate: Pin) -> Finding:
        judged = (slot, role, candidate) in self.judged
        return Finding(check(slot, candidate, role=role)) if judged else MISSING

    def carry(self, plan: Plan | None = None) -> Plan:
        """Carries a plan out on the actual side, and returns it."""
        plan = plan or self.plan()
        for action in plan.actions:
            self._do(action)
        return plan

    def _do(self, action: object) -> None:
        match action:
            case Append(record):
                self.records.append(record)
            case SetAlias(alias=alias, version=version, expect=expect):
                assert self.aliases.get(alias) == expect
                self.aliases[alias] = version
            case DropAlias(alias=alias, expect=expect):
                assert self.aliases.pop(alias) == expect
            case SetTags(version=version, tags=tags):
                found = self.versions[version]
                self.versions[version] = replace_version(found, tags={**found.tags, **tags})
            case SetLegacyStage(version=version, stage=stage):
                self.versions[version] = replace_version(self.versions[version], stage=stage)
            case Publish(branch=name, files=files, anchor=anchor):
                now = dict(self.branches[name].files)
                for path, text in files.items():
                    now.pop(path, None)
                    if text is not None:
                        now[path] = text
                if anchor:
                    now[ANCHOR] = audit(self.records).head
                self.branches[name] = Branch(f"{len(self.records):040x}", now)
            case _:
                raise AssertionError(action)

    @property
    def staged(self) -> Mapping[int, str]:
        """The stage tag of each version that has one."""
        return {n: v.tags["gatehouse.stage"] for n, v in self.versions.items() if "gatehouse.stage" in v.tags}


def replace_version(version: Version, **changes: object) -> Version:
    return msgspec.structs.replace(version, **changes)


def audit(records: Iterable[Record]) -> Audit:
    head, heads, accepted, keys, champions = GENESIS, {GENESIS}, {}, set(), set()
    for number, record in enumerate(records, start=1):
        head = link(record, number, head).hash
        heads.add(head)
        keys.add(record.key)
        if record.accepted:
            accepted[record.slot, record.role] = record
            if record.role is Role.CHAMPION and record.after is not None:
                champions.add((record.slot, record.after))
    return Audit(head, frozenset(keys), frozenset(heads), accepted, frozenset(champions))


def in_production(version: int) -> World:
    """A world where one version went through staging into production, carried out."""
    world = World()
    world.register(1, 2, 3)
    world.put(STAGING, pin(version))
    world.put(PRODUCTION, pin(version))
    world.carry()
    return world
