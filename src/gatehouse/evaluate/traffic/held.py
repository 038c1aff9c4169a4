"""Figures of live traffic as measures: there is enough of it, or not yet; a rate keeps its limit, or breaks it, or is
not known well enough to say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gatehouse.evaluate.traffic.traffic import Traffic
from gatehouse.verdict import Interval, Measure, Outcome, Relation, within


def enough(name: str, value: float, wanted: float, **more: Any) -> Measure:
    """Less than is wanted decides nothing: there may be more tomorrow."""
    outcome = Outcome.PASS if within(value, wanted, Relation.AT_LEAST) else Outcome.INSUFFICIENT
    return Measure(name, value, outcome, wanted, Relation.AT_LEAST, **more)


def rate(name: str, hits: int, trials: int, limit: float, confidence: float) -> Measure:
    """A share that must not be large, by Wilson's bounds, each at ``confidence``. No trials decide nothing."""
    from gatehouse.evaluate.statistics.intervals import one_sided, wilson

    if not trials:
        return Measure(name, None, Outcome.INSUFFICIENT, limit, Relation.AT_MOST, rows=0)
    low, high = (float(end) for end in wilson(hits, trials, one_sided(confidence)))
    interval = Interval(low, high, round(2 * confidence - 1, 12))
    return bounded(name, hits / trials, interval, limit, rows=trials)


def bounded(name: str, value: float | None, interval: Interval | None, limit: float, **more: Any) -> Measure:
    """At most the limit: proven by the upper end, refuted by the lower one, undecided between."""
    outcome = Outcome.INSUFFICIENT
    if interval is not None and value is not None:
        if within(interval.high, limit, Relation.AT_MOST):
            outcome = Outcome.PASS
        elif not within(interval.low, limit, Relation.AT_MOST):
            outcome = Outcome.FAIL
    return Measure(name, value, outcome, limit, Relation.AT_MOST, interval=interval, **more)


def missed(measures: Sequence[Measure]) -> list[Measure]:
    """Those of which there is not enough yet."""
    return [one for one in measures if one.outcome is Outcome.INSUFFICIENT and one.relation is Relation.AT_LEAST]


def left_out(traffic: Traffic, repeated: int, future: int) -> list[str]:
    """What of the log did not count, in words."""
    notes = []
    if traffic.skipped:
        files = ", ".join(traffic.skipped[:3])
        more = f" and {len(traffic.skipped) - 3} more" if len(traffic.skipped) > 3 else ""
        notes.append(f"cut off by a crash, and skipped: {files}{more}; nobody knows what they held")
    if repeated:
        notes.append(f"{repeated:,} rows repeat a request, and count once")
    if future:
        notes.append(f"{future:,} rows are from the future, and do not count: look at the clocks of the machines")
    return notes
