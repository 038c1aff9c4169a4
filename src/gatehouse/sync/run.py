"""One sync from beginning to end: look, plan, carry out, and look again when something moved meanwhile."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from gatehouse.audit.record import Evidence
from gatehouse.audit.store import Store, open_store
from gatehouse.errors import GatehouseError, Unreachable
from gatehouse.git import Repository
from gatehouse.registry import artifacts
from gatehouse.registry.digest import digest
from gatehouse.registry.reader import RegistryReader
from gatehouse.registry.types import AliasMoved, Version
from gatehouse.registry.writer import RegistryWriter
from gatehouse.sync.actions import Plan
from gatehouse.sync.actual import Actual, Say, actual
from gatehouse.sync.apply import Hands, Moved, apply
from gatehouse.sync.approved import Reviews, agreements
from gatehouse.sync.arrivals import proofs
from gatehouse.sync.desired import Desired, Want, desired
from gatehouse.sync.evidence import Shelf, from_tags, summary
from gatehouse.sync.plan import Artifacts, diff
from gatehouse.sync.proof import Finding, Prover
from gatehouse.sync.settle import Findings
from gatehouse.sync.trunk import MACHINE, Trunk, locate

# Somebody who moves things faster than we look is not outrun by looking more often.
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a sync runs. ``environment`` answers ${VAR} in stages.yaml; ``now`` is the time for rules and records;
    ``reviews`` tells who agreed (None: nobody can be asked, so that what needs people waits)."""

    repository: Repository
    environment: Mapping[str, str]
    now: datetime
    say: Say = lambda _: None
    hands: Callable[[Hands], Hands] = lambda hands: hands
    reviews: Reviews | None = None


@dataclass(frozen=True, slots=True)
class View:
    """What one look found, and the plan it makes."""

    trunk: Trunk
    desired: Desired
    actual: Actual
    store: Store
    plan: Plan
    readers: Mapping[str, RegistryReader] = field(default_factory=dict)


def look(scene: Scene, *, verify: bool = False) -> View:
    """Reads everything and plans; writes nothing. With ``verify`` every pinned artifact's digest is taken anew.

    Raises Unreachable when the remote, a registry or the audit store does not answer, and GatehouseError when main's
    files do not read.
    """
    scene.say("fetching main")
    trunk = locate(scene.repository)
    wanted = desired(trunk, scene.environment, scene.now)
    readers = {stage.registry: RegistryReader(stage.registry) for stage in wanted.declared.stages.stages}
    store = open_store(wanted.declared.stages.audit, scene.repository.root)
    found = actual(wanted, readers, trunk, store, scene.say)
    digests = _digests(wanted, found, readers, scene.say, everything=verify)
    proven = _evidence(wanted, found, trunk, scene.say)
    findings = Findings(digests, *proven, agreements(wanted, found, trunk.repository, scene.reviews))
    plan = diff(wanted, found, findings, _artifacts(wanted, found, readers), scene.now)
    return View(trunk, wanted, found, store, plan, readers)


def sync(scene: Scene, *, verify: bool = False) -> Plan:
    """Makes registry and serving config what main says; returns the plan that was carried out.

    When an alias or a branch moved between looking and writing, everything is looked at again, so that nobody's change
    is overwritten unseen.
    """
    for attempt in range(1, ATTEMPTS + 1):
        view = look(scene, verify=verify)
        hands = Hands(RegistryWriter, view.trunk.writer(MACHINE), view.store)
        try:
            apply(view.plan, scene.hands(hands), scene.say)
        except (AliasMoved, Moved) as error:
            if attempt == ATTEMPTS:
                raise
            scene.say(f"{error.message}; looking again")
        else:
            return view.plan
    raise AssertionError("the last attempt returns or raises")


def _digests(
    wanted: Desired, found: Actual, readers: Mapping[str, RegistryReader], say: Say, *, everything: bool
) -> Mapping[str, str]:
    """The digest of each artifact that arrives or moves: downloading them all, every hour, would take hours.

    A pin that is in force and stays was verified when it came in, and serving verifies it again before it loads it.
    """
    taken: dict[tuple[str, str, int], str] = {}
    digests = {}
    for want, registry, version in _versions(wanted, found):
        if version.ready and (everything or _moves(want, found, version)):
            artifact = registry, version.model, version.number
            if artifact not in taken:
                taken[artifact] = _digest(readers[registry], version, say)
            digests[want.key] = taken[artifact]
    return digests


def _moves(want: Want, found: Actual, version: Version) -> bool:
    return want.key not in found.audit.keys or want.slot.alias(want.role) not in version.aliases


def _digest(reader: RegistryReader, version: Version, say: Say) -> str:
    say(f"verifying the digest of {version}")
    with tempfile.TemporaryDirectory() as scratch:
        try:
            return digest(artifacts.download(reader, version, Path(scratch) / "model"))
        except Unreachable:
            raise
        except GatehouseError as error:
            # A damaged artifact refuses its own slot, not everybody's sync.
            return f"none: {error.message}"


def _evidence(
    wanted: Desired, found: Actual, trunk: Trunk, say: Say
) -> tuple[Mapping[str, Finding], Mapping[str, Evidence | None]]:
    """What the evidence branch proves of the pins that arrive, and what of it goes on record."""
    arriving = {want.key for want in found.arriving(wanted.wants)}
    if not arriving:
        return {}, {}
    say("reading the evidence of what arrives")
    shelf = Shelf(trunk)
    proven = proofs(wanted, found, trunk.repository, Prover(shelf))
    told = {
        want.key: _told(want, proven.get(want.key), shelf, version)
        for want, _, version in _versions(wanted, found)
        if want.key in arriving
    }
    return proven, told


def _told(want: Want, proof: Finding | None, shelf: Shelf, version: Version) -> Evidence | None:
    """The proof; of what needs none, whatever is known of its gates."""
    if proof is not None and proof.result is not None:
        return summary(proof.result, proof.document)
    result = shelf.newest(want.slot, want.role, want.pin) if want.pin is not None else None
    return summary(result) if result else from_tags(version.tags)


def _artifacts(wanted: Desired, found: Actual, readers: Mapping[str, RegistryReader]) -> Artifacts:
    """Where the files are of everything that serves, or served before and may have to stay."""
    serving = {stage.name for stage in wanted.declared.stages.stages if stage.serving}
    accepted = {(slot, role): record.after for (slot, role), record in found.audit.accepted.items()}
    places: dict[tuple[str, str, int], str] = {}
    for want in wanted.wants:
        stage = wanted.declared.stages.get(want.slot.stage)
        if stage is None or stage.name not in serving:
            continue
        for pin in {want.pin, accepted.get((want.slot, want.role))} - {None}:
            assert pin is not None
            key = stage.registry, want.slot.model, pin.version
            version = found.shelf(stage.registry, want.slot.model).versions.get(pin.version)
            if version is not None and key not in places:
                places[key] = _place(readers[stage.registry], version)
    return places


def _place(reader: RegistryReader, version: Version) -> str:
    """Where a version's files are; "" where the registry cannot say any more, which leaves its model as it serves."""
    try:
        return artifacts.location(reader, version)
    except Unreachable:
        raise
    except GatehouseError:
        return ""


def _versions(wanted: Desired, found: Actual) -> Iterable[tuple[Want, str, Version]]:
    """Every want whose pinned version the registry has."""
    for want in wanted.wants:
        stage = wanted.declared.stages.get(want.slot.stage)
        if stage is not None and want.pin is not None:
            version = found.shelf(stage.registry, want.slot.model).versions.get(want.pin.version)
            if version is not None:
                yield want, stage.registry, version
