"""The candidate answers within its latency budget, under the load that production sees.

Single rows of the evaluation data arrive at the policy's rate whether or not the last one was answered, and each is
timed from when it was meant to start, outside the model's process. The champion is measured in the same run, in turns,
so that a busy machine slows both; `max_ratio` holds the candidate to it.
"""

import math

from gatehouse.evaluate.evidence import CANDIDATE, CHAMPION, Evidence
from gatehouse.evaluate.gates import Thresholds
from gatehouse.evaluate.statistics.latency import PERCENTILES, Latency
from gatehouse.evaluate.timed import Timed
from gatehouse.verdict import (
    Curve,
    Interval,
    Measure,
    Outcome,
    Relation,
    Verdict,
    at_least,
    at_most,
    judged,
    shown,
    within,
)

_BUDGETS = {f"{name.replace('.', '_')}_ms": name for name in PERCENTILES}

THRESHOLDS = {
    "type": "object",
    "additionalProperties": False,
    "examples": [{"p95_ms": 50, "rate_per_s": 100, "duration_s": 10}],
    "properties": {
        **{
            key: {"type": "number", "exclusiveMinimum": 0, "description": f"Budget of the {name}, in milliseconds."}
            for key, name in _BUDGETS.items()
        },
        "max_ratio": {
            "type": "number",
            "exclusiveMinimum": 0,
            "description": "Largest ratio of the candidate's p95 to the champion's.",
        },
        "rate_per_s": {
            "type": "number",
            "exclusiveMinimum": 0,
            "default": 50,
            "description": "Requests a second, as production sees them.",
        },
        "duration_s": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 3600,
            "default": 10,
            "description": "How long each model is measured, in seconds.",
        },
        "warmup_s": {
            "type": "number",
            "minimum": 0,
            "default": 1,
            "description": "How long each is loaded before that, in seconds.",
        },
    },
}


def check(evidence: Evidence, thresholds: Thresholds) -> Verdict:
    timed = evidence.latency(thresholds["rate_per_s"], thresholds["duration_s"], thresholds["warmup_s"])
    mine, theirs = timed[CANDIDATE], timed.get(CHAMPION)
    return judged(
        [
            *_budgets(mine, theirs, thresholds),
            *_ratio(mine, theirs, thresholds),
            *_answered(mine),
            *_seen(mine, theirs, thresholds),
        ],
        _summary(mine, theirs),
        advice=["make the model smaller, batch its work, or agree on another budget with whoever calls it"],
        notes=_notes(timed),
        exhibits=[_curve(timed, thresholds)],
    )


def _answered(mine: Timed) -> list[Measure]:
    failed, sent = mine.errors + mine.unanswered, mine.latency.n + mine.latency.failed
    answered = at_most("requests that failed or got no answer", failed, 0, rows=sent)
    return [answered] if sent else [answered, at_least("requests", 0, 1, note="raise rate_per_s or duration_s")]


def _budgets(mine: Timed, theirs: Timed | None, thresholds: Thresholds) -> list[Measure]:
    return [
        _budget(name, mine.latency, theirs.latency if theirs else None, thresholds[key])
        for key, name in _BUDGETS.items()
        if key in thresholds
    ]


def _budget(name: str, mine: Latency, theirs: Latency | None, limit: float) -> Measure:
    """Held by the measured percentile and its bounds: beyond the limit fails, unless its lower bound is within; within
    the limit passes, warns where its upper bound is beyond, and decides nothing with too few samples for a bound."""
    found = mine.percentile(name)
    interval = found.interval
    if not within(found.value, limit, Relation.AT_MOST):
        proven = interval is None or interval.low > limit
        outcome = Outcome.FAIL if proven else Outcome.INSUFFICIENT
    elif interval is None:
        outcome = Outcome.INSUFFICIENT
    else:
        outcome = Outcome.PASS if within(interval.high, limit, Relation.AT_MOST) else Outcome.WARN
    return Measure(
        name,
        found.value,
        outcome,
        limit=limit,
        relation=Relation.AT_MOST,
        interval=interval,
        champion=theirs.percentile(name).value if theirs else None,
        rows=found.n,
        unit="ms",
        note=found.note,
    )


def _ratio(mine: Timed, theirs: Timed | None, thresholds: Thresholds) -> list[Measure]:
    if theirs is None or "max_ratio" not in thresholds:
        return []
    a, b = mine.latency.percentile("p95"), theirs.latency.percentile("p95")
    value = a.value / b.value if a.value is not None and b.value else None
    interval = None
    if a.interval and b.interval and b.interval.low > 0:
        interval = Interval(a.interval.low / b.interval.high, a.interval.high / b.interval.low, a.interval.confidence)
    return [at_most("p95 against the champion's", value, thresholds["max_ratio"], interval=interval, unit="x")]


def _seen(mine: Timed, theirs: Timed | None, thresholds: Thresholds) -> list[Measure]:
    rest = [name for key, name in _BUDGETS.items() if key not in thresholds and name != "p99.9"]
    return [
        *(
            shown(
                name,
                mine.latency.percentile(name).value,
                champion=theirs.latency.percentile(name).value if theirs else None,
                unit="ms",
            )
            for name in rest
        ),
        shown("slowest", mine.latency.max, champion=theirs.latency.max if theirs else None, unit="ms"),
        shown("throughput", mine.achieved_per_s, champion=theirs.achieved_per_s if theirs else None, unit="/s"),
    ]


def _summary(mine: Timed, theirs: Timed | None) -> str:
    def said(timed: Timed) -> str:
        value = timed.latency.percentile("p95").value
        return f"{value:.1f} ms" if value is not None and math.isfinite(value) else "without an answer"

    against = f", the champion {said(theirs)}" if theirs else ""
    late = "; it cannot keep up with the load" if mine.overloaded else ""
    return f"p95 {said(mine)}{against}, at {mine.offered_per_s:.0f} requests/s{late}"


def _notes(timed: dict[str, Timed]) -> list[str]:
    throttled = sum(one.throttled or 0 for one in timed.values())
    jitter = max(one.jitter_ms for one in timed.values())
    notes = [f"the load generator itself was up to {jitter:.2f} ms late in 99 % of requests; latencies include that"]
    if throttled:
        notes.append(f"the machine denied us the processor {throttled} times meanwhile; figures are too high")
    return notes


def _curve(timed: dict[str, Timed], thresholds: Thresholds) -> Curve:
    """How slow the slowest share of requests is: the further right, the rarer."""
    series = {
        # Requests without an answer are infinitely slow: the line ends where they begin.
        who: [(100 / max(100 - percent, 1e-3), ms) for percent, ms in one.latency.curve if math.isfinite(ms)]
        for who, one in timed.items()
    }
    limits = {f"{name} budget": thresholds[key] for key, name in _BUDGETS.items() if key in thresholds}
    return Curve("Latency", "one request in …", "milliseconds", series, x_log=True, y_log=True, limits=limits)
