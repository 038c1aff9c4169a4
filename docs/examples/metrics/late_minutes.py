"""How badly arrival times are missed, in minutes: one too early promised counts four times one too late promised."""

import numpy as np

from gatehouse.evaluate.statistics.metric import Better, Needs, SumMetric


def minutes(label, prediction, _plan):
    """(n,) labels and predictions to the (n, 1) figures that are summed."""
    late = label - prediction
    return np.where(late > 0, 4 * late, -late)[:, None]


def mean(n, sums):
    """(…,) row counts and (…, 1) sums to (…,) minutes."""
    return sums[..., 0] / n


METRIC = SumMetric(
    name="late_minutes",
    task="regression",
    better=Better.LOWER,
    needs=Needs.VALUES,
    high=None,
    undefined="no rows",
    rows=minutes,
    value=mean,
)
