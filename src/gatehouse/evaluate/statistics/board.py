"""A finished scoreboard: everything that was kept of the rows, and the questions it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.statistics import metrics
from gatehouse.evaluate.statistics.counts import Tally
from gatehouse.evaluate.statistics.fairness import Disparity, Rule, disparity
from gatehouse.evaluate.statistics.figures import Figures, figures
from gatehouse.evaluate.statistics.groups import Coder, Partition
from gatehouse.evaluate.statistics.metrics import Metric, Needs
from gatehouse.evaluate.statistics.ranked import Scores
from gatehouse.evaluate.statistics.results import Comparison, Estimate
from gatehouse.evaluate.statistics.rows import Plan
from gatehouse.evaluate.statistics.sums import Summed


@dataclass(frozen=True, kw_only=True)
class Board:
    """``tally`` is None in a regression; ``scores`` has one entry in a binary task, one a class in a multiclass one,
    none where no metric needs them. ``bad`` and ``outside`` count the predictions of each model that are not finite,
    or not between 0 and 1."""

    plan: Plan
    coder: Coder
    rows_by_cell: npt.NDArray[np.int64]
    tally: Tally | None
    sums: Mapping[str, Summed]
    scores: tuple[Scores, ...]
    bad: tuple[int, ...]
    outside: tuple[int, ...]
    # What was reached once: several gates ask the same questions.
    _estimates: dict[tuple[str, str, float], Estimate] = field(default_factory=dict, repr=False, compare=False)
    _figures: dict[tuple[str, str, tuple[str, ...]], Figures] = field(default_factory=dict, repr=False, compare=False)

    @property
    def rows(self) -> int:
        return int(self.rows_by_cell.sum())

    @property
    def clustered(self) -> bool:
        return self.plan.cluster is not None

    def metric(self, name: str) -> Metric:
        """Raises NotFound for an unknown metric, GatehouseError for one that the plan did not ask for."""
        metric = metrics.get(name, self.plan.task)
        counted = isinstance(metric, metrics.CountMetric)
        if not counted and name not in self.plan.metrics:
            raise GatehouseError(f"metric {name!r} was not planned", f"put it into the plan beside {self.plan.metrics}")
        return metric

    def model(self, name: str) -> int:
        """A model's position. Raises GatehouseError for one that the plan does not have."""
        if name not in self.plan.models:
            raise GatehouseError(f"no predictions of {name!r} here", f"the plan has {', '.join(self.plan.models)}")
        return self.plan.models.index(name)

    def problem(self, metric: Metric, model: int) -> str:
        """Why the metric has no value for this model whatever the rows say; "" if nothing stands against it.

        A prediction that is no number is never dropped: the rest would be judged as if it were the whole.
        """
        if not self.rows:
            return "no rows"
        if self.bad[model]:
            return f"{self.bad[model]:,} of {self.rows:,} predictions are not finite numbers"
        if metric.needs is Needs.PROBABILITIES and self.outside[model]:
            return f"{self.outside[model]:,} of {self.rows:,} predictions are not between 0 and 1"
        return ""

    def estimate(self, metric: str, model: str = "candidate", confidence: float = 0.95) -> Estimate:
        """One model's value with its interval."""
        from gatehouse.evaluate.statistics.single import estimated

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

    def compare(
        self,
        metric: str,
        margin: float = 0.0,
        confidence: float = 0.95,
        models: tuple[str, str] = ("candidate", "champion"),
    ) -> Comparison:
        """The paired one-sided test of "the improvement is at least ``margin``", in the metric's units."""
        from gatehouse.evaluate.statistics.paired import compared

        candidate, champion = (self.model(name) for name in models)
        return compared(self, self.metric(metric), (candidate, champion), margin, confidence)

    def disparity(self, metrics: str | tuple[str, ...], rule: Rule, model: str = "candidate") -> Disparity:
        """How far groups are apart by a metric, by several judged together, or by a criterion (fairness.CRITERIA)."""
        return disparity(self, (metrics,) if isinstance(metrics, str) else metrics, model, rule)
