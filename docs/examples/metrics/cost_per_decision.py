"""What a decision costs on average, in euros: a good loan refused 200, a bad one granted 1,000."""

import numpy as np

from gatehouse.evaluate.statistics.metric import Better, CountMetric, Needs

# Rows are what is true, columns what is decided: repaid or defaulted, granted or refused.
MONEY = np.array(
    [
        [0.0, 200.0],
        [1_000.0, 0.0],
    ]
)


def cost(tables):
    """(…, 2, 2) counts to (…,) euros a row: many tables come at once, for groups and for resamples."""
    return (tables * MONEY).sum((-2, -1)) / tables.sum((-2, -1))


METRIC = CountMetric(
    name="cost_per_decision",
    task="binary",
    better=Better.LOWER,
    needs=Needs.DECISIONS,
    high=1_000.0,
    undefined="no rows",
    value=cost,
)
