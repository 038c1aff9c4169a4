"""Metrics of two classes: decisions at a threshold, ranking, and the quality of probabilities."""

from __future__ import annotations

import numpy as np

from gatehouse.evaluate.statistics import calibration, ranking
from gatehouse.evaluate.statistics.metric import Better, CountMetric, Metric, Needs, RankMetric, SumMetric, Tables
from gatehouse.evaluate.statistics.rows import Floats, Plan

Rate = tuple[Floats, Floats]
# scikit-learn's clip, so that a certain and wrong prediction costs 36 nats and not infinity.
EPSILON = float(np.finfo(np.float64).eps)


def accuracy(t: Tables) -> Rate:
    """Rows on the diagonal, and all rows."""
    return np.trace(t, axis1=-2, axis2=-1), t.sum((-2, -1))


def _precision(t: Tables) -> Rate:
    return t[..., 1, 1], t[..., :, 1].sum(-1)


def _tpr(t: Tables) -> Rate:
    return t[..., 1, 1], t[..., 1, :].sum(-1)


def _fpr(t: Tables) -> Rate:
    return t[..., 0, 1], t[..., 0, :].sum(-1)


def _selection(t: Tables) -> Rate:
    return t[..., :, 1].sum(-1), t.sum((-2, -1))


def _f1(t: Tables) -> Floats:
    return divided(2 * t[..., 1, 1], t[..., 1, :].sum(-1) + t[..., :, 1].sum(-1))


def divided(part: Floats, whole: Floats) -> Floats:
    """part / whole, NaN where the whole is 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.asarray(whole) == 0, np.nan, np.asarray(part, float) / whole)


def rate_metric(name: str, better: Better, rate: object, undefined: str, task: str = "binary") -> CountMetric:
    """A count metric that is a plain proportion."""

    def value(tables: Tables) -> Floats:
        return divided(*rate(tables))  # type: ignore[operator]

    return CountMetric(
        name=name,
        task=task,  # type: ignore[arg-type]
        better=better,
        needs=Needs.DECISIONS,
        undefined=undefined,
        value=value,
        rate=rate,  # type: ignore[arg-type]
    )


def _log_losses(label: Floats, score: Floats, _: Plan) -> Floats:
    p = np.clip(score, EPSILON, 1 - EPSILON)
    return -np.log(np.where(label == 1, p, 1 - p))[:, None]


def _squared(label: Floats, score: Floats, _: Plan) -> Floats:
    return np.square(score - label)[:, None]


def mean(n: Floats, sums: Floats) -> Floats:
    """The plain mean of a width-1 sum metric."""
    return divided(sums[..., 0], n)


METRICS: tuple[Metric, ...] = (
    RankMetric(
        name="roc_auc",
        task="binary",
        better=Better.HIGHER,
        needs=Needs.SCORES,
        undefined="one class only: an AUC needs positives and negatives",
        part=ranking.roc_auc,
    ),
    RankMetric(
        name="average_precision",
        task="binary",
        better=Better.HIGHER,
        needs=Needs.SCORES,
        undefined="no positives",
        part=ranking.average_precision,
    ),
    SumMetric(
        name="log_loss",
        task="binary",
        better=Better.LOWER,
        needs=Needs.PROBABILITIES,
        high=None,
        rows=_log_losses,
        value=mean,
    ),
    SumMetric(name="brier", task="binary", better=Better.LOWER, needs=Needs.PROBABILITIES, rows=_squared, value=mean),
    rate_metric("accuracy", Better.HIGHER, accuracy, "no rows"),
    rate_metric("precision", Better.HIGHER, _precision, "no row is decided positive"),
    rate_metric("recall", Better.HIGHER, _tpr, "no positives"),
    rate_metric("tpr", Better.HIGHER, _tpr, "no positives"),
    rate_metric("fpr", Better.LOWER, _fpr, "no negatives"),
    rate_metric("selection_rate", Better.HIGHER, _selection, "no rows"),
    CountMetric(
        name="f1",
        task="binary",
        better=Better.HIGHER,
        needs=Needs.DECISIONS,
        undefined="no positives, and no row is decided positive",
        value=_f1,
    ),
    RankMetric(
        name="expected_calibration_error",
        task="binary",
        better=Better.LOWER,
        needs=Needs.PROBABILITIES,
        undefined="no rows",
        part=calibration.expected_calibration_error,
        paired=False,
    ),
)
