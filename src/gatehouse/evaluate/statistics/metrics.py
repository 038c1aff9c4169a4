"""The metrics by task and name: those that come with gatehouse, and beside them a team's own.

A team's own are handed in wherever they count (``Plan.own``): what one repository brings, another never sees.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache

from gatehouse.errors import GatehouseError, NotFound
from gatehouse.evaluate.statistics import binary, multiclass, regression
from gatehouse.evaluate.statistics.loading import load
from gatehouse.evaluate.statistics.metric import Metric
from gatehouse.evaluate.statistics.own import NONE, Own, Source


@cache
def builtin() -> Mapping[tuple[str, str], Metric]:
    """The metrics that come with gatehouse, by task and name."""
    metrics = (*binary.METRICS, *multiclass.METRICS, *regression.METRICS)
    return {(metric.task, metric.name): metric for metric in metrics}


def added(own: Own) -> Mapping[tuple[str, str], Metric]:
    """A team's own, by task and name. Raises GatehouseError for one that does not load, or takes a built-in name."""
    return {(metric.task, metric.name): metric for metric in map(_added, own.files)}


def _added(file: Source) -> Metric:
    if any(name == file.name for _, name in builtin()):
        raise GatehouseError(
            f"{file.origin}: {file.name} is a metric that comes with gatehouse",
            "give yours another name: in a report nobody could tell the two apart",
        )
    return load(file)


def names(task: str, own: Own = NONE) -> tuple[str, ...]:
    """The metrics of a task."""
    return tuple(name for kind, name in (*builtin(), *added(own)) if kind == task)


def get(name: str, task: str, own: Own = NONE) -> Metric:
    """The metric that a policy names; ``quantile_loss@0.9`` is the loss of the 0.9 quantile.

    Raises NotFound for a metric that the task does not have, with the nearest names.
    """
    found = builtin().get((task, name)) or _at(name, task) or added(own).get((task, name))
    if found is None:
        near = difflib.get_close_matches(name, names(task, own), 3)
        raise NotFound(f"no {task} metric {name!r}", f"use {' or '.join(near or names(task, own))}")
    return found


def known(name: str, task: str, own: Own = NONE) -> bool:
    """Whether the task has that metric."""
    try:
        get(name, task, own)
    except NotFound:
        return False
    return True


def _at(name: str, task: str) -> Metric | None:
    """A metric with its parameter written behind an @; only the quantile loss has one."""
    family, at, parameter = name.partition("@")
    return regression.quantile_loss(parameter) if at and (task, family) == ("regression", "quantile_loss") else None
