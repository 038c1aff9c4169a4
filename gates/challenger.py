"""This very version has beaten the champion in live traffic, or is proven no worse by more than the margin.

Both arms of its experiment are compared by what became of their units: the first exposure decides a unit's arm, only
outcomes within the window count, only units whose window has passed, and each unit once. The bounds hold at all times,
so that the check may be run as often as anybody likes and stopped when it decides. A split other than the one that was
set, or outcomes that are missing more often in one arm, make the comparison worthless and fail. Whoever asks for the
experiment, or for the shadow before it, needs none yet; where nothing serves there is nobody to challenge.
"""

from collections.abc import Sequence
from datetime import timedelta

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.gates import Thresholds
from gatehouse.evaluate.statistics.divergence import chi_square
from gatehouse.evaluate.statistics.results import Conclusion
from gatehouse.evaluate.statistics.sequential import Design, Ruling, rule, sample_ratio
from gatehouse.evaluate.traffic.experiment import Arm, Experiment
from gatehouse.evaluate.traffic.held import enough, left_out, missed, rate
from gatehouse.pin import Role
from gatehouse.verdict import Curve, Measure, Outcome, Relation, Verdict, at_least, judged, plainly, shown

THRESHOLDS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "value": {
            "enum": ["outcome", "correct", "absolute_error", "squared_error"],
            "default": "outcome",
            "description": "What a request is worth: its outcome, or how right the answer was.",
        },
        "better": {
            "enum": ["higher", "lower"],
            "description": "Which outcome is better; higher, unless said. Errors are better lower.",
        },
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
            "description": "Confidence of each bound, at all looks together.",
        },
        "attribution_h": {
            "type": "number",
            "exclusiveMinimum": 0,
            "default": 24,
            "description": "Hours after a unit's first exposure in which its requests and outcomes count.",
        },
        "min_units": {
            "type": "integer",
            "minimum": 100,
            "default": 1000,
            "description": "Units with an outcome in each arm, at least.",
        },
        "min_days": {"type": "number", "minimum": 0, "default": 7, "description": "Days of exposures, at least."},
        "planned_units": {
            "type": "integer",
            "minimum": 200,
            "default": 20000,
            "description": "Units of both arms at which the bounds are narrowest; set before the start.",
        },
        "method": {
            "enum": ["asymptotic", "exact"],
            "default": "asymptotic",
            "description": "exact is for values between 0 and 1, wider, and holds from the first unit on.",
        },
        "max_error_rate": {
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "default": 0.01,
            "description": "Share of the challenger's requests without a usable answer.",
        },
        "experiment": {"type": "string", "description": "Which experiment counts, where the version was in several."},
    },
}
# Sample-ratio mismatch is looked for at every check, so that only what chance hardly makes counts.
_BROKEN = 0.001
_OUTCOMES = {Conclusion.PROVEN: Outcome.PASS, Conclusion.REFUTED: Outcome.FAIL}


def check(evidence: Evidence, thresholds: Thresholds) -> Verdict:
    request = evidence.request
    if request.role in (Role.SHADOW, Role.CHALLENGER):
        return plainly(Outcome.PASS, f"asks to be the {request.role}; what it does there is judged next")
    if request.champion is None:
        return plainly(Outcome.WARN, "nothing serves yet, so there was nobody to challenge")
    design = _design(thresholds)
    window = timedelta(hours=thresholds["attribution_h"])
    found = evidence.traffic.experiment(window, thresholds["value"], thresholds.get("experiment"))
    return _never(evidence) if found is None else _judged(evidence, found, design, thresholds)


