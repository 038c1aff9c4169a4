"""Latency percentiles with intervals that assume nothing about the shape of the tail.

Samples are completion minus *intended* start, whoever measures them: a server that stalls must not be excused from
the requests that it kept waiting. Kernels of several runs are merged; percentiles are never averaged.
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from gatehouse.evaluate.statistics.distribution import Distribution, Values
from gatehouse.evaluate.statistics.intervals import order_statistics, samples_needed
from gatehouse.evaluate.statistics.results import Estimate
from gatehouse.verdict import Interval

PERCENTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}


class Percentile(msgspec.Struct, frozen=True):
    """``estimate`` in milliseconds. Each end of its interval is a one-sided bound, so that its upper end is the bound
    that a budget is held against. ``needed`` is how many samples an upper bound takes."""

    name: str
    estimate: Estimate
    needed: int


class Latency(msgspec.Struct, frozen=True):
    """``curve`` has (percent, milliseconds) points up to the last percentile that the samples reach."""

    n: int
    percentiles: tuple[Percentile, ...]
    mean: float | None
    max: float | None
    failed: int = 0
    curve: tuple[tuple[float, float], ...] = ()

    def percentile(self, name: str) -> Estimate:
        """``p50``, ``p90``, ``p95``, ``p99``, ``p99.9``. Raises KeyError for another."""
        return {one.name: one.estimate for one in self.percentiles}[name]


class LatencyKernel:
    """Collects latencies in milliseconds. A request that failed, or never ended, is NaN: counted, and never quick."""

    def __init__(self) -> None:
        self._values = Distribution()

    def update(self, milliseconds: npt.ArrayLike) -> None:
        self._values.update(np.asarray(milliseconds, float))

    def merge(self, other: LatencyKernel) -> None:
        self._values.merge(other._values)

    def finish(self, confidence: float = 0.95) -> Latency:
        values = self._values.finish()
        if not values.n:
            none = Estimate.absent("no request was answered")
            found = tuple(Percentile(name, none, samples_needed(p, confidence)) for name, p in PERCENTILES.items())
            return Latency(0, found, None, None, values.missing)
        mean = float((values.values * values.counts).sum() / values.n)
        found = tuple(_percentile(values, name, p, confidence) for name, p in PERCENTILES.items())
        return Latency(values.n, found, mean, float(values.values[-1]), values.missing, _curve(values))

    def to_bytes(self) -> bytes:
        return self._values.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> LatencyKernel:
        made = cls()
        made._values = Distribution.from_bytes(data)
        return made


def latency(milliseconds: npt.ArrayLike, confidence: float = 0.95) -> Latency:
    """Percentiles of (n,) latencies."""
    kernel = LatencyKernel()
    kernel.update(milliseconds)
    return kernel.finish(confidence)


def _percentile(values: Values, name: str, p: float, confidence: float) -> Percentile:
    needed = samples_needed(p, confidence)
    low, high = order_statistics(values.n, p, confidence)
    value = float(values.quantiles(p))
    if high is None:
        note = f"{values.n:,} samples; an upper bound of {name} takes {needed:,}"
        return Percentile(name, Estimate(value, None, values.n, note, value * values.relative_error), needed)
    total = values.cumulative[1:]
    ends = [float(values.values[np.searchsorted(total, index, "right")]) for index in (low or 0, high)]
    interval = Interval(ends[0], ends[1], round(2 * confidence - 1, 12))
    return Percentile(name, Estimate(value, interval, values.n, "", value * values.relative_error), needed)


def _curve(values: Values, points: int = 120) -> tuple[tuple[float, float], ...]:
    """Evenly spaced on the log scale of 1 - p, which is how a tail is looked at."""
    last = min(0.9999, 1 - 1 / values.n) if values.n > 1 else 0.5
    beyond = np.geomspace(1.0, 1 - last, points)
    at = values.quantiles(1 - beyond)
    return tuple((round(100 * (1 - far), 4), float(ms)) for far, ms in zip(beyond.tolist(), at.tolist(), strict=True))
