"""What the gates found for a pin, as the audit record keeps it: from the evidence branch, else from registry tags.

The branch holds one document a check, a Result as JSON; ``sync.places`` says where.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

from gatehouse.audit.record import Evidence, Figure, Gate
from gatehouse.evaluate.result import Result, Subject
from gatehouse.git import Repository
from gatehouse.pin import Pin, Role, Slot
from gatehouse.sync import kept
from gatehouse.sync.places import BRANCH as BRANCH
from gatehouse.sync.trunk import Trunk
from gatehouse.verdict import Measure, Outcome, Verdict

_GATE_TAG = "gatehouse.gate."


class Shelf:
    """The evidence branch, fetched at the first question; each model's documents are read once."""

    def __init__(self, trunk: Trunk) -> None:
        self.trunk = trunk
        self._documents: dict[str, tuple[kept.Shelved, ...]] = {}

    def documents(self, model: str) -> tuple[kept.Shelved, ...]:
        """Every document of a model that ever was on the branch, in the order in which they came.

        Raises Unreachable when the remote does not answer.
        """
        if model not in self._documents:
            self._documents[model] = kept.documents(self.trunk.repository, self._entries, model)
        return self._documents[model]

    def results(self, model: str) -> tuple[Result, ...]:
        """Every check of a model, oldest first. Documents that are no Result, or not what they were, are left out."""
        return kept.results(one for one in self.documents(model) if not one.altered)

    def newest(self, slot: Slot, role: Role, pin: Pin) -> Result | None:
        """The last check of this pin for this role of this slot."""
        asked = [
            result
            for result in self.results(slot.model)
            if (result.request.slot, result.request.role, result.request.candidate) == (slot, role, pin)
        ]
        return asked[-1] if asked else None

    @cached_property
    def _entries(self) -> kept.Entries:
        commit = self.trunk.writer().fetch(BRANCH)
        return {} if commit is None else kept.entries(self.trunk.repository, commit)


def shelved(repository: Repository, commit: str, model: str) -> tuple[Result, ...]:
    """Every check of a model up to one commit of the branch, oldest first; whoever deletes one has still made it."""
    files = kept.entries(repository, commit, f"{BRANCH}/{model}")
    return kept.results(kept.documents(repository, files, model))


def summary(result: Result, document: str = "") -> Evidence:
    """A whole result as the audit record keeps it: every figure, without the pictures; ``document`` is the digest of
    the bytes that it was read from."""
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
        document=document,
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
