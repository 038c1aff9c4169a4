"""The same figures by straight numpy scripts: what a person would write who needs just this one number, quickly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tests.bench._data import FEATURES, GROUPS, Scores

Floats = npt.NDArray[np.float64]


def midranks(ascending: Floats) -> Floats:
    """The mean ranks of ascending values, 1-based."""
    first = np.flatnonzero(np.append(True, ascending[1:] != ascending[:-1]))
    ends = np.append(first[1:], len(ascending))
    return np.repeat((first + 1 + ends) / 2, ends - first)


def auc(label: npt.NDArray[np.int64], score: Floats) -> float:
    """By two sorts: every positive's place among the negatives."""
    positive, negative = np.sort(score[label == 1]), np.sort(score[label == 0])
    below = np.searchsorted(negative, positive, "left") + np.searchsorted(negative, positive, "right")
    return float(below.sum() / 2 / len(positive) / len(negative))


def by_group(scores: Scores) -> dict[str, list[float]]:
    """The AUC and three rates of each group and of all rows, without any interval."""
    found: dict[str, list[float]] = {"roc_auc": [], "selection_rate": [], "tpr": [], "fpr": []}
    for code in (*range(len(GROUPS)), None):
        mine = slice(None) if code is None else scores.group == code
        label, score = scores.label[mine], scores.candidate[mine]
        decided = score >= 0.5
        found["roc_auc"].append(auc(label, score))
        found["selection_rate"].append(float(decided.mean()))
        found["tpr"].append(float(decided[label == 1].mean()))
        found["fpr"].append(float(decided[label == 0].mean()))
    return found


def psi(training: list[Floats], production: list[Floats]) -> list[float]:
    """Deciles of training, both sides counted in them, smoothed, the sum of (a - e) ln(a / e)."""
    found = []
    for column in range(FEATURES):
        expected, actual = training[column], production[column]
        edges = np.quantile(expected, np.arange(1, 10) / 10, method="inverted_cdf")
        e = np.bincount(np.searchsorted(edges, expected), minlength=10)
        a = np.bincount(np.searchsorted(edges, actual), minlength=10)
        p, q = (e + 0.5) / (len(expected) + 5), (a + 0.5) / (len(actual) + 5)
        found.append(float(((q - p) * np.log(q / p)).sum()))
    return found


def delong(scores: Scores) -> tuple[float, float]:
    """The difference of two AUCs and its standard error, as Sun and Xu (2014) write it down: midranks among all rows,
    among the positives, and among the negatives."""
    positive = scores.label == 1
    m, n = int(positive.sum()), int((~positive).sum())
    above, below = [], []
    for score in (scores.candidate, scores.champion):
        order = np.argsort(score)
        every, among = np.empty(m + n), np.empty(m + n)
        every[order] = midranks(score[order])
        for members in (order[positive[order]], order[~positive[order]]):
            among[members] = midranks(score[members])
        above.append((every[positive] - among[positive]) / n)
        below.append(1 - (every[~positive] - among[~positive]) / m)
    areas = [float(one.mean()) for one in above]
    covariance = np.cov(above) / m + np.cov(below) / n
    return areas[0] - areas[1], float(np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]))
