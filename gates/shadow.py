"""This very version answered live traffic in the shadow: long enough, without trouble, and close to the champion.

The router gives a share of the requests to the shadow too and logs both answers; callers never see the shadow's. Hours,
volume, errors and latency are held to their limits, and so is how far the shadow's answers are from the champion's, for
all requests and by group; where outcomes are known, a metric is compared on the same requests. Whoever asks for the
shadow itself needs none yet, and where nothing serves there is no traffic to shadow.
"""

from collections.abc import Sequence
from datetime import timedelta

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.gates import Thresholds
from gatehouse.evaluate.statistics.pairs import Divergence
from gatehouse.evaluate.statistics.results import Conclusion
from gatehouse.evaluate.traffic import telling
from gatehouse.evaluate.traffic.held import bounded, enough, left_out, missed, rate
from gatehouse.evaluate.traffic.shadowed import Shadowed
from gatehouse.pin import Role
from gatehouse.verdict import (
    Interval,
    Measure,
    Outcome,
    Relation,
    Verdict,
    judged,
    plainly,
    shown,
    within,
)

_SHARE = {"type": "number", "minimum": 0, "maximum": 1}
THRESHOLDS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "min_hours": {"type": "number", "minimum": 0, "default": 24, "description": "Hours with requests, at least."},
        "seasonal": {
            "type": "boolean",
            "default": False,
            "description": "Whether the traffic has a week: asks for seven days, every weekday among them.",
        },
        "min_requests": {
            "type": "integer",
            "minimum": 1,
            "default": 1000,
            "description": "Requests that were asked of the shadow, at least, and as many beside this champion.",
        },
        "warmup_min": {
            "type": "number",
            "minimum": 0,
            "default": 10,
            "description": "Minutes after its first request that do not count.",
        },
        "max_error_rate": {**_SHARE, "default": 0.01, "description": "Share of requests without a usable answer."},
        "max_dropped": {**_SHARE, "default": 0.1, "description": "Share of requests that a full queue let go."},
        "max_latency_ratio": {
            "type": "number",
            "exclusiveMinimum": 0,
            "description": "Largest ratio of the shadow's p95 to the champion's.",
        },
        "max_disagreement": {**_SHARE, "description": "Share of decisions other than the champion's, in any group."},
        "max_psi": {
            "type": "number",
            "exclusiveMinimum": 0,
            "default": 0.25,
            "description": "Largest PSI of the shadow's scores against the champion's.",
        },
        "metric": {
            "type": "string",
            "description": "What is measured where outcomes are known, such as roc_auc or rmse.",
        },
        "min_improvement": {
            "type": "number",
            "default": 0,
            "description": "By how much the champion must be beaten in it; negative: by how much it may be missed.",
        },
        "confidence": {
            "type": "number",
            "exclusiveMinimum": 0.5,
            "exclusiveMaximum": 1,
            "default": 0.95,
            "description": "Confidence of each bound.",
        },
    },
}
_WEEK = 7
_OUTCOMES = {Conclusion.PROVEN: Outcome.PASS, Conclusion.REFUTED: Outcome.FAIL}


def check(evidence: Evidence, thresholds: Thresholds) -> Verdict:
    request = evidence.request
    if request.role is Role.SHADOW:
        return plainly(
            Outcome.PASS, "asks for the shadow itself, where it harms nobody; what it does there is judged next"
        )
    if request.champion is None:
        return plainly(Outcome.WARN, "nothing serves yet, so there was no traffic to shadow")
    if "max_disagreement" in thresholds and evidence.policy.task == "regression":
        raise GatehouseError("a regression decides nothing to disagree on", "take out gates.shadow.max_disagreement")
    warmup, metric = timedelta(minutes=thresholds["warmup_min"]), thresholds.get("metric")
    found = evidence.traffic.shadow(warmup, metric, thresholds["confidence"])
    return _never(evidence) if found is None else _judged(evidence, found, thresholds)


def _never(evidence: Evidence) -> Verdict:
    request, others = evidence.request, evidence.traffic.others("shadow")
    elsewhere = f"; version {request.candidate.version} was, {' and '.join(others)}" if others else ""
    return plainly(
        Outcome.FAIL,
        f"{request.candidate} has not been in the shadow of {request.slot.label}, or only to warm up{elsewhere}",
        f"declare the version as shadow: gatehouse propose {request.slot.model} {request.candidate.version} "
        f"--to {request.slot.label} --as shadow",
        notes=left_out(evidence.traffic, 0, 0),
    )


def _judged(evidence: Evidence, found: Shadowed, thresholds: Thresholds) -> Verdict:
    covered = _covered(found, thresholds)
    apart = _apart(found, thresholds)
    counted = found.counted
    measures = [
        *covered,
        rate("errors", counted.failed, counted.asked, thresholds["max_error_rate"], thresholds["confidence"]),
        rate(
            "dropped",
            counted.dropped,
            counted.asked + counted.dropped,
            thresholds["max_dropped"],
            thresholds["confidence"],
        ),
        *_latency(found, thresholds),
        *apart,
        *_outcomes(found, thresholds),
    ]
    return judged(
        measures,
        telling.summary(found),
        advice=[*_advice(covered), *_trouble(measures)],
        notes=[
            *left_out(evidence.traffic, counted.repeated, counted.future),
            *telling.notes(found, evidence.traffic.now),
        ],
        exhibits=[telling.requests(found.coverage), *telling.groups(found, thresholds.get("max_disagreement"))],
    )


