"""What the gates found for a pin, as the audit record keeps it: from the evidence branch, else from registry tags.

The branch holds one document a check, ``evidence/<model>/<key>.json``, a Result as ``msgspec.json.encode`` writes it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime

import msgspec

from gatehouse.audit.record import Evidence, Figure, Gate
from gatehouse.evaluate.result import Result, Subject
from gatehouse.git import Repository
from gatehouse.pin import Pin, Role, Slot
from gatehouse.sync.places import BRANCH as BRANCH
from gatehouse.sync.trunk import Trunk
from gatehouse.verdict import Measure, Outcome, Verdict

_GATE_TAG = "gatehouse.gate."


class Shelf:
    """The evidence branch, fetched at the first question; each model's documents are read once."""

    def __init__(self, trunk: Trunk) -> None:
        self.trunk = trunk
        self._commit: str | msgspec.UnsetType | None = msgspec.UNSET
        self._results: dict[str, tuple[Result, ...]] = {}

    def results(self, model: str) -> tuple[Result, ...]:
        """Every check of a model, oldest first. Documents that are no Result prove nothing, and are left out."""
        if model not in self._results:
            if self._commit is msgspec.UNSET:
                self._commit = self.trunk.writer().fetch(BRANCH)
            found = shelved(self.trunk.repository, self._commit, model) if isinstance(self._commit, str) else ()
            self._results[model] = found
        return self._results[model]

    def newest(self, slot: Slot, role: Role, pin: Pin) -> Result | None:
        """The last check of this pin for this role of this slot."""
        asked = [
            result
            for result in self.results(slot.model)
            if (result.request.slot, result.request.role, result.request.candidate) == (slot, role, pin)
        ]
        return asked[-1] if asked else None


def shelved(repository: Repository, commit: str, model: str) -> tuple[Result, ...]:
    """Every check of a model at one commit of the branch, oldest first."""
    blobs = repository.blobs(commit, f"{BRANCH}/{model}/")
    found: list[Result] = []
    for data in repository.read_blobs(sorted(set(blobs.values()))).values():
        try:
            result = msgspec.json.decode(data, type=Result)
        except msgspec.MsgspecError:
            continue
        # Without a zone nobody can say which of two came first.
        found += [result] if result.evaluated.tzinfo else []
    return tuple(sorted(found, key=lambda result: result.evaluated))


def summary(result: Result) -> Evidence:
    """A whole result as the audit record keeps it: every figure, without the pictures."""
    champion = result.champion
    return Evidence(
        source="branch",
        gates=tuple(map(_gate, result.verdicts)),
        key=result.key,
        evaluated=result.evaluated,
        champion=champion.pin if champion else None,
        metrics=_metrics(result.candidate),
        champion_metrics=_metrics(champion) if champion else {},
        data=dict(result.data),
        rows=result.rows,
        isolation=result.isolation,
        engine=result.engine,
    )


def from_tags(tags: Mapping[str, str]) -> Evidence | None:
    """What is left when the branch has nothing: outcomes and one-line figures from the version's tags."""
    gates = tuple(
        Gate(name.removeprefix(_GATE_TAG), _outcome(text), text.partition(" ")[2])
        for name, text in sorted(tags.items())
        if name.startswith(_GATE_TAG)
    )
    if not gates:
        return None
    return Evidence("tags", gates, tags.get("gatehouse.key", ""), _time(tags.get("gatehouse.evaluated", "")))


def _gate(verdict: Verdict) -> Gate:
    return Gate(verdict.gate, verdict.outcome, verdict.summary, tuple(map(_figure, verdict.measures)))


def _figure(measure: Measure) -> Figure:
    interval = measure.interval
    return Figure(
        measure.name,
        _finite(measure.value),
        _finite(measure.limit),
        _finite(interval.low) if interval else None,
        _finite(interval.high) if interval else None,
        _finite(measure.champion),
        measure.unit,
        measure.relation,
    )


def _metrics(subject: Subject) -> dict[str, float | None]:
    return {name: _finite(value) for name, value in subject.metrics.items()}


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _outcome(text: str) -> Outcome:
    word = text.partition(" ")[0]
    return Outcome(word) if word in Outcome.__members__ else Outcome.ERROR


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
