"""Where a check stands: which files judge, which pins are judged, which registry answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gatehouse.cli.frame import Settings
from gatehouse.declare.against import WATCHED, mixed
from gatehouse.declare.changes import PinChange, changed_pins
from gatehouse.declare.load import require
from gatehouse.declare.source import Proposed, Revision, Source, WorkTree
from gatehouse.declare.types import Declared
from gatehouse.errors import GatehouseError, NotFound
from gatehouse.evaluate.material import Staged
from gatehouse.evaluate.request import requests
from gatehouse.evaluate.result import Request
from gatehouse.pin import Pin, Role, Slot

if TYPE_CHECKING:
    from gatehouse.git import Repository
    from gatehouse.registry.reader import RegistryReader

Say = Callable[[str], None]
# What one pull request may ask: each question is a model that is fetched and judged.
MOST_QUESTIONS = 200
# A promotion file is four pins; this leaves room for everything that people write beside them.
LARGEST = 50_000
SPLIT = "split it into several pull requests"


@dataclass(frozen=True, slots=True)
class Scene:
    """The trusted state (``base``, parsed as ``declared``), and the questions asked of it."""

    repository: Repository
    base: Source
    declared: Declared
    requests: tuple[Request, ...]

    def staged(self, request: Request) -> Staged | None:
        """How long this very pin has been in the stage before, by main's own history; None if never."""
        from gatehouse.declare.history import history, soaked, staged_since

        before = self.declared.stages.before(request.slot.stage)
        if before is None:
            return None
        past = history(self.repository, request.base, request.slot.model)
        asked = (past, before.name, request.candidate)
        since = staged_since(*asked, request.slot.segment)
        return Staged(since, soaked(*asked, datetime.now(UTC), request.slot.segment)) if since else None


def between(settings: Settings, base: str, head: str) -> Scene:
    """The pins that ``head`` sets, judged by ``base``: what a pull request asks.

    Raises GatehouseError for a change that moves a pin together with what judges it, and for one that is too large.
    """
    repository = settings.repository
    trusted = Revision(repository, base)
    declared = require(trusted, settings.environ)
    # Since the branch was cut the base may have moved on; what the pull request itself changes counts from there.
    start = Revision(repository, repository.merge_base(base, head))
    proposed = Revision(repository, head)
    acceptable(start, proposed)
    before = require(Proposed(trusted, start), settings.environ)
    after = require(Proposed(trusted, proposed), settings.environ)
    asked = requests(changed_pins(before, after), declared, trusted.commit, proposed.commit)
    if len(asked) > MOST_QUESTIONS:
        raise GatehouseError(f"{len(asked):,} pins change, more than the {MOST_QUESTIONS} of one check", SPLIT)
    return Scene(repository, trusted, declared, asked)


def acceptable(start: Revision, proposed: Revision) -> tuple[Slot, ...]:
    """The slots whose file changes. Raises GatehouseError for a change that nobody should judge, before any file of it
    is read."""
    there = [
        {path: known for place in WATCHED for path, known in at.entries(place).items()} for at in (start, proposed)
    ]
    changed = sorted(path for path in {*there[0], *there[1]} if there[0].get(path) != there[1].get(path))
    faults = mixed(changed)
    if faults:
        named = ", ".join(fault.path for fault in faults[:3]) + (f" and {len(faults) - 3} more" if faults[3:] else "")
        raise GatehouseError(f"{named}: {faults[0].message}", faults[0].fix)
    pins = [path for path in changed if Slot.from_path(path) is not None]
    if len(pins) > MOST_QUESTIONS:
        raise GatehouseError(
            f"{len(pins):,} promotion files change, more than the {MOST_QUESTIONS} of one check", SPLIT
        )
    for path in pins:
        size = there[1].get(path, ("", 0))[1]
        if size > LARGEST:
            raise GatehouseError(
                f"{path} has {size:,} bytes, more than the {LARGEST:,} of a promotion file",
                "keep its pins, and write the rest elsewhere",
            )
    return tuple(slot for slot in map(Slot.from_path, pins) if slot is not None)


def here(settings: Settings, slot: Slot, role: Role, version: int | None) -> Scene:
    """One slot as the working tree has it (or as if it pinned ``version``), judged by the working tree."""
    repository = settings.repository
    tree = WorkTree(repository.root)
    declared = require(tree, settings.environ)
    if declared.stages.get(slot.stage) is None:
        names = ", ".join(stage.name for stage in declared.stages.stages)
        raise NotFound(f"no stage {slot.stage!r}", f"choose one of {names}")
    candidate = _pinned(declared, slot, role) if version is None else _pin(declared, slot, version)
    commit = repository.resolve("HEAD")
    committed = require(Revision(repository, commit), settings.environ)
    was = committed.promotions.get(slot)
    change = PinChange(slot, role, was.get(role) if was else None, candidate, line=1)
    request = requests([change], committed, commit, commit)
    return Scene(repository, tree, declared, request)


def _pinned(declared: Declared, slot: Slot, role: Role) -> Pin:
    promotion = declared.promotions.get(slot)
    pin = promotion.get(role) if promotion else None
    if pin is None:
        raise NotFound(f"{slot.path} pins no {role}", "name the version to check with --version N")
    return pin


def _pin(declared: Declared, slot: Slot, version: int) -> Pin:
    stage = declared.stages.get(slot.stage)
    assert stage is not None
    return pin_of(stage.registry, slot.model, version)


def pin_of(registry: str, model: str, version: int, progress: Say = lambda _: None) -> Pin:
    """The pin of a registered version: downloads its artifact and computes the digest.

    Raises NotFound for a version that is not there, NotReady for one that is incomplete.
    """
    import tempfile

    from gatehouse.registry import artifacts
    from gatehouse.registry.digest import digest

    source = reader(registry)
    found = source.ready(model, version)
    progress(f"computing the digest of {model} version {version}")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "model"
        artifacts.download(source, found, folder)
        return Pin(version, digest(folder))


def reader(registry: str) -> RegistryReader:
    from gatehouse.registry.reader import RegistryReader

    return RegistryReader(registry)


def slot_of(model: str, where: str) -> Slot:
    """``production.eu`` of a model. Raises GatehouseError for a name that is no stage and segment."""
    slot = Slot.from_path(f"promotions/{model}/{where}.yaml")
    if slot is None:
        raise GatehouseError(
            f"{where!r} names no slot", "write STAGE or STAGE.SEGMENT, such as production or production.eu"
        )
    return slot