def _design(thresholds: Thresholds) -> Design:
    """Raises GatehouseError for errors that are said to be better higher, or the like."""
    natural = {"outcome": None, "correct": "higher"}.get(thresholds["value"], "lower")
    better = thresholds.get("better", natural or "higher")
    if natural is not None and better != natural:
        raise GatehouseError(
            f"gates.challenger says that {better} is better for {thresholds['value']}, of which {natural} is",
            "take out `better`",
        )
    return Design(
        margin=thresholds["min_improvement"],
        confidence=thresholds["confidence"],
        sign=1 if better == "higher" else -1,
        planned=thresholds["planned_units"],
        method=thresholds["method"],
    )


def _never(evidence: Evidence) -> Verdict:
    request, others = evidence.request, evidence.traffic.others("challenger")
    elsewhere = f"; version {request.candidate.version} was, {' and '.join(others)}" if others else ""
    return plainly(
        Outcome.FAIL,
        f"{request.candidate} has not been a challenger of {request.slot.label}{elsewhere}",
        f"declare the version as challenger: gatehouse propose {request.slot.model} {request.candidate.version} "
        f"--to {request.slot.label} --as challenger",
        notes=left_out(evidence.traffic, 0, 0),
    )


def _judged(evidence: Evidence, found: Experiment, design: Design, thresholds: Thresholds) -> Verdict:
    ruling = _ruling(found, design)
    amount = _amount(found, thresholds)
    failing = rate(
        "errors",
        found.challenger.failed,
        found.challenger.requests,
        thresholds["max_error_rate"],
        thresholds["confidence"],
    )
    sound = [_split(found), _attrition(found)]
    improvement = _improvement(ruling, design, decides=not missed(amount))
    early = ", too early to decide" if missed(amount) else ""
    return judged(
        [improvement, *_means(found), *sound, failing, *amount],
        f"{_summary(found, ruling, design, thresholds['value'])}{early}",
        advice=[*_broken(sound), *_next(ruling, found, amount), *_errors(failing)],
        notes=[*left_out(evidence.traffic, found.repeated, found.future), *_notes(found, ruling)],
        exhibits=_curve(found, design, thresholds["min_units"]),
    )


def _ruling(found: Experiment, design: Design) -> Ruling:
    try:
        return rule(found.challenger.values, found.champion.values, design)
    except ValueError as error:
        raise GatehouseError(f"gates.challenger: {error}", "use `method: asymptotic`") from error


def _amount(found: Experiment, thresholds: Thresholds) -> list[Measure]:
    return [
        enough("challenger's units with an outcome", found.challenger.values.n, thresholds["min_units"]),
        enough("champion's units with an outcome", found.champion.values.n, thresholds["min_units"]),
        enough("days of exposures", found.span / timedelta(days=1), thresholds["min_days"], unit="d"),
    ]


def _improvement(ruling: Ruling, design: Design, decides: bool) -> Measure:
    """Before there is enough of it, the figure is shown and decides nothing."""
    outcome = _OUTCOMES.get(ruling.conclusion, Outcome.INSUFFICIENT) if decides else Outcome.INSUFFICIENT
    return Measure(
        "improvement",
        ruling.improvement,
        outcome,
        design.margin,
        Relation.AT_LEAST,
        ruling.interval,
        rows=ruling.units,
        note=ruling.note or f"{design.method} bounds that hold at every look",
    )


def _means(found: Experiment) -> list[Measure]:
    mine, theirs = found.challenger.values, found.champion.values
    return [shown("mean", mine.mean, champion=theirs.mean, rows=mine.n)] if mine.n and theirs.n else []


def _split(found: Experiment) -> Measure:
    """Units by first exposure, matured or not."""
    ours, theirs, share = found.challenger.units, found.champion.units, found.share
    note = f"{ours:,} and {theirs:,} units, {share:.2%} were to be challenged"
    return at_least("split, p-value", sample_ratio(ours, theirs, share), _BROKEN, rows=ours + theirs, note=note)


