"""Metrics of a numeric label."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from gatehouse.errors import NotFound
from gatehouse.evaluate.statistics.binary import divided, mean
from gatehouse.evaluate.statistics.metric import Better, Metric, Needs, SumMetric
from gatehouse.evaluate.statistics.rows import Floats, Plan


def _squared(label: Floats, prediction: Floats, _: Plan) -> Floats:
    return np.square(label - prediction)[:, None]


def _absolute(label: Floats, prediction: Floats, _: Plan) -> Floats:
    return np.abs(label - prediction)[:, None]


def _relative(label: Floats, prediction: Floats, _: Plan) -> Floats:
    """|error| / |label|, and how many labels are 0: one such row makes the mean meaningless."""
    zero = label == 0
    return np.stack([np.abs(label - prediction) / np.where(zero, 1.0, np.abs(label)), zero.astype(float)], axis=1)


def _r2_terms(label: Floats, prediction: Floats, _: Plan) -> Floats:
    return np.stack([np.square(label - prediction), label, np.square(label)], axis=1)


def _r2_translation(delta: float) -> Floats:
    """(1, e², y, y²) after y has become y + delta."""
    return np.array([[1, 0, 0, 0], [0, 1, 0, 0], [delta, 0, 1, 0], [delta**2, 0, 2 * delta, 1]], float)


def _rmse(n: Floats, sums: Floats) -> Floats:
    return np.sqrt(mean(n, sums))


def _mape(n: Floats, sums: Floats) -> Floats:
    return np.where(sums[..., 1] > 0, np.nan, mean(n, sums))


def _r2(n: Floats, sums: Floats) -> Floats:
    residual, total, squares = sums[..., 0], sums[..., 1], sums[..., 2]
    spread = squares - divided(np.square(total), n)
    # What rounding leaves of labels that are all the same is not a spread.
    flat = spread <= 1e-13 * np.abs(squares)
    return np.where(flat, np.nan, 1 - divided(residual, spread))


def _metric(name: str, rows: object, value: object = mean, **more: object) -> SumMetric:
    given: dict[str, object] = {
        "name": name,
        "task": "regression",
        "better": Better.LOWER,
        "needs": Needs.VALUES,
        "high": None,
        "undefined": "no rows",
        "rows": rows,
        "value": value,
    }
    return SumMetric(**{**given, **more})  # type: ignore[arg-type]


def _pinball(name: str, quantile: float) -> SumMetric:
    """Koenker and Bassett (1978)."""

    def rows(label: Floats, prediction: Floats, _: Plan) -> Floats:
        error = label - prediction
        return np.maximum(quantile * error, (quantile - 1) * error)[:, None]

    return _metric(name, rows)


METRICS: tuple[Metric, ...] = (
    _metric("rmse", _squared, _rmse),
    _metric("mae", _absolute),
    _metric("mape", _relative, _mape, width=2, undefined="a label is 0, and a share of nothing is no number"),
    _metric(
        "r2",
        _r2_terms,
        _r2,
        width=3,
        translation=_r2_translation,
        better=Better.HIGHER,
        low=None,
        high=1.0,
        undefined="the labels do not vary",
    ),
    _pinball("quantile_loss", 0.5),
)


@cache
def quantile_loss(quantile: str) -> SumMetric:
    """The loss of one quantile, under the name ``quantile_loss@`` and the quantile as written; without one, the
    median's. Raises NotFound for what is no quantile."""
    name = f"quantile_loss@{quantile}"
    try:
        level = float(quantile)
    except ValueError:
        level = math.nan
    if not 0 < level < 1:
        raise NotFound(f"no regression metric {name!r}", "a quantile lies between 0 and 1: quantile_loss@0.9")
    return _pinball(name, level)
