"""``gatehouse gates --metrics``: what a policy may write behind ``metric:``, by task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from gatehouse.cli.frame import DONE, Settings, emit

if TYPE_CHECKING:
    from gatehouse.evaluate.statistics.metric import Metric


class Listed(msgspec.Struct, frozen=True):
    """One metric, as --format json prints it: ``low`` and ``high`` end its range, null for no end; ``origin`` is the
    file of a metric of one's own."""

    name: str
    task: str
    better: str
    needs: str
    low: float | None
    high: float | None
    origin: str | None = None


def show(settings: Settings) -> int:
    """Lists the built-in metrics, and those of the working tree."""
    from gatehouse.declare.source import WorkTree
    from gatehouse.evaluate.own import discover
    from gatehouse.evaluate.statistics import metrics

    own = discover(WorkTree(settings.repository.root))
    origins = {file.name: file.origin for file in own.files}
    every = {**metrics.builtin(), **metrics.added(own)}
    listed = [_listed(metric, origins.get(metric.name)) for metric in every.values()]
    emit(settings, listed, _table(sorted(listed, key=lambda one: one.task)))
    return DONE


def _listed(metric: Metric, origin: str | None) -> Listed:
    return Listed(metric.name, metric.task, metric.better, metric.needs, metric.low, metric.high, origin)


def _table(listed: list[Listed]) -> Any:
    from rich.table import Column, Table

    origin = Column("from", no_wrap=True)
    table = Table("task", "metric", "better", "range", "the model answers", origin, box=None, padding=(0, 2, 0, 0))
    for one in listed:
        name = f"{one.name} (or @0.9)" if one.name == "quantile_loss" else one.name
        table.add_row(one.task, name, one.better, _range(one), one.needs, one.origin or "gatehouse")
    return table


def _range(one: Listed) -> str:
    if one.low is None:
        return "any number" if one.high is None else f"up to {one.high:g}"
    return f"{one.low:g} and up" if one.high is None else f"{one.low:g} to {one.high:g}"
