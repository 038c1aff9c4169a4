"""The metrics by task and name. A team adds its own as a count or sum metric with ``register``."""

from __future__ import annotations

import difflib
from functools import cache

from gatehouse.errors import NotFound
from gatehouse.evaluate.statistics import binary, multiclass, regression
from gatehouse.evaluate.statistics.metric import CountMetric, Metric, SumMetric


@cache
def _registry() -> dict[tuple[str, str], Metric]:
    found: dict[tuple[str, str], Metric] = {}
    for metric in (*binary.METRICS, *multiclass.METRICS, *regression.METRICS):
        found[metric.task, metric.name] = metric
    return found


def register(metric: CountMetric | SumMetric) -> None:
    """Adds a team's own metric under its name and task, over one that is there."""
    _registry()[metric.task, metric.name] = metric


def names(task: str) -> tuple[str, ...]:
    """The metrics of a task."""
    return tuple(name for kind, name in _registry() if kind == task)


def get(name: str, task: str) -> Metric:
    """Raises NotFound for a metric that the task does not have, with the nearest names."""
    found = _registry().get((task, name))
    if found is None:
        near = difflib.get_close_matches(name, names(task), 3)
        raise NotFound(f"no {task} metric {name!r}", f"use {' or '.join(near or names(task))}")
    return found
