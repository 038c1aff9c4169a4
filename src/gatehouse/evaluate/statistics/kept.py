"""What a finished scoreboard kept of the rows, whatever is asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.statistics import metrics
from gatehouse.evaluate.statistics.counts import Tally
from gatehouse.evaluate.statistics.groups import Coder
from gatehouse.evaluate.statistics.metric import CountMetric, Metric, Needs
from gatehouse.evaluate.statistics.ranked import Scores
from gatehouse.evaluate.statistics.rows import Plan
from gatehouse.evaluate.statistics.sums import Summed


@dataclass(frozen=True, kw_only=True)
class Kept:
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

    @property
    def rows(self) -> int:
        return int(self.rows_by_cell.sum())

    @property
    def clustered(self) -> bool:
        return self.plan.cluster is not None

    @cached_property
    def clusters(self) -> int:
        """How many clusters the rows lie in; 0 where the plan names no cluster column."""
        if not self.clustered:
            return 0
        found = [] if self.tally is None else [self.tally.block]
        found += [summed.clusters.block for summed in self.sums.values() if summed.clusters is not None]
        return len(np.unique(found[0])) if found else 0

    def metric(self, name: str) -> Metric:
        """Raises NotFound for an unknown metric, GatehouseError for one that the plan did not ask for."""
        metric = metrics.get(name, self.plan.task, self.plan.own)
        counted = isinstance(metric, CountMetric)
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
