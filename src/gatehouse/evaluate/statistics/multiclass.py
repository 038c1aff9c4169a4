"""Metrics of more than two classes; the decided class is the most probable one, the first of equals."""

from __future__ import annotations

import numpy as np

from gatehouse.evaluate.statistics import ranking
from gatehouse.evaluate.statistics.binary import EPSILON, accuracy, divided, mean, rate_metric
from gatehouse.evaluate.statistics.metric import Better, CountMetric, Metric, Needs, RankMetric, SumMetric, Tables
from gatehouse.evaluate.statistics.rows import Floats, Plan


def _f1_by_class(t: Tables) -> tuple[Floats, Floats]:
    """(…, classes) F1 and support; a class that is neither there nor decided has no F1 (NaN)."""
    hits = np.diagonal(t, axis1=-2, axis2=-1)
    support = t.sum(-1)
    return divided(2 * hits, support + t.sum(-2)), support


def _macro_f1(t: Tables) -> Floats:
    """The mean over the classes that occur or are decided, as scikit-learn takes it."""
    by_class, _ = _f1_by_class(t)
    there = ~np.isnan(by_class)
    return divided(np.where(there, by_class, 0).sum(-1), there.sum(-1))


def _weighted_f1(t: Tables) -> Floats:
    by_class, support = _f1_by_class(t)
    return divided((np.nan_to_num(by_class) * support).sum(-1), support.sum(-1))


def _log_losses(label: Floats, probabilities: Floats, _: Plan) -> Floats:
    true = np.take_along_axis(probabilities, label.astype(np.int64)[:, None], axis=1)
    return -np.log(np.clip(true, EPSILON, 1 - EPSILON))


METRICS: tuple[Metric, ...] = (
    rate_metric("accuracy", Better.HIGHER, accuracy, "no rows", "multiclass"),
    CountMetric(
        name="macro_f1",
        task="multiclass",
        better=Better.HIGHER,
        needs=Needs.DECISIONS,
        undefined="no rows",
        value=_macro_f1,
    ),
    CountMetric(
        name="weighted_f1",
        task="multiclass",
        better=Better.HIGHER,
        needs=Needs.DECISIONS,
        undefined="no rows",
        value=_weighted_f1,
    ),
    RankMetric(
        name="roc_auc_ovr",
        task="multiclass",
        better=Better.HIGHER,
        needs=Needs.PROBABILITIES,
        undefined="a class without rows, or without rows of another class: it has no one-versus-rest AUC",
        part=ranking.one_versus_rest,
    ),
    SumMetric(
        name="log_loss",
        task="multiclass",
        better=Better.LOWER,
        needs=Needs.PROBABILITIES,
        high=None,
        undefined="no rows",
        rows=_log_losses,
        value=mean,
    ),
)
