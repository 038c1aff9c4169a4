"""A team's own metric from its source: loaded, tried on small figures, and held to what it promises ever after.

A value that is not finite counts as none at all, so that nothing passes on it; an array of the wrong shape, and
whatever a metric raises, is an error that names the metric's file and line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any, get_args

import numpy as np

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.code import line_in, run
from gatehouse.evaluate.statistics.metric import Better, CountMetric, Needs, SumMetric, Task
from gatehouse.evaluate.statistics.own import Source
from gatehouse.evaluate.statistics.rows import Floats, Plan

_EXAMPLE = "see docs/examples/metrics for two that work"


@lru_cache(maxsize=256)
def load(source: Source) -> CountMetric | SumMetric:
    """The metric of one file. Known by its code, so two repositories with a metric of one name never share it.

    Raises GatehouseError, naming file and line, for a file that does not load, has no METRIC or no docstring, promises
    what it does not keep, or bears another name than its metric.
    """
    module = run(f"gates.metrics.{source.name}", source.origin, source.code, "metric")
    metric = getattr(module, "METRIC", None)
    if not isinstance(metric, CountMetric | SumMetric) or not module.__doc__:
        raise GatehouseError(
            f"{source.origin}: a metric needs a docstring and METRIC, a CountMetric or a SumMetric"
            f"{f', not {type(metric).__name__}' if metric is not None else ''}",
            _EXAMPLE,
        )
    _described(metric, source)
    guarded = _guarded(metric, source.origin)
    _try(guarded)
    return guarded


def _described(metric: CountMetric | SumMetric, source: Source) -> None:
    """What a metric says of itself, in the words that the statistics know."""
    said = {
        "name": (metric.name, (source.name,)),
        "task": (metric.task, get_args(Task)),
        "better": (metric.better, tuple(Better)),
        "needs": (metric.needs, tuple(Needs)),
    }
    for field, (value, allowed) in said.items():
        if value not in allowed:
            raise GatehouseError(
                f"{source.origin}: METRIC.{field} is {value!r}", f"write {' or '.join(map(repr, map(str, allowed)))}"
            )
    if isinstance(metric, CountMetric) and metric.task == "regression":
        raise GatehouseError(f"{source.origin}: a regression has no classes to count", "make it a SumMetric")
    if isinstance(metric, SumMetric) and not (type(metric.width) is int and metric.width >= 1):
        raise GatehouseError(f"{source.origin}: METRIC.width is {metric.width!r}", "say how many figures a row has")


def _guarded(metric: CountMetric | SumMetric, origin: str) -> CountMetric | SumMetric:
    """The same metric, whose functions answer arrays of the promised shape or raise GatehouseError."""
    if isinstance(metric, CountMetric):
        rate = None if metric.rate is None else _Rate(metric.rate, origin, metric.name)
        return replace(metric, value=_OfTables(metric.value, origin, metric.name), rate=rate)
    rows = _OfRows(metric.rows, origin, metric.name, metric.width)
    return replace(metric, value=_OfSums(metric.value, origin, metric.name), rows=rows)


class _Guard:
    """One of a metric's functions, called as the statistics call it."""

    def __init__(self, function: Callable[..., Any], origin: str, name: str, width: int = 1) -> None:
        self._function, self._origin, self._name, self._width = function, origin, name, width

    def _called(self, *given: Any) -> Any:
        try:
            with np.errstate(all="ignore"):
                return self._function(*given)
        except (Exception, SystemExit) as error:
            where = line_in(self._origin, self._origin, error)
            raise GatehouseError(
                f"{where}: metric {self._name}: {type(error).__name__}: {error}", "mend the metric"
            ) from error

    def _shaped(self, answer: Any, shape: tuple[int, ...], what: str) -> Floats:
        try:
            array = np.asarray(answer, float)
        except (TypeError, ValueError) as error:
            raise GatehouseError(f"{self._origin}: metric {self._name}: {what} is no array of numbers", "") from error
        if array.shape != shape:
            raise GatehouseError(
                f"{self._origin}: metric {self._name}: {what} has the shape {array.shape}, not {shape}",
                "count along the last axes only: everything before them is many tables or sums at once",
            )
        return array


class _OfTables(_Guard):
    def __call__(self, tables: Floats) -> Floats:
        answer = self._shaped(self._called(tables), tables.shape[:-2], "value")
        return np.where(np.isfinite(answer), answer, np.nan)


class _Rate(_Guard):
    def __call__(self, tables: Floats) -> tuple[Floats, Floats]:
        answer = self._called(tables)
        if not isinstance(answer, tuple) or len(answer) != 2:
            raise GatehouseError(f"{self._origin}: metric {self._name}: rate is no pair of hits and trials", _EXAMPLE)
        hits, trials = answer
        return self._shaped(hits, tables.shape[:-2], "hits"), self._shaped(trials, tables.shape[:-2], "trials")


class _OfRows(_Guard):
    def __call__(self, label: Floats, prediction: Floats, plan: Plan) -> Floats:
        return self._shaped(self._called(label, prediction, plan), (len(label), self._width), "rows")


class _OfSums(_Guard):
    def __call__(self, n: Floats, sums: Floats) -> Floats:
        answer = self._shaped(self._called(n, sums), np.shape(n), "value")
        # One row without a figure leaves the sum without one, whatever the metric makes of that.
        known = np.isfinite(answer) & np.isfinite(np.asarray(sums)).all(axis=-1)
        return np.where(known, answer, np.nan)


def _try(metric: CountMetric | SumMetric) -> None:
    """Calls every function as the statistics will: over all rows, by group, and over replicates of two models."""
    classes = 3 if metric.task == "multiclass" else 2
    shapes: tuple[tuple[int, ...], ...] = ((), (1,), (4,), (5, 2))
    if isinstance(metric, CountMetric):
        for leading in shapes[1:]:
            table = np.arange(1.0, 1 + classes * classes).reshape(classes, classes)
            tables = np.broadcast_to(table, (*leading, classes, classes)).copy()
            metric.value(tables)
            if metric.rate is not None:
                metric.rate(tables)
        return
    label = np.arange(6.0) % classes
    prediction = np.full((6, classes), 1 / classes) if metric.task == "multiclass" else np.full(6, 0.5)
    plan = Plan(metric.task, (metric.name,), classes=classes)
    sums = metric.rows(label, prediction, plan).sum(axis=0)
    for leading in shapes:
        metric.value(np.full(leading, 6.0), np.broadcast_to(sums, (*leading, metric.width)).copy())
