"""What is: the registries, the serving branches, and the audit record, as they are found now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from gatehouse.audit.chain import GENESIS
from gatehouse.audit.record import Record
from gatehouse.audit.store import Store
from gatehouse.declare.types import Declared
from gatehouse.errors import GatehouseError
from gatehouse.git import Repository
from gatehouse.pin import Pin, Role, Slot
from gatehouse.registry.reader import RegistryReader
from gatehouse.registry.types import Version
from gatehouse.review.record import Reviewed
from gatehouse.serve.targets import FOLDER
from gatehouse.sync.desired import Desired, Want
from gatehouse.sync.places import BRANCH as EVIDENCE
from gatehouse.sync.reviews import kept
from gatehouse.sync.trunk import Trunk

# The file on a serving branch that vouches for the audit record, beside the trailer of its commit.
ANCHOR = "audit/head"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Shelf:
    """One model in one registry: its versions by number, and where its aliases point."""

    versions: Mapping[int, Version] = field(default_factory=dict)
    aliases: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Branch:
    """A serving branch: its commit (None: not there yet), and its files, path to text."""

    commit: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Audit:
    """The record so far. ``accepted`` is the last record that changed what a role may hold, ``champions`` is every
    champion that was ever let in."""

    head: str = GENESIS
    keys: frozenset[str] = frozenset()
    heads: frozenset[str] = frozenset()
    accepted: Mapping[tuple[Slot, Role], Record] = field(default_factory=dict)
    champions: frozenset[tuple[Slot, Pin]] = frozenset()


@dataclass(frozen=True, slots=True)
class Actual:
    """Everything that a plan compares with. ``shelves`` is by registry address and model, ``branches`` by name;
    ``reviewed`` is what people said of pull requests, from the evidence branch, oldest first."""

    shelves: Mapping[tuple[str, str], Shelf] = field(default_factory=dict)
    branches: Mapping[str, Branch] = field(default_factory=dict)
    audit: Audit = field(default_factory=Audit)
    reviewed: tuple[Reviewed, ...] = ()

    def shelf(self, registry: str, model: str) -> Shelf:
        return self.shelves.get((registry, model), Shelf())

    def arriving(self, wants: Iterable[Want]) -> tuple[Want, ...]:
        """The pins that no record lets in yet: these have to pass the rules."""
        return tuple(want for want in wants if want.pin is not None and want.key not in self.audit.keys)

    def accepted(self, want: Want) -> Pin | None:
        """What the record says the role holds."""
        record = self.audit.accepted.get((want.slot, want.role))
        return record.after if record else None

    def knows(self, want: Want) -> bool:
        """Whether the record let this very pin in before: into the role that it holds still, or as the slot's champion.

        The files alone do not say that: what they once asked for may have been refused.
        """
        returns = want.role is Role.CHAMPION and (want.slot, want.pin) in self.audit.champions
        return want.pin is not None and (returns or self.accepted(want) == want.pin)


Readers = Mapping[str, RegistryReader]


def registries(declared: Declared, wants: Iterable[Want]) -> set[tuple[str, str]]:
    """The registry and model behind every want; stages that are gone from stages.yaml have none."""
    addresses = {stage.name: stage.registry for stage in declared.stages.stages}
    return {(addresses[want.slot.stage], want.slot.model) for want in wants if want.slot.stage in addresses}


def actual(desired: Desired, readers: Readers, trunk: Trunk, store: Store, say: Say) -> Actual:
    """Looks everything up. Raises Unreachable when a registry, the remote or the store does not answer."""
    say("reading the audit record")
    audit = read_audit(store)
    shelves: dict[tuple[str, str], Shelf] = {}
    for registry in sorted({stage.registry for stage in desired.declared.stages.stages}):
        say(f"reading the registry {readers[registry].connection.shown}")
        models = {model for place, model in registries(desired.declared, desired.wants) if place == registry}
        if models:
            shelves |= {(registry, model): shelf for model, shelf in _shelves(readers[registry], models).items()}
    names = {stage.serving.branch for stage in desired.declared.stages.stages if stage.serving}
    say("reading the serving config")
    branches = {name: read_branch(trunk, name) for name in sorted(names)}
    return Actual(shelves, branches, audit, read_reviews(trunk, say))


def _shelves(reader: RegistryReader, models: Iterable[str]) -> Mapping[str, Shelf]:
    there = set(reader.models())
    return {model: _shelf(reader.versions(model)) for model in sorted(models) if model in there}


def _shelf(versions: Iterable[Version]) -> Shelf:
    by_number = {version.number: version for version in versions}
    return Shelf(by_number, {alias: number for number, version in by_number.items() for alias in version.aliases})


def read_branch(trunk: Trunk, name: str) -> Branch:
    """A serving branch where main is: on the remote, or here."""
    commit = trunk.writer().fetch(name)
    return Branch() if commit is None else Branch(commit, _files(trunk.repository, commit))


def _files(repository: Repository, commit: str) -> Mapping[str, str]:
    blobs = {path: blob for path, blob in repository.blobs(commit).items() if path.startswith(FOLDER) or path == ANCHOR}
    contents = repository.read_blobs(sorted(set(blobs.values())))
    return {path: contents[blob].decode(errors="replace") for path, blob in blobs.items()}


def read_reviews(trunk: Trunk, say: Say) -> tuple[Reviewed, ...]:
    """What people said of pull requests. Where that cannot be read, a sync goes on without, and the next one asks."""
    say("reading the reviews")
    try:
        commit = trunk.writer().fetch(EVIDENCE)
        return () if commit is None else kept(trunk.repository, commit)
    except GatehouseError as error:
        say(f"the reviews on the branch {EVIDENCE} cannot be read: {error.message}")
        return ()


def read_audit(store: Store) -> Audit:
    """The record, as far as a plan needs it."""
    head, keys, heads, accepted, champions = GENESIS, set(), {GENESIS}, {}, set()
    for link in store.read():
        try:
            record = link.content
        except msgspec.MsgspecError as error:
            raise GatehouseError(
                f"record {link.sequence} of the audit record cannot be read: {error}",
                "see `gatehouse audit verify`; where that finds nothing, a later gatehouse wrote it: install that one",
            ) from error
        head = link.hash
        heads.add(head)
        keys.add(record.key)
        if record.accepted:
            accepted[record.slot, record.role] = record
        if record.accepted and record.role is Role.CHAMPION and record.after is not None:
            champions.add((record.slot, record.after))
    return Audit(head, frozenset(keys), frozenset(heads), accepted, frozenset(champions))
