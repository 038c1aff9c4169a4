"""What history, at and why share: collecting everything that remembers a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from gatehouse.cli import planned
from gatehouse.cli.frame import Settings
from gatehouse.errors import GatehouseError

if TYPE_CHECKING:
    from gatehouse.audit.chain import Link
    from gatehouse.audit.record import Record
    from gatehouse.audit.store import Store
    from gatehouse.declare.types import Declared
    from gatehouse.registry.types import Run, Version
    from gatehouse.sync.story import Sources
    from gatehouse.sync.trunk import Trunk

Say = Callable[[str], None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Memory:
    """One model's sources, and what could not be asked: an old question must not fail because a server is gone."""

    sources: Sources
    trunk: Trunk
    notes: tuple[str, ...]


def main(settings: Settings, say: Say) -> tuple[Trunk, Declared]:
    """Main where it is, and what it declares now."""
    from gatehouse.declare.load import require
    from gatehouse.declare.source import Revision
    from gatehouse.sync.trunk import locate

    say("fetching main")
    trunk = locate(settings.repository)
    return trunk, require(Revision(trunk.repository, trunk.commit), settings.environ)


def audit_store(settings: Settings, declared: Declared) -> Store:
    from gatehouse.audit.store import open_store

    return open_store(declared.stages.audit, settings.repository.root)


def recall(settings: Settings, model: str, say: Say, version: int | None = None) -> Memory:
    """Everything about a model; with ``version`` also that version's training run.

    Raises NotFound, with names that come close, for a model that nobody knows.
    """
    from gatehouse.declare.history import history
    from gatehouse.sync.actual import read_reviews
    from gatehouse.sync.evidence import Shelf
    from gatehouse.sync.rejected import credible
    from gatehouse.sync.story import Sources, hold_history

    trunk, declared = main(settings, say)
    say("reading git, the audit record, the evidence and the registry")
    changes = history(trunk.repository, trunk.commit, model)
    notes: list[str] = []
    nothing: tuple[tuple[Version, ...], Run | None] = ((), None)
    versions, run = _tried(lambda: _registered(declared, model, version), nothing, notes)
    results = Shelf(trunk).results(model)
    if not changes and not results and not versions:
        raise planned.unknown(model, {change.slot.model for change in history(trunk.repository, trunk.commit)})
    sources = Sources(
        model=model,
        repository=trunk.repository,
        changes=changes,
        commits={commit.id: commit for commit in trunk.repository.log(trunk.commit, f"promotions/{model}/")},
        records=_tried(lambda: _records(settings, declared, model, notes), (), notes),
        results=results,
        holds=hold_history(trunk.repository, trunk.commit, model),
        versions=versions,
        runs={version: run} if run is not None and version is not None else {},
        reviewed=tuple(credible(read_reviews(trunk, say), datetime.now(UTC))),
    )
    return Memory(sources, trunk, tuple(notes))


def _tried(ask: Callable[[], T], otherwise: T, notes: list[str]) -> T:
    try:
        return ask()
    except GatehouseError as error:
        notes.append(f"left out: {error.message}")
        return otherwise


def _records(settings: Settings, declared: Declared, model: str, notes: list[str]) -> tuple[Record, ...]:
    found, unread = readable(audit_store(settings, declared).read(model))
    notes += unread
    return found


def readable(links: Iterable[Link]) -> tuple[tuple[Record, ...], tuple[str, ...]]:
    """The records that can be read, and a sentence on each that cannot: what a later gatehouse wrote, for one, must not
    hide what happened before."""
    import msgspec

    found, unread = [], []
    for link in links:
        try:
            found.append(link.content)
        except msgspec.MsgspecError:
            unread.append(
                f"left out: record {link.sequence} cannot be read; see `gatehouse audit verify`, and where that finds "
                "nothing, install the gatehouse that wrote it"
            )
    return tuple(found), tuple(unread)


def _registered(declared: Declared, model: str, version: int | None) -> tuple[tuple[Version, ...], Run | None]:
    """The model's versions in the first registry that has it, and the run of the one that is asked for."""
    from gatehouse.registry.reader import RegistryReader

    for address in dict.fromkeys(stage.registry for stage in declared.stages.stages):
        reader = RegistryReader(address)
        if model in reader.models():
            found = reader.versions(model)
            asked = next((one for one in found if one.number == version), None)
            return found, reader.run(asked.run_id) if asked and asked.run_id else None
    return (), None
