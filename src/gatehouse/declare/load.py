"""promotions/ as one typed value, or every fault that stands in the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gatehouse.declare import build, rules, variables
from gatehouse.declare.fault import Complaint, Fault
from gatehouse.declare.freeze import Freeze
from gatehouse.declare.layout import FREEZE, STAGES, kind_of, misnamed, where
from gatehouse.declare.reader import Document, read
from gatehouse.declare.schema import Kind, schema
from gatehouse.declare.source import Source, Unreadable
from gatehouse.declare.types import Declared, Held, Policy, Promotion, Serving, Stage, Stages
from gatehouse.errors import GatehouseError
from gatehouse.pin import ROOT, Role, Slot

# How many faults an error lists; `gatehouse validate` lists them all.
_LISTED = 20
REGISTRY = "${MLFLOW_TRACKING_URI:-sqlite:///mlflow.db}"


def load(source: Source, environment: Mapping[str, str] | None = None) -> tuple[Declared | None, tuple[Fault, ...]]:
    """Everything declared, or None and every fault of every file that keeps it from being read.

    ``environment`` answers ``${VAR}`` in stages.yaml; a variable that it lacks and that has no default is a fault.
    Without an environment nothing is asked of it, and such references stay as they are written.
    """
    found = gather(source, environment)
    return (None if found.faults else found.declared), tuple(found.faults)


def require(source: Source, environment: Mapping[str, str] | None = None) -> Declared:
    """Everything declared. Raises GatehouseError with the faults where there are any."""
    declared, faults = load(source, environment)
    if declared is not None:
        return declared
    shown = [str(fault) for fault in faults[:_LISTED]]
    more = [f"… and {len(faults) - _LISTED} more"] if len(faults) > _LISTED else []
    raise GatehouseError("\n".join((*shown, *more)), "mend these files; `gatehouse validate` lists every fault")


def default_stages(environment: Mapping[str, str] | None = None) -> Stages:
    """What holds without a stages.yaml: staging behind gates, production behind people, everything local."""
    return Stages((
        Stage("staging", variables.expanded(REGISTRY, environment), review="none"),
        Stage("production", variables.expanded(REGISTRY, environment), review="required", serving=Serving()),
    ))  # fmt: skip


@dataclass
class Gathered:
    """What could be read, beside what could not: the faults of one file hide nothing of the others'.

    ``documents`` are all files that are YAML mappings; only those without a fault became typed values. ``spoilt`` are
    the path and key of scalars that could not be told.
    """

    paths: list[str]
    documents: dict[str, Document] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    spoilt: set[tuple[str, str]] = field(default_factory=set)
    promotions: dict[Slot, Promotion] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    holds: dict[str, tuple[Held, ...]] = field(default_factory=dict)
    stages: Stages | None = None
    freeze: Freeze = field(default_factory=Freeze)

    @property
    def declared(self) -> Declared:
        """Whole only where there are no faults."""
        lines = {slot: _lines(self.documents[slot.path]) for slot in self.promotions}
        stages = self.stages or default_stages()
        return Declared(self.promotions, self.policies, stages, self.holds, self.freeze, lines)


def gather(source: Source, environment: Mapping[str, str] | None) -> Gathered:
    """Reads every declared file; each fault is reported once, in the order of the paths and lines."""
    found = Gathered(source.paths(str(ROOT)))
    if STAGES not in found.paths:
        found.stages = default_stages(environment)
    # stages.yaml goes first: it says which stages the other files may speak of.
    for path in sorted(found.paths, key=lambda path: path != STAGES):
        kind = kind_of(path)
        if kind is not None:
            _take(found, source, path, kind, environment)
    found.faults.extend(_orphans(found))
    found.faults.sort()
    return found


def _take(found: Gathered, source: Source, path: str, kind: Kind, environment: Mapping[str, str] | None) -> None:
    document, faults = _read(source, path)
    if document is not None:
        found.documents[path] = document
        # A scalar that cannot be read is one fault, not a second one for being of the wrong type.
        found.spoilt.update((path, fault.key) for fault in faults if fault.key)
        said = [document.fault(said) for said in _complaints(kind, document.value, environment)]
        faults += [fault for fault in said if (path, fault.key) not in found.spoilt]
    slot = Slot.from_path(path) if kind == "promotion" else None
    if slot is not None and found.stages is not None:
        wrong = misnamed(slot, [stage.name for stage in found.stages.stages])
        faults += [Fault(path, 1, "", wrong.message, wrong.fix)] if wrong is not None else []
    if document is not None and not faults:
        value = variables.expanded(document.value, environment) if kind == "stages" else document.value
        _put(found, path, kind, slot, value)
    found.faults.extend(faults)


def _read(source: Source, path: str) -> tuple[Document | None, list[Fault]]:
    try:
        data = source.read(path)
    except Unreadable as error:
        return None, [Fault(path, 1, "", error.message, error.fix)]
    return read(path, data) if data is not None else (None, [])


def _complaints(kind: Kind, value: Mapping[str, Any], environment: Mapping[str, str] | None) -> Iterator[Complaint]:
    said = list(schema(kind).complaints(value))
    yield from said or rules.broken(kind, value)
    if kind == "stages":
        yield from variables.complaints(value, environment)


def _put(found: Gathered, path: str, kind: Kind, slot: Slot | None, value: Mapping[str, Any]) -> None:
    model = path.split("/")[1]
    if slot is not None:
        found.promotions[slot] = build.promotion(slot, value)
    elif kind == "policy":
        found.policies[model] = build.policy(model, value)
    elif kind == "hold":
        found.holds[model] = build.holds(value)
    elif kind == "stages":
        found.stages = build.stages(value)
    elif path == FREEZE:
        found.freeze = build.freeze(value)


def _orphans(found: Gathered) -> Iterator[Fault]:
    """Promotions that no policy judges. A policy that is there and faulty has its own faults already."""
    there = set(found.paths)
    for slot in found.promotions:
        policy = f"{ROOT}/{slot.model}/policy.yaml"
        if policy not in there:
            yield Fault(slot.path, 1, "", f"`{slot.model}` has no policy, so no gate would judge it", f"write {policy}")


def _lines(document: Document) -> dict[Role, int]:
    return {role: document.lines[where(role)] for role in Role if where(role) in document.lines}
