"""Every fault in promotions/: of each file, between files, and of a change against its base."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from gatehouse.declare import serving
from gatehouse.declare.against import differing, lifted, mixed
from gatehouse.declare.fault import Complaint, Fault, Keys, dotted, meant
from gatehouse.declare.layout import FREEZE, STAGES, kind_of, stray, where
from gatehouse.declare.load import Gathered, gather
from gatehouse.declare.schema import Schema, thresholds, unsound
from gatehouse.declare.source import Source, Unreadable
from gatehouse.pin import ROOT, Slot


def validate(
    source: Source,
    gates: Mapping[str, Mapping[str, Any]],
    base: Source | None = None,
    unmeasured: Callable[[str, str], str | None] | None = None,
    targets: Mapping[str, Mapping[str, Any]] | None = None,
) -> tuple[Fault, ...]:
    """Every fault, in the order of paths and lines; none means that it may be merged as far as files can tell.

    ``gates`` maps each gate's name to its THRESHOLDS, a JSON Schema. ``base`` is the state that the change was made
    from (a pull request's merge base); without it only the state itself is judged. ``unmeasured`` says how to mend a
    ``metric`` that a task does not have, None where it has it; ``targets`` maps each serving target to the schema of
    its options. Without one of them nobody looks. Rules between values of one file wait until its values are right.
    """
    found = gather(source, None)
    known = _Gates(gates)
    stages = [stage.name for stage in found.stages.stages] if found.stages is not None else None
    faults = list(found.faults)
    faults += [_at_top(path, said) for path in found.paths if (said := stray(path, stages or ())) is not None]
    for path, document in found.documents.items():
        if kind_of(path) == "policy":
            complaints = [*_policy(document.value, known, stages)]
            complaints += _metrics(document.value, unmeasured) if unmeasured else ()
            judged = map(document.fault, complaints)
            faults += [fault for fault in judged if (path, fault.key) not in found.spoilt]
    if targets is not None and STAGES in found.documents:
        document = found.documents[STAGES]
        faults += map(document.fault, serving.complaints(document.value, targets))
    for slot in found.promotions:
        faults += _promotion(found, slot)
    faults += _digests(found)
    faults += known.faults
    faults += _freeze(found)
    faults += _keys(found, source)
    if base is not None:
        faults += mixed(differing(base, source))
        faults += lifted(gather(base, None).declared, found.declared)
    return tuple(sorted(dict.fromkeys(faults)))


class _Gates:
    """The gates' threshold schemas, each compiled once; faults of the schemas themselves are kept beside."""

    def __init__(self, gates: Mapping[str, Mapping[str, Any]]) -> None:
        self._bodies = gates
        self._schemas: dict[str, Schema] = {}
        self.faults: list[Fault] = []

    @cached_property
    def names(self) -> Collection[str]:
        return self._bodies.keys()

    def complaints(self, gate: str, value: Mapping[str, Any]) -> list[Complaint]:
        if gate not in self._schemas:
            self._schemas[gate] = thresholds(self._bodies[gate])
        if self._schemas[gate].quick(value):
            return []
        why = unsound(self._bodies[gate])
        if why:
            self.faults.append(Fault(f"gates/{gate}.py", 1, "THRESHOLDS", f"is no JSON Schema: {why}", "mend the gate"))
            return []
        return list(self._schemas[gate].complaints(value))


def _policy(value: Mapping[str, Any], gates: _Gates, stages: Sequence[str] | None) -> Iterator[Complaint]:
    """What a policy says of stages and gates. It may have other faults, so nothing is taken for granted here."""
    limits = _mapping(value.get("gates"))
    listed: set[str] = set()
    for name, stage in _mapping(value.get("stages")).items():
        if stages is not None and name not in stages:
            yield Complaint(("stages", name), f"there is no stage `{name}`", meant(name, stages))
        names = _mapping(stage).get("gates")
        for at, gate in enumerate(names if isinstance(names, list) else ()):
            if isinstance(gate, str):
                listed.add(gate)
                yield from _listed(("stages", name, "gates", at), gate, gates, limits)
    for gate, given in limits.items():
        yield from _thresholds(gate, given, gates, gate in listed)


def _listed(keys: Keys, gate: str, gates: _Gates, limits: Mapping[str, Any]) -> Iterator[Complaint]:
    if gate not in gates.names:
        yield _no_gate(keys, gate, gates)
    elif gate not in limits:
        for said in gates.complaints(gate, {}):
            yield Complaint(keys, f"{gate} has no thresholds: {said.message}", f"{said.fix} under gates: {gate}")


def _thresholds(gate: str, given: Any, gates: _Gates, listed: bool) -> Iterator[Complaint]:
    if gate not in gates.names:
        yield _no_gate(("gates", gate), gate, gates)
        return
    if not listed:
        yield Complaint(("gates", gate), "no stage lists this gate, so it never runs", "list it, or take it away")
    if isinstance(given, dict):
        for said in gates.complaints(gate, given):
            yield said._replace(keys=("gates", gate, *said.keys))


def _metrics(value: Mapping[str, Any], unmeasured: Callable[[str, str], str | None]) -> Iterator[Complaint]:
    task = value.get("task")
    for gate, given in _mapping(value.get("gates")).items():
        metric = _mapping(given).get("metric")
        if isinstance(task, str) and isinstance(metric, str) and (fix := unmeasured(task, metric)) is not None:
            yield Complaint(("gates", gate, "metric"), f"no {task} metric `{metric}`", fix)


def _no_gate(keys: Keys, gate: str, gates: _Gates) -> Complaint:
    fix = meant(gate, gates.names)
    if not fix.startswith("did"):
        fix = f"{fix}, or write gates/{gate}.py".removeprefix(", or ")
    return Complaint(keys, f"there is no gate `{gate}`", fix)


def _promotion(found: Gathered, slot: Slot) -> Iterator[Fault]:
    document, promotion = found.documents[slot.path], found.promotions[slot]
    policy = found.policies.get(slot.model)
    if policy is not None and slot.stage not in policy.stages:
        fix = f"name its gates in {ROOT}/{slot.model}/policy.yaml"
        yield Fault(slot.path, 1, "", f"the policy says nothing about {slot.stage}, so no gate would judge it", fix)
    for role, pin in promotion.pins():
        for held in found.holds.get(slot.model, ()):
            if held.catches(pin):
                said = f"version {pin.version} is on hold since {held.since}: {held.reason}"
                yield document.fault(Complaint(where(role), said, "pin another version"))


def _digests(found: Gathered) -> Iterator[Fault]:
    """A version that two files pin with two digests: one of them was swapped, or mistyped."""
    first: dict[tuple[str, int], tuple[str, str]] = {}
    for slot, promotion in found.promotions.items():
        for role, pin in promotion.pins():
            keys = (*where(role)[:-1], "digest")
            line = found.documents[slot.path].line(keys)
            digest, place = first.setdefault((slot.model, pin.version), (pin.digest, f"{slot.path}:{line}"))
            if digest != pin.digest:
                said = f"version {pin.version} has another digest in {place}"
                fix = "a version is one artifact; `gatehouse propose` writes the digest that the registry has"
                yield Fault(slot.path, line, dotted(keys), said, fix)


def _freeze(found: Gathered) -> Iterator[Fault]:
    models = {path.split("/")[1] for path in found.paths if path.count("/") > 1}
    for at, window in enumerate(found.freeze.windows):
        for place, model in enumerate(window.models):
            if model not in models:
                keys = ("windows", at, "models", place)
                said = Complaint(keys, f"there is no model `{model}`", meant(model, models))
                yield found.documents[FREEZE].fault(said)


def _keys(found: Gathered, source: Source) -> Iterator[Fault]:
    """What cannot be a public key without a look into it; whether it is one is told where it is used."""
    for at, path in enumerate(found.stages.evidence_keys if found.stages is not None else ()):
        try:
            key = source.read(path)
        except Unreadable as error:
            said, fix = f"{path} is not read: {error.message}", error.fix
        else:
            said, fix = _unlike_a_key(path, key)
        if said:
            yield found.documents[STAGES].fault(Complaint(("evidence", "keys", at), said, fix))


def _unlike_a_key(path: str, key: bytes | None) -> tuple[str, str]:
    written = "write the public half into it: openssl pkey -in evidence.key -pubout"
    if key is None:
        return f"there is no file {path}", written
    if b"PRIVATE KEY" in key:
        return f"{path} holds a private key", "make a new pair: this one is known to whoever reads the repository"
    return ("", "") if b"-----BEGIN PUBLIC KEY-----" in key else (f"{path} holds no public key in PEM", written)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _at_top(path: str, said: Complaint) -> Fault:
    return Fault(path, 1, "", said.message, said.fix)
