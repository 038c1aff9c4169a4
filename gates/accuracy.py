"""The candidate is good enough in itself, and better than the champion by a margin, measured on the same rows.

The improvement is tested, not eyeballed: a paired one-sided test on the rows that both models scored (DeLong for an
AUC, McNemar for an accuracy, a bootstrap for the rest) says whether it is at least `min_improvement`. Proven passes,
refuted fails, and between the two the gate says how many rows would decide. A negative margin asks that the candidate
is no worse than that much. At a model's first promotion there is no champion, and only the absolute limit counts.
"""

from typing import Any

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.gates import Thresholds
from gatehouse.evaluate.statistics.metric import Better, Metric
from gatehouse.evaluate.statistics.results import Comparison, Conclusion, Estimate
from gatehouse.verdict import Curve, Interval, Measure, Outcome, Points, Relation, Verdict, at_least, at_most, judged

THRESHOLDS = {
    "type": "object",
    "additionalProperties": False,
    "required": ["metric"],
    "examples": [{"metric": "roc_auc", "minimum": 0.82, "min_improvement": 0.005}],
    "properties": {
        "metric": {
            "type": "string",
            "description": "What is measured: roc_auc, accuracy, log_loss, macro_f1, rmse, … or a metric of your own.",
        },
        "minimum": {"type": "number", "description": "Lowest value, for a metric where more is better."},
        "maximum": {"type": "number", "description": "Highest value, for a metric where less is better."},
        "min_improvement": {
            "type": "number",
            "default": 0,
            "description": "By how much the champion must be beaten; negative: by how much it may be missed.",
        },
        "confidence": {
            "type": "number",
            "exclusiveMinimum": 0.5,
            "exclusiveMaximum": 1,
            "default": 0.95,
            "description": "Confidence of the improvement test and of the intervals.",
        },
    },
}

_OUTCOMES = {
    Conclusion.PROVEN: Outcome.PASS,
    Conclusion.REFUTED: Outcome.FAIL,
    Conclusion.UNDECIDED: Outcome.INSUFFICIENT,
    Conclusion.UNKNOWN: Outcome.ERROR,
}


def check(evidence: Evidence, thresholds: Thresholds) -> Verdict:
    metric, confidence = thresholds["metric"], thresholds["confidence"]
    board = evidence.board(metric)
    _turned_right(board.metric(metric), thresholds)
    candidate = board.estimate(metric, confidence=confidence)
    if evidence.champion is None:
        absolute = _absolute(metric, candidate, None, thresholds)
        return judged(
            absolute,
            f"{metric} {_shown(candidate)}; no champion to compare with",
            advice=_advice(absolute, candidate),
            notes=_notes(candidate),
            exhibits=_pictures(evidence),
        )
    comparison = board.compare(metric, thresholds["min_improvement"], confidence)
    absolute = _absolute(metric, candidate, comparison.champion.value, thresholds)
    measures = [*absolute, _improvement(comparison)]
    return judged(
        measures,
        f"{metric} {_shown(candidate)} against {_shown(comparison.champion)}: {_said(comparison)}",
        advice=[*_advice(absolute, candidate), *_next(comparison)],
        notes=_notes(candidate),
        exhibits=_pictures(evidence),
    )


def foresee(evidence: Evidence, thresholds: Thresholds) -> list[str]:
    metric, margin = thresholds["metric"], thresholds["min_improvement"]
    gain = None if evidence.champion is None else evidence.provable(metric, thresholds["confidence"])
    if gain is None or margin + gain <= 0:
        return []
    return [f"{metric} has to improve by about {margin + gain:.2g} before this table proves that it does by {margin:g}"]


def _turned_right(metric: Metric, thresholds: Thresholds) -> None:
    """A lowest log-loss keeps nothing bad out. Raises GatehouseError for a limit on the wrong side."""
    right, wrong, better = ("minimum", "maximum", "more")
    if metric.better is Better.LOWER:
        right, wrong, better = ("maximum", "minimum", "less")
    if wrong in thresholds and right not in thresholds:
        raise GatehouseError(
            f"gates.accuracy has a {wrong} for {metric.name}, of which {better} is better", f"write `{right}` instead"
        )


def _absolute(metric: str, found: Estimate, champion: float | None, thresholds: Thresholds) -> list[Measure]:
    more: dict[str, Any] = {"interval": found.interval, "champion": champion, "rows": found.n, "note": found.note}
    limits = [(at_least, "minimum"), (at_most, "maximum")]
    held = [rule(metric, found.value, thresholds[name], **more) for rule, name in limits if name in thresholds]
    if held:
        return held
    # Without a limit the value is shown; without a value there is nothing to show, and nothing passes.
    return [Measure(metric, found.value, Outcome.ERROR if found.value is None else Outcome.PASS, **more)]


def _improvement(comparison: Comparison) -> Measure:
    interval = comparison.difference.interval
    if interval and comparison.improvement != comparison.difference.value:
        # Where less is better an improvement is a difference turned around, and so is what chance leaves of it.
        interval = Interval(-interval.high, -interval.low, interval.confidence)
    return Measure(
        "improvement",
        comparison.improvement,
        _OUTCOMES[comparison.conclusion],
        limit=comparison.margin,
        relation=Relation.AT_LEAST,
        interval=interval,
        rows=comparison.difference.n,
        note=comparison.test,
    )


def _said(comparison: Comparison) -> str:
    gain = comparison.improvement
    if gain is None:
        return f"cannot be compared: {comparison.difference.note or 'too few rows'}"
    words = {
        Conclusion.PROVEN: "at least",
        Conclusion.REFUTED: "less than",
        Conclusion.UNDECIDED: "not decided whether at least",
    }[comparison.conclusion]
    return f"improvement {gain:+.4f}, {words} {comparison.margin:g}"


def _shown(found: Estimate) -> str:
    return "has no value" if found.value is None else f"{found.value:.4f}"


def _notes(found: Estimate) -> list[str]:
    return [found.note] if found.note else []


def _advice(absolute: list[Measure], found: Estimate) -> list[str]:
    if found.value is None:
        return [f"mend what the model answers: {found.note}"]
    missed = [measure for measure in absolute if measure.outcome is Outcome.FAIL]
    return [f"{measure.name} has to be {measure.relation} {measure.limit:g}" for measure in missed]


def _next(comparison: Comparison) -> list[str]:
    if comparison.conclusion is Conclusion.UNDECIDED:
        rows = comparison.needed_rows
        more = f"about {rows:,} labelled rows would decide" if rows else "more rows are not likely to decide"
        return [f"the improvement is within what chance does: {more}"]
    if comparison.conclusion is Conclusion.REFUTED:
        return ["keep the champion, or train a candidate that beats it by the margin"]
    return []


def _pictures(evidence: Evidence) -> list[Curve | Points]:
    picture = evidence.picture()
    return [] if picture is None else [picture]