def _covered(found: Shadowed, thresholds: Thresholds) -> list[Measure]:
    coverage, counted = found.coverage, found.counted
    week = [
        enough("days from first to last", coverage.span / timedelta(days=1), _WEEK, unit="d"),
        enough("weekdays", sum(n > 0 for n in coverage.weekdays), _WEEK),
    ]
    return [
        enough("hours with requests", coverage.hours, thresholds["min_hours"], unit="h"),
        *(week if thresholds["seasonal"] else []),
        enough("requests", counted.asked, thresholds["min_requests"]),
        enough("requests beside this champion", counted.compared, thresholds["min_requests"]),
        shown("hours of the day, of 24", sum(n > 0 for n in coverage.of_day)),
    ]


def _latency(found: Shadowed, thresholds: Thresholds) -> list[Measure]:
    mine, theirs = (found.latency[who].percentile("p95") for who in ("candidate", "champion"))
    seen = shown("p95", mine.value, champion=theirs.value, interval=mine.interval, rows=mine.n, unit="ms")
    if "max_latency_ratio" not in thresholds:
        return [seen]
    value = mine.value / theirs.value if mine.value is not None and theirs.value else None
    interval = None
    if mine.interval and theirs.interval and theirs.interval.low > 0:
        ends = mine.interval.low / theirs.interval.high, mine.interval.high / theirs.interval.low
        interval = Interval(*ends, mine.interval.confidence)
    return [seen, bounded("p95 against the champion's", value, interval, thresholds["max_latency_ratio"], unit="x")]


def _apart(found: Shadowed, thresholds: Thresholds) -> list[Measure]:
    if not found.divergences:
        return [Measure("divergence", None, Outcome.INSUFFICIENT, note="no request was answered by both")]
    everyone, *groups = found.divergences
    measures = [_psi(everyone, thresholds), shown("mean difference", everyone.difference, rows=everyone.n)]
    if found.scores is not None and found.scores.ks is not None:
        measures.append(shown("largest distance of the distributions (KS)", found.scores.ks))
    if everyone.disagreement is None:
        return measures
    limit = thresholds.get("max_disagreement")
    if limit is None:
        return [*measures, shown("disagreement", everyone.disagreement, interval=everyone.interval, rows=everyone.n)]
    measures.append(bounded("disagreement", everyone.disagreement, everyone.interval, limit, rows=everyone.n))
    return [*measures, *(one for one in (_group(group, limit) for group in groups) if one is not None)]


def _psi(everyone: Divergence, thresholds: Thresholds) -> Measure:
    """A large PSI that chance alone could make decides nothing."""
    limit, outcome = thresholds["max_psi"], Outcome.PASS
    if not within(everyone.psi, limit, Relation.AT_MOST):
        outcome = Outcome.FAIL if everyone.psi > everyone.floor else Outcome.INSUFFICIENT
    note = f"chance alone makes {everyone.floor:.3f}"
    return Measure("PSI of the scores", everyone.psi, outcome, limit, Relation.AT_MOST, rows=everyone.n, note=note)


def _group(group: Divergence, limit: float) -> Measure | None:
    """A group fails where it is proven to be beyond the limit; beyond it and not proven is worth a look."""
    held = bounded(f"disagreement, {telling.name(group)}", group.disagreement, group.interval, limit, rows=group.n)
    if held.outcome is Outcome.FAIL:
        return held
    beyond = not within(group.disagreement, limit, Relation.AT_MOST)
    return (
        Measure(held.name, held.value, Outcome.WARN, limit, Relation.AT_MOST, held.interval, rows=group.n)
        if beyond
        else None
    )


def _outcomes(found: Shadowed, thresholds: Thresholds) -> list[Measure]:
    metric = thresholds.get("metric")
    if metric is None:
        return []
    if found.board is None:
        return [Measure(metric, None, Outcome.INSUFFICIENT, note="no outcome of these requests is known yet", rows=0)]
    compared = found.board.compare(metric, thresholds["min_improvement"], thresholds["confidence"])
    needed = f"; about {compared.needed_rows:,} outcomes would decide" if compared.needed_rows else ""
    return [
        shown(metric, compared.candidate.value, champion=compared.champion.value, rows=found.outcomes),
        Measure(
            f"improvement in {metric}",
            compared.improvement,
            _OUTCOMES.get(compared.conclusion, Outcome.INSUFFICIENT),
            compared.margin,
            Relation.AT_LEAST,
            compared.difference.interval,
            rows=compared.difference.n,
            note=f"{compared.test or compared.difference.note}{needed}",
        ),
    ]


def _advice(covered: Sequence[Measure]) -> list[str]:
    short = [f"{one.name} {one.value or 0:,.4g} of {one.limit:,.4g}" for one in missed(covered)]
    return [f"leave it in the shadow, then run the check again: {', '.join(short)}"] if short else []


def _trouble(measures: Sequence[Measure]) -> list[str]:
    said = {
        Outcome.FAIL: "find out why before anybody is served by it",
        Outcome.INSUFFICIENT: "too few requests to say whether the limit is kept",
        Outcome.WARN: "look at these, too few requests to be sure",
    }
    found = {
        outcome: [one.name for one in measures if one.outcome is outcome and one.relation is not Relation.AT_LEAST]
        for outcome in said
    }
    worse = [one.name for one in measures if one.outcome is Outcome.FAIL and one.relation is Relation.AT_LEAST]
    found[Outcome.FAIL] += worse
    return [f"{words}: {', '.join(found[outcome])}" for outcome, words in said.items() if found[outcome]]
