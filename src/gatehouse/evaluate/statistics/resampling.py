"""Bootstrap by weights: a replicate is how often each unit was drawn, so a statistic of sums costs one product.

The seed is fixed: the same rows give the same interval, today and at the audit.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from gatehouse.evaluate.statistics.rows import Floats

REPLICATES = 2_000
SEED = 20_230_917
# Weights handled at once; bounds the memory of a bootstrap over many blocks.
_AT_ONCE = 1 << 21


def resampled_sums(units: Floats) -> Floats:
    """(REPLICATES, …) sums over units (units, …) drawn with replacement, as many as there are."""
    count = len(units)
    flat = units.reshape(count, -1)
    if not count:
        return np.zeros((REPLICATES, *units.shape[1:]))
    weights = _drawn(count)
    step = max(1, _AT_ONCE // count)
    parts = [weights[start : start + step].astype(float) @ flat for start in range(0, REPLICATES, step)]
    return np.concatenate(parts).reshape(REPLICATES, *units.shape[1:])


@lru_cache(maxsize=4)
def _drawn(units: int) -> npt.NDArray[np.uint8]:
    """(REPLICATES, units) how often each unit is drawn; kept, since every metric of a board has as many units."""
    random = np.random.default_rng(SEED)
    step = max(1, _AT_ONCE // units)
    parts = []
    for start in range(0, REPLICATES, step):
        rows = min(step, REPLICATES - start)
        draws = random.integers(0, units, size=(rows, units)) + np.arange(rows)[:, None] * units
        drawn = np.bincount(draws.ravel(), minlength=rows * units).reshape(rows, units)
        # A unit drawn more than 255 times is as good as impossible: the count is Poisson with mean 1.
        parts.append(np.minimum(drawn, 255).astype(np.uint8))
    return np.concatenate(parts)


def resampled_counts(counts: npt.NDArray[np.int64]) -> Floats:
    """(REPLICATES, cells) counts of as many rows, drawn with replacement: one multinomial over the cells.

    The same law as drawing rows, at a cost that does not know how many there are.
    """
    total = int(counts.sum())
    if not total:
        return np.zeros((REPLICATES, len(counts)))
    drawn = np.random.default_rng(SEED).multinomial(total, counts / total, size=REPLICATES)
    return drawn.astype(float)


def percentile_interval(replicates: Floats, confidence: float) -> tuple[float, float]:
    """The two-sided percentile interval; replicates without a value (a resample without positives) are left out."""
    there = replicates[np.isfinite(replicates)]
    if not len(there):
        return float("nan"), float("nan")
    low, high = np.quantile(there, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
