"""Confidence intervals in closed form. Scalars or arrays in, the same shape out; ``z`` is a normal quantile."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bounds = tuple[Floats, Floats]


def two_sided(confidence: float) -> float:
    """The normal quantile of a two-sided interval: 1.96 for 0.95."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def one_sided(confidence: float) -> float:
    """The normal quantile of a one-sided bound: 1.645 for 0.95."""
    return NormalDist().inv_cdf(confidence)


def upper_tail(z: float) -> float:
    """P(Z > z) for a standard normal, accurate far into the tail."""
    return 0.5 * math.erfc(z / math.sqrt(2))


def wilson(hits: npt.ArrayLike, trials: npt.ArrayLike, z: float) -> Bounds:
    """Wilson's score interval of a proportion (Wilson 1927); NaN where there are no trials."""
    x, n = np.asarray(hits, float), np.asarray(trials, float)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = x / n
        centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        low = np.where(x == 0, np.where(n > 0, 0.0, np.nan), centre - half)
        high = np.where(x == n, np.where(n > 0, 1.0, np.nan), centre + half)
    return low, high


def newcombe(hits: tuple[Any, Any], trials: tuple[Any, Any], z: float) -> Bounds:
    """Newcombe's hybrid score interval of p1 - p2, independent samples (Newcombe 1998, method 10)."""
    (x1, x2), (n1, n2) = hits, trials
    low1, high1 = wilson(x1, n1, z)
    low2, high2 = wilson(x2, n2, z)
    with np.errstate(invalid="ignore", divide="ignore"):
        p1, p2 = np.asarray(x1, float) / n1, np.asarray(x2, float) / n2
    difference = p1 - p2
    return (
        difference - np.hypot(p1 - low1, high2 - p2),
        difference + np.hypot(high1 - p1, p2 - low2),
    )


def log_ratio(hits: tuple[Any, Any], trials: tuple[Any, Any], z: float) -> Bounds:
    """The interval of p1 / p2 on the log scale (Katz et al. 1978), one half added to empty cells (Walter 1975)."""
    x1, x2 = (np.asarray(x, float) for x in hits)
    n1, n2 = (np.asarray(n, float) for n in trials)
    empty = (x1 == 0) | (x2 == 0)
    x1, x2, n1, n2 = (np.where(empty, value + 0.5, value) for value in (x1, x2, n1, n2))
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = np.log((x1 / n1) / (x2 / n2))
        half = z * np.sqrt(np.maximum(1 / x1 - 1 / n1 + 1 / x2 - 1 / n2, 0))
        return np.exp(centre - half), np.exp(centre + half)


def order_statistics(n: int, p: float, confidence: float) -> tuple[int | None, int | None]:
    """Which of n sorted samples bound the p-quantile, each from its side with ``confidence``; 0-based.

    Distribution-free: the number of samples at or below the quantile is Binomial(n, p). None where n is too small for
    that bound (a 95 % upper bound of p95 needs 59 samples; see samples_needed).
    """
    from scipy.special import bdtr

    below = bdtr(np.arange(n), n, p)  # P(at most k samples lie below the quantile)
    high = int(np.searchsorted(below, confidence))
    low = int(np.searchsorted(below, 1 - confidence, side="right")) - 1
    return (low if low >= 0 else None), (high if high < n else None)


def samples_needed(p: float, confidence: float) -> int:
    """The fewest samples whose largest bounds the p-quantile from above: 59 for p95, 299 for p99, 2,995 for p99.9."""
    return math.ceil(math.log(1 - confidence) / math.log(p))
