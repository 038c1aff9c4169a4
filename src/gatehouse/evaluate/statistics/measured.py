"""What was kept of the rows, with each figure of one model reached once: several gates ask the same questions."""

from __future__ import annotations

from dataclasses import dataclass, field

from gatehouse.evaluate.statistics.figures import Figures, figures
from gatehouse.evaluate.statistics.groups import Partition
from gatehouse.evaluate.statistics.kept import Kept
from gatehouse.evaluate.statistics.results import Estimate
from gatehouse.evaluate.statistics.single import estimated


@dataclass(frozen=True, kw_only=True)
class Measured(Kept):
    """The figures of one model at a time: over all rows, and by group."""

    _estimates: dict[tuple[str, str, float], Estimate] = field(default_factory=dict, repr=False, compare=False)
    _figures: dict[tuple[str, str, tuple[str, ...]], Figures] = field(default_factory=dict, repr=False, compare=False)

    def estimate(self, metric: str, model: str = "candidate", confidence: float = 0.95) -> Estimate:
        """One model's value with its interval."""
        key = (metric, model, confidence)
        if key not in self._estimates:
            self._estimates[key] = estimated(self, self.metric(metric), self.model(model), confidence)
        return self._estimates[key]

    def figures(self, metric: str, model: str, partition: Partition) -> Figures:
        """The metric by group, as arrays."""
        key = (metric, model, partition.columns)
        if key not in self._figures:
            self._figures[key] = figures(self, self.metric(metric), self.model(model), partition)
        return self._figures[key]