def _attrition(found: Experiment) -> Measure:
    arms = (found.challenger, found.champion)
    known = [arm.values.n for arm in arms]
    missing = [arm.matured - arm.values.n for arm in arms]
    # Columns are the two arms; an arm or a kind that is empty differs from nothing.
    p = chi_square(known, missing)[1]
    note = f"outcomes of {_without(arms[0])} and {_without(arms[1])} of the units are missing"
    return at_least("missing outcomes, p-value", p, _BROKEN, rows=sum(arm.matured for arm in arms), note=note)


def _without(arm: Arm) -> str:
    return f"{(arm.matured - arm.values.n) / arm.matured:.2%}" if arm.matured else "none"


def _summary(found: Experiment, ruling: Ruling, design: Design, value: str) -> str:
    days = found.span / timedelta(days=1)
    after = f"after {ruling.units:,} units and {days:.1f} days"
    if ruling.improvement is None:
        return f"{found.name}: {ruling.note}, {after}"
    words = {Conclusion.PROVEN: "at least", Conclusion.REFUTED: "less than"}
    said = words.get(ruling.conclusion, "not decided whether at least")
    means = f"{value} {found.challenger.values.mean:.4g} against {found.champion.values.mean:.4g}"
    return f"{found.name}: {means}, improvement {ruling.improvement:+.4g}, {said} {design.margin:g}, {after}"


def _broken(sound: Sequence[Measure]) -> list[str]:
    said = (
        "the split is broken: find out which requests are lost or counted twice, and start a new experiment",
        "outcomes are missing more often in one arm: what is left does not compare; find out why",
    )
    return [words for one, words in zip(sound, said, strict=True) if one.outcome is Outcome.FAIL]


def _next(ruling: Ruling, found: Experiment, amount: Sequence[Measure]) -> list[str]:
    short = [f"{one.name} {one.value or 0:,.4g} of {one.limit:,.4g}" for one in missed(amount)]
    if short:
        return [f"let it run: {', '.join(short)}"]
    if ruling.conclusion is Conclusion.REFUTED:
        return ["keep the champion, and end the experiment"]
    if ruling.conclusion is not Conclusion.UNDECIDED:
        return []
    if ruling.needed is None:
        return ["more units are not likely to decide: the improvement is about the margin"]
    rate = ruling.units / (found.span / timedelta(days=1)) if found.span else 0
    days = f", {(ruling.needed - ruling.units) / rate:,.0f} more days at this rate" if rate else ""
    return [f"let it run: about {ruling.needed:,} units would decide{days}"]


def _errors(failing: Measure) -> list[str]:
    said = {
        Outcome.FAIL: ["find out why the challenger gives no usable answer"],
        Outcome.INSUFFICIENT: ["too few requests to say whether the challenger's errors keep their limit"],
    }
    return said.get(failing.outcome, [])


def _notes(found: Experiment, ruling: Ruling) -> list[str]:
    counts = {
        "units met another version or another split first, and are in neither arm": found.earlier,
        "units saw both arms; what they met first counts": found.crossed,
        "requests had no unit, and are each one of their own": found.unidentified,
        "requests have two outcomes at once that differ, and count as having none": found.contradictory,
    }
    return [f"since {found.start:%Y-%m-%d %H:%M} UTC", *(f"{n:,} {words}" for words, n in counts.items() if n)]


def _curve(found: Experiment, design: Design, min_units: int) -> list[Curve]:
    """The improvement and its bounds as they were at the end of each day, from where there was enough to look at."""
    series: dict[str, list[tuple[float, float]]] = {"improvement": [], "lower bound": [], "upper bound": []}
    for day in found.days:
        ruling = rule(day.challenger, day.champion, design)
        if min(day.challenger.n, day.champion.n) >= min_units and ruling.interval and ruling.improvement is not None:
            ends = (ruling.improvement, ruling.interval.low, ruling.interval.high)
            for line, y in zip(series.values(), ends, strict=True):
                line.append((float(day.day), y))
    limits = {"margin": design.margin}
    return [Curve("Improvement as the days went", "days", "improvement", series, limits=limits)] if found.days else []
