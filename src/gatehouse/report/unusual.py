"""What is unusual of a check, held against the checks that led to the last promotions of the same slot.

A figure is far off where its modified z-score, from the median and the median absolute deviation, is beyond 3.5
(Iglewicz and Hoaglin 1993, "How to Detect and Handle Outliers"). Earlier promotions that all measured nearly the same
would make everything an outlier, so each figure has a noise of its own that the deviation never falls below.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from gatehouse.evaluate.result import Result
from gatehouse.report import figures
from gatehouse.report.context import Earlier
from gatehouse.report.reading import gain, warning
from gatehouse.verdict import TOLERANCE, Measure, Relation

# With fewer promotions nobody knows what is usual; beyond the last so many, it is another time's.
ENOUGH, LAST = 5, 20
FAR = 3.5
# The median absolute deviation of a normal distribution, times this, is its standard deviation.
_SIGMA = 1.4826
# Gaps between promotions are compared as ratios: four times the usual, or a quarter, is far off.
_GAP_NOISE = math.log(4) / FAR
# No table and no artifact has as many rows or bytes: who says so wants something else.
_MOST = 1e15
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))


@dataclass(frozen=True, slots=True)
class _Figure:
    """A figure that every check has: ``noise`` and ``share`` of the usual value are differences that say nothing.

    ``more`` and ``less`` are the words for a value far off; "" where that side is nothing to look at. ``show`` writes a
    value in its unit.
    """

    name: str
    value: float
    show: Callable[[float], str]
    more: str
    less: str
    noise: float = 0.0
    share: float = 0.0
    unit: str = ""


def against(result: Result, earlier: Sequence[Earlier]) -> tuple[str, ...]:
    """A sentence each, plain text, the weightiest first; () where nothing is. ``earlier`` is oldest first."""
    past = earlier[-LAST:]
    if not past:
        return _unknown(result)
    back = _withdrawn(past[-1])
    if len(past) < ENOUGH:
        told = figures.count(len(past), "promotion")
        return (*back, f"only {told} of this slot before: too few to say what is usual")
    checks = [one.result for one in past]
    return (*back, *_worse(result, checks), *_warned(result, checks), *_far_off(result, checks), *_rushed(result, past))


def _unknown(result: Result) -> tuple[str, ...]:
    request = result.request
    if request.previous is not None:
        return ("no earlier promotion of this slot has its evidence on record, so nothing says what is usual",)
    # Without a champion the first line of all says that this is the first.
    return ("the first promotion of this slot",) if request.champion is not None else ()


def _withdrawn(last: Earlier) -> tuple[str, ...]:
    if not last.withdrawn:
        return ()
    return (f"the last promotion of this slot, version {last.result.request.candidate.version}, was rolled back",)


def _worse(result: Result, checks: Sequence[Result]) -> Iterator[str]:
    """The metric itself beside each of the last ones, whatever their spread."""
    mine = _metric(result)
    past = [(check, other) for check in checks if (other := _metric(check)) is not None]
    alike = [(check, other) for check, other in past if mine is not None and _same(mine, other)][-ENOUGH:]
    if mine is None or mine.value is None or len(alike) < ENOUGH:
        return
    values = sorted(other.value for _, other in alike if other.value is not None)
    up = mine.relation is Relation.AT_LEAST
    behind = values[0] - mine.value if up else mine.value - values[-1]
    if behind > TOLERANCE:
        span = f"{figures.number(values[0])} to {figures.number(values[-1])}"
        rows = {check.data.get("evaluation") for check, _ in alike} | {result.data.get("evaluation")}
        where = "" if len(rows) == 1 else ", not all on the same rows"
        side = "below" if up else "above"
        value = figures.value_of(mine)
        yield f"{mine.name} {value} is {side} all of the last {len(alike)} ({span}{where})"


def _metric(result: Result) -> Measure | None:
    """What the accuracy gate measures first, where it is held against a limit."""
    measures = (measure for verdict in result.verdicts if verdict.gate == "accuracy" for measure in verdict.measures)
    held = (measure for measure in measures if measure.relation is not None and _finite(measure.value))
    found = next(held, None)
    return found if found is not None and found.name != "improvement" else None


def _same(one: Measure, other: Measure) -> bool:
    return (one.name, one.unit, one.relation) == (other.name, other.unit, other.relation)


def _warned(result: Result, checks: Sequence[Result]) -> Iterator[str]:
    mine, most = len(warning(result)), max(len(warning(check)) for check in checks)
    if mine > most:
        told = f"at most {most}" if most else "none"
        yield f"{figures.count(mine, 'warning')}, {told} with the last {len(checks)} promotions"


def _far_off(result: Result, checks: Sequence[Result]) -> Iterator[str]:
    past = [{(one.name, one.unit): one for one in _figures(check)} for check in checks]
    for mine in _figures(result):
        values = [here[mine.name, mine.unit] for here in past if (mine.name, mine.unit) in here]
        if len(values) < ENOUGH:
            continue
        middle = median(one.value for one in values)
        side = mine.more if mine.value > middle else mine.less
        if side and far([one.value for one in values], mine.value, max(mine.noise, mine.share * abs(middle))):
            usual = f"median of {len(values)}: {mine.show(middle)}"
            yield f"{mine.name}{mine.show(mine.value)} is {side} than usual ({usual})"


def far(values: Sequence[float], value: float, noise: float) -> bool:
    """Whether a value is beyond what the others let expect; ``noise`` is the least deviation that they are given."""
    middle = median(values)
    spread = max(_SIGMA * median([abs(one - middle) for one in values]), noise)
    return abs(value - middle) > FAR * spread


def _figures(result: Result) -> Iterator[_Figure]:
    """Those that can be compared from check to check."""
    found = gain(result)
    if found is not None and found.difference and _finite(found.measure.value):
        yield _gained(found.metric, found.measure)
    time = _first(result, "latency", lambda measure: measure.unit == "ms")
    if time is not None and time.value is not None:
        # Another machine, or the same one on another day, is no news.
        yield _Figure(f"latency {time.name} ", time.value, _in("ms"), "slower", "faster", 1.0, 0.1, "ms")
    shift = _largest_shift(result)
    if shift is not None:
        yield _Figure("largest PSI ", shift, figures.number, "larger", "", 0.02)
    if 0 < result.rows < _MOST:
        yield _Figure("an evaluation on ", result.rows, _rows, "larger", "smaller", 0.5, 0.05, "rows")
    if 0 < result.candidate.bytes < _MOST:
        yield _Figure("artifact of ", result.candidate.bytes, _size, "larger", "smaller", 1e4, 0.05, "B")


def _gained(metric: str, measure: Measure) -> _Figure:
    # Of an interval of two standard errors to either side, a quarter is one.
    noise = (measure.interval.high - measure.interval.low) / 4 if measure.interval else 0.0
    show, name = _in(measure.unit), f"gain in {metric} of " if metric else "gain of "
    return _Figure(
        name,
        measure.value or 0.0,
        lambda value: ("+" if value > 0 else "") + show(value),
        "larger",
        "smaller",
        noise,
        0.05,
        measure.unit,
    )


def _in(unit: str) -> Callable[[float], str]:
    return lambda value: figures.with_unit(figures.number(value), unit)


def _rows(value: float) -> str:
    return figures.count(round(value), "labelled row")


def _size(value: float) -> str:
    return figures.size(round(value))


def _first(result: Result, gate: str, wanted: Callable[[Measure], bool]) -> Measure | None:
    """The gate's first such measure that has a limit, else its first without one."""
    measures = [
        measure
        for verdict in result.verdicts
        if verdict.gate == gate
        for measure in verdict.measures
        if _finite(measure.value) and wanted(measure)
    ]
    return next((measure for measure in measures if measure.limit is not None), next(iter(measures), None))


def _largest_shift(result: Result) -> float | None:
    values = [
        measure.value
        for verdict in result.verdicts
        if verdict.gate == "drift"
        for measure in verdict.measures
        if measure.value is not None and _finite(measure.value) and measure.name.lower().startswith("psi of ")
    ]
    return max(values, default=None)


def _rushed(result: Result, past: Sequence[Earlier]) -> Iterator[str]:
    """The time since the last promotion beside the usual time between two."""
    gaps = [(later.at - one.at).total_seconds() for one, later in pairwise(past)]
    mine = (result.evaluated - past[-1].at).total_seconds()
    if len(gaps) < ENOUGH - 1 or min(mine, *gaps) < 1:
        return
    middle = median(gaps)
    if far([math.log(gap) for gap in gaps], math.log(mine), _GAP_NOISE):
        side = "later" if mine > middle else "sooner"
        yield f"{_span(mine)} after the last promotion, {side} than usual (median {_span(middle)})"


def _span(seconds: float) -> str:
    """``3 h``, ``21 d``: as people say how long ago something was."""
    return next((f"{seconds // size:,.0f} {unit}" for unit, size in _UNITS if seconds >= 2 * size), f"{seconds:.0f} s")


def _finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
