"""How far two distributions are apart: of counts in the same bins, and of raw samples. Logarithms are natural.

The expected distribution (training) comes first, the actual one (production) second.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gatehouse.evaluate.statistics.rows import Floats


def smoothed(counts: npt.ArrayLike) -> Floats:
    """Shares (c + 1/2) / (n + B/2) of B bins: an empty bin is rare, not impossible, and its logarithm exists."""
    c = np.asarray(counts, float)
    shares: Floats = (c + 0.5) / (c.sum() + len(c) / 2)
    return shares


def psi(expected: Floats, actual: Floats) -> Floats:
    """Each bin's part of the population stability index, (a - e) ln(a / e); their sum is the index."""
    return (actual - expected) * np.log(actual / expected)


def kl(expected: Floats, actual: Floats) -> float:
    """The Kullback-Leibler divergence of expected from actual, the sum of e ln(e / a), in nats."""
    return float((expected * np.log(expected / actual)).sum())


def js(expected: Floats, actual: Floats) -> float:
    """The Jensen-Shannon divergence in nats, 0 to ln 2."""
    middle = (expected + actual) / 2
    return (kl(expected, middle) + kl(actual, middle)) / 2


def chi_square(expected: npt.ArrayLike, actual: npt.ArrayLike) -> tuple[float, float]:
    """Pearson's statistic and p-value of "both counts come from one distribution"; bins empty in both are left out."""
    from scipy.special import chdtrc

    table = np.array([expected, actual], float)
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2 or not table.sum(axis=1).all():
        return 0.0, 1.0
    under = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    statistic = float((np.square(table - under) / under).sum())
    return statistic, float(chdtrc(table.shape[1] - 1, statistic))


def cramers_v(expected: npt.ArrayLike, actual: npt.ArrayLike) -> float:
    """Cramér's V, 0 to 1, of two counts, each scaled to as many rows as the other.

    Chi-square over the number of rows depends on how many there are of each kind, and a limit on it would mean another
    drift for a large production table than for a small one; of shares it does not.
    """
    table = np.array([expected, actual], float)
    if not table.sum(axis=1).all():
        return 0.0
    e, a = table / table.sum(axis=1, keepdims=True)
    there = (e + a) > 0
    return float(np.sqrt((np.square(a - e)[there] / (a + e)[there]).sum() / 2))


def noise_floor(n: int, m: int, bins: int, confidence: float = 0.95) -> float:
    """What PSI reaches by chance alone in 1 - confidence of samples of n and m rows: about (1/n + 1/m) chi-square with
    bins - 1 degrees of freedom (Yurdakul and Naranjo 2020)."""
    from scipy.special import chdtri

    if bins < 2 or not n or not m:
        return 0.0
    return float((1 / n + 1 / m) * chdtri(bins - 1, 1 - confidence))


def floors(psi_floor: float, n: int, m: int) -> dict[str, float]:
    """What every divergence reaches by chance alone in 5 % of samples of n and m rows, given what PSI does.

    Near no change all of them are one sum, of d²/p over the bins: PSI once, KL a half, JS an eighth, and the square of
    Cramér's V a quarter. The Kolmogorov-Smirnov distance has its own limit law; Wasserstein's has no closed form.
    """
    from scipy.special import kolmogi

    ks = float(kolmogi(0.05)) * (1 / n + 1 / m) ** 0.5 if n and m else 0.0
    return {"psi": psi_floor, "kl": psi_floor / 2, "js": psi_floor / 8, "cramers_v": psi_floor**0.5 / 2, "ks": ks}


def adjusted(p_values: npt.ArrayLike) -> Floats:
    """Benjamini and Hochberg's (1995) adjusted p-values, in the order given."""
    p = np.asarray(p_values, float)
    order = np.argsort(p)[::-1]
    rank = np.arange(len(p), 0, -1)
    answer = np.empty_like(p)
    answer[order] = np.minimum.accumulate(np.minimum(p[order] * len(p) / rank, 1.0))
    return answer


def ks(expected: npt.ArrayLike, actual: npt.ArrayLike) -> float:
    """The Kolmogorov-Smirnov distance of two raw samples, the largest difference of their distribution functions."""
    points, f, g = _functions(expected, actual)
    return float(np.abs(f - g).max()) if len(points) else float("nan")


def wasserstein(expected: npt.ArrayLike, actual: npt.ArrayLike) -> float:
    """The 1-Wasserstein distance of two raw samples, in their unit: the area between their distribution functions."""
    points, f, g = _functions(expected, actual)
    return float((np.abs(f - g)[:-1] * np.diff(points)).sum()) if len(points) else float("nan")


def _functions(expected: npt.ArrayLike, actual: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
    """All points ascending, and both distribution functions there; empty where a sample is."""
    x, y = np.sort(np.asarray(expected, float)), np.sort(np.asarray(actual, float))
    if not len(x) or not len(y):
        return np.zeros(0), np.zeros(0), np.zeros(0)
    points = np.sort(np.concatenate([x, y]))
    return points, np.searchsorted(x, points, "right") / len(x), np.searchsorted(y, points, "right") / len(y)
