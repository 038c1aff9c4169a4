"""Bootstrap by weights: a replicate is how often each unit was drawn, so a statistic of sums costs one product.

The seed is fixed: the same rows give the same interval, today and at the audit.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from gatehouse.evaluate.statistics.rows import Floats

REPLICATES = 2_000
SEED = 20_230_917
# Weights held at once; bounds the memory of a bootstrap over many blocks.
_WEIGHTS = 1 << 21


def resampled_sums(units: Floats, replicates: int = REPLICATES) -> Floats:
    """(replicates, …) sums over units (units, …) drawn with replacement, as many as there are."""
    count = len(units)
    flat = units.reshape(count, -1)
    if not count:
        return np.zeros((replicates, *units.shape[1:]))
    parts = [weights @ flat for weights in _drawn(count, replicates)]
    return np.concatenate(parts).reshape(replicates, *units.shape[1:])


def _drawn(units: int, replicates: int) -> Iterator[Floats]:
    """Chunks of (some replicates, units) weights."""
    random = np.random.default_rng(SEED)
    step = max(1, _WEIGHTS // units)
    for start in range(0, replicates, step):
        rows = min(step, replicates - start)
        draws = random.integers(0, units, size=(rows, units)) + np.arange(rows)[:, None] * units
        yield np.bincount(draws.ravel(), minlength=rows * units).reshape(rows, units).astype(float)


def resampled_counts(counts: npt.NDArray[np.int64], replicates: int = REPLICATES) -> Floats:
    """(replicates, cells) counts of as many rows, drawn with replacement: one multinomial over the cells.

    The same law as drawing rows, at a cost that does not know how many there are.
    """
    total = int(counts.sum())
    if not total:
        return np.zeros((replicates, len(counts)))
    drawn = np.random.default_rng(SEED).multinomial(total, counts / total, size=replicates)
    return drawn.astype(float)


def percentile_interval(replicates: Floats, confidence: float) -> tuple[float, float]:
    """The two-sided percentile interval; replicates without a value (a resample without positives) are left out."""
    there = replicates[np.isfinite(replicates)]
    if not len(there):
        return float("nan"), float("nan")
    low, high = np.quantile(there, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
