"""The area under the ROC curve and average precision, each with the influence of every row on it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gatehouse.evaluate.statistics.ranked import Part, Ranked
from gatehouse.evaluate.statistics.rows import Floats


def roc_auc(ranked: Ranked) -> Part:
    """The Mann-Whitney statistic, ties one half.

    The influence is DeLong's structural components (DeLong et al. 1988) by the midranks of Sun and Xu (2014), scaled so
    that squares add up to DeLong's variance and products of two models' to his covariance. NaN with one class only;
    with a single positive or negative the influence is NaN, since nothing tells the variance.
    """
    runs = ranked.runs
    positives, negatives = runs.totals
    rows = int(positives + negatives)
    if not positives or not negatives:
        return Part(np.nan, np.full(len(ranked.score), np.nan), rows)
    beats = runs.negatives_below + runs.negatives / 2
    value = float((runs.positives * beats).sum() / (positives * negatives))
    loses = positives - runs.positives_below - runs.positives / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        of_positive = (beats / negatives - value) / np.sqrt(positives * (positives - 1))
        of_negative = (loses / positives - value) / np.sqrt(negatives * (negatives - 1))
    blurred = runs.positives * runs.negatives * ranked.blurred
    error = float(blurred.sum() / 2 / (positives * negatives))
    return Part(value, ranked.spread(of_positive, of_negative), rows, error)


def average_precision(ranked: Ranked) -> Part:
    """The sum over thresholds of precision times the step in recall; rows of one score share one threshold.

    The influence is the derivative of the value by the weight of a row; its squares add up to the sandwich variance.
    NaN without positives.
    """
    runs = ranked.runs
    positives, negatives = runs.totals
    if not positives:
        return Part(np.nan, np.full(len(ranked.score), np.nan), int(negatives))
    hits = positives - runs.positives_below
    selected = hits + negatives - runs.negatives_below
    precision = hits / selected
    value = float((runs.positives * precision).sum() / positives)
    gain = np.cumsum(runs.positives / selected)
    loss = np.cumsum(runs.positives * precision / selected)
    influence = ranked.spread((precision - value + gain - loss) / positives, -loss / positives)
    error = 0.0
    if ranked.rounded:
        # Within a run, all positives may in truth lie above all negatives, or all below.
        best = hits / (hits + negatives - runs.negatives_below - runs.negatives)
        worst = (hits - runs.positives + 1) / (hits - runs.positives + 1 + negatives - runs.negatives_below)
        off = np.maximum(best - precision, precision - worst) * ranked.blurred
        error = float((runs.positives * off).sum() / positives)
    return Part(value, influence, int(positives + negatives), error)


def auc(label: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """The area under the ROC curve of (n,) labels of 0 and 1 and (n,) finite scores; NaN with one class only.

    The plain figure without an interval: one sort of score and label packed into one integer.
    """
    y, s = np.asarray(label), np.ascontiguousarray(score, np.float64)
    bits = (s + 0.0).view(np.uint64)  # + 0.0 makes the negative zero positive
    if len(s) and bits.max() >> np.uint64(63):
        return _auc_of_two_sorts(s[y == 1], s[y != 1])
    packed = np.sort((bits << np.uint64(1)) | (y == 1))
    positive = (packed & np.uint64(1)).astype(np.uint8)
    packed >>= np.uint64(1)
    last = np.flatnonzero(np.append(packed[1:] != packed[:-1], True)) if len(s) else np.zeros(0, np.int64)
    hits = np.cumsum(positive, dtype=np.int64)[last]
    misses = last + 1 - hits
    positives, negatives = (int(total[-1]) if len(total) else 0 for total in (hits, misses))
    if not positives or not negatives:
        return float("nan")
    # Whole numbers all the way: twice the count of pairs won, ties half.
    won = int((np.diff(hits, prepend=0) * (misses + np.concatenate([[0], misses[:-1]]))).sum())
    return won / (2 * positives * negatives)


def _auc_of_two_sorts(positive: Floats, negative: Floats) -> float:
    if not len(positive) or not len(negative):
        return float("nan")
    positive, negative = np.sort(positive), np.sort(negative)
    won = np.searchsorted(negative, positive, "left") + np.searchsorted(negative, positive, "right")
    return int(won.sum()) / (2 * len(positive) * len(negative))


def roc_points(ranked: Ranked, most: int = 300) -> list[tuple[float, float]]:
    """The ROC curve as (false positive rate, true positive rate), at most ``most`` points; empty with one class."""
    runs = ranked.runs
    positives, negatives = runs.totals
    if not positives or not negatives:
        return []
    keep = np.unique(np.linspace(0, len(runs.positives) - 1, most).astype(np.int64))[::-1]
    fpr = (negatives - runs.negatives_below[keep]) / negatives
    tpr = (positives - runs.positives_below[keep]) / positives
    return [(0.0, 0.0), *zip(fpr.tolist(), tpr.tolist(), strict=True)]


def one_versus_rest(ranked: Ranked) -> Part:
    """One class's AUC against all others; the scoreboard averages the classes."""
    return roc_auc(ranked)
