"""How far probabilities are from frequencies.

Bins of equal mass, since equal width leaves most of them empty; and debiased, since the plain estimate of a perfectly
calibrated model is positive and grows with the number of bins. For choosing between models judge the paired Brier
score or log loss instead: those are proper.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gatehouse.evaluate.statistics.ranked import Part, Ranked
from gatehouse.evaluate.statistics.rows import Floats

BINS = 15


def expected_calibration_error(ranked: Ranked) -> Part:
    """The mean distance of mean score and frequency over equal-mass bins, less its expected bias (see ``debiased``)."""
    weight = np.ones(len(ranked.score)) if ranked.weight is None else ranked.weight
    total = float(weight.sum())
    if not total:
        return Part(np.nan, np.zeros(0), 0)
    residual = ranked.score - ranked.label
    bins = equal_mass(ranked)
    mass = np.bincount(bins, weight, minlength=BINS)
    there = mass > 0
    mass_there = np.where(there, mass, 1)
    gap = np.bincount(bins, weight * residual, minlength=BINS) / mass_there
    spread = np.bincount(bins, weight * np.square(residual - gap[bins]), minlength=BINS)
    # The variance of a bin's mean; a bin of one row says nothing about its own.
    variance = spread / mass_there / np.maximum(mass_there - 1, 1)
    value = debiased(gap, variance, mass / total)
    influence = np.sign(gap)[bins] * (residual - gap[bins]) / total
    error = 0.0 if ranked.width is None else float((weight * ranked.width).sum() / total)
    return Part(value, influence, int(total), error)


def debiased(gap: Floats, variance: Floats, share: Floats) -> float:
    """Kumar, Liang and Ma (2019), "Verified Uncertainty Calibration": subtract what noise adds to each |gap|.

    A bin's gap is about normal, so the noise adds E|N(gap, variance)| - |gap|, the mean of a folded normal less its
    location; not below 0.
    """
    from scipy.special import ndtr

    sd = np.sqrt(variance)
    ratio = np.divide(gap, sd, out=np.full_like(gap, np.inf), where=sd > 0)
    folded = sd * np.sqrt(2 / np.pi) * np.exp(-np.square(ratio) / 2) + gap * (1 - 2 * ndtr(-ratio))
    plain = np.abs(gap)
    bias = np.where(sd > 0, folded - plain, 0.0)
    return max(0.0, float((share * (plain - bias)).sum()))


def equal_mass(ranked: Ranked) -> npt.NDArray[np.int64]:
    """(n,) a bin from 0 to BINS - 1 for each entry; rows of one score are never parted."""
    runs = ranked.runs
    mass = runs.positives + runs.negatives
    middle = np.cumsum(mass) - mass / 2
    bins = np.minimum(np.floor(middle / mass.sum() * BINS), BINS - 1)
    return ranked.spread(bins, bins).astype(np.int64)
