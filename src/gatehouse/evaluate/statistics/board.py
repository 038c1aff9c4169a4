"""A finished scoreboard: everything that was kept of the rows, and the questions it answers."""

from __future__ import annotations

from dataclasses import dataclass

from gatehouse.evaluate.statistics.fairness import Disparity, Rule, disparity
from gatehouse.evaluate.statistics.measured import Measured
from gatehouse.evaluate.statistics.paired import compared
from gatehouse.evaluate.statistics.results import Comparison


@dataclass(frozen=True, kw_only=True)
class Board(Measured):
    """Models beside each other, and groups beside each other."""

    def compare(
        self,
        metric: str,
        margin: float = 0.0,
        confidence: float = 0.95,
        models: tuple[str, str] = ("candidate", "champion"),
    ) -> Comparison:
        """The paired one-sided test of "the improvement is at least ``margin``", in the metric's units."""
        candidate, champion = (self.model(name) for name in models)
        return compared(self, self.metric(metric), (candidate, champion), margin, confidence)

    def disparity(self, metrics: str | tuple[str, ...], rule: Rule, model: str = "candidate") -> Disparity:
        """How far groups are apart by a metric, by several judged together, or by a criterion (fairness.CRITERIA)."""
        return disparity(self, (metrics,) if isinstance(metrics, str) else metrics, model, rule)
