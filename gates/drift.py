"""The features look in production now as they looked when the candidate was trained.

Each feature's production values are counted in the bins of the profile that was logged with the training run, and the
population stability index (PSI) says how far the two are apart: below 0.1 nothing has changed, up to `max_psi` is worth
a look, beyond blocks. A large PSI on few rows is often chance, so a feature fails only when chance is ruled out as well
(a chi-square test, corrected for the number of features); the noise floor is what chance alone would show. A feature
that production does not have at all blocks.
"""

from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.gates import Thresholds
from gatehouse.evaluate.statistics.drift import ColumnDrift
from gatehouse.verdict import Measure, Outcome, Relation, Row, Rows, Verdict, at_most, judged, plainly, within

THRESHOLDS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "max_psi": {
            "type": "number",
            "exclusiveMinimum": 0,
            "default": 0.25,
            "description": "Largest PSI of any feature; beyond it the promotion is blocked.",
        },
        "warn_psi": {
            "type": "number",
            "exclusiveMinimum": 0,
            "default": 0.1,
            "description": "PSI from which a feature is worth a look.",
        },
        "alpha": {
            "type": "number",
            "exclusiveMinimum": 0,
            "exclusiveMaximum": 0.5,
            "default": 0.05,
            "description": "Chance of a false alarm that is accepted, over all features together.",
        },
        "ignore": {
            "type": "array",
            "items": {"type": "string"},
            "uniqueItems": True,
            "default": [],
            "description": "Features that are expected to move, such as a date.",
        },
    },
}


def check(evidence: Evidence, thresholds: Thresholds) -> Verdict:
    found = evidence.drift
    ignored = set(thresholds["ignore"])
    columns = [column for column in found.columns if column.feature not in ignored]
    absent = [name for name in found.absent if name not in ignored]
    unknown = [name for name in evidence.unprofiled if name not in ignored]
    if not (columns or absent or unknown):
        return plainly(
            Outcome.ERROR,
            "there are no features to compare, so nothing is known about drift",
            "log the model with named columns, or take drift out of the stage's gates",
        )
    measures = [
        at_most("features that production lacks", len(absent), 0, note=", ".join(absent)),
        at_most("features without a training profile", len(unknown), 0, note=", ".join(unknown)),
        *(_measure(column, thresholds) for column in columns),
    ]
    return judged(
        measures,
        _summary(columns, absent, unknown, thresholds),
        advice=_advice(measures[2:], absent, unknown),
        notes=[f"{column.feature}: {column.note}" for column in columns if column.note]
        + [f"{name} is left out, as the policy asks" for name in sorted(ignored)],
        exhibits=[_bars(columns, thresholds)],
    )


def _measure(column: ColumnDrift, thresholds: Thresholds) -> Measure:
    return Measure(
        column.feature,
        column.psi,
        _outcome(column, thresholds),
        limit=thresholds["max_psi"],
        relation=Relation.AT_MOST,
        rows=min(column.rows),
        note=column.note or f"chance alone: {column.floor:.3f}, p {column.adjusted_p:.2g}",
    )


def _outcome(column: ColumnDrift, thresholds: Thresholds) -> Outcome:
    if column.psi is None or column.adjusted_p is None:
        return Outcome.FAIL
    certain = column.adjusted_p < thresholds["alpha"]
    if not within(column.psi, thresholds["max_psi"], Relation.AT_MOST):
        return Outcome.FAIL if certain else Outcome.INSUFFICIENT
    if certain and column.psi >= thresholds["warn_psi"]:
        return Outcome.WARN
    return Outcome.PASS


def _summary(columns: list[ColumnDrift], absent: list[str], unknown: list[str], thresholds: Thresholds) -> str:
    if absent:
        return f"production does not have {', '.join(absent[:5])}"
    if unknown:
        return f"the training profile does not have {', '.join(unknown[:5])}"
    worst = columns[0]
    if worst.psi is None:
        return f"{worst.feature} cannot be compared: {worst.note}"
    moved = sum(_outcome(column, thresholds) is not Outcome.PASS for column in columns)
    return f"largest PSI {worst.psi:.3f} ({worst.feature}); {moved} of {len(columns)} features moved"


def _advice(measures: list[Measure], absent: list[str], unknown: list[str]) -> list[str]:
    failed = [measure.name for measure in measures if measure.outcome is Outcome.FAIL]
    open_ones = [measure.name for measure in measures if measure.outcome is Outcome.INSUFFICIENT]
    warned = [measure.name for measure in measures if measure.outcome is Outcome.WARN]
    said = [
        ("bring back in the feature pipeline, or train without", absent),
        ("log the profile of the very table that the model is trained on, with", unknown),
        ("find out what changed in", failed),
        ("take more production rows to decide on", open_ones),
        ("look at, and say in the pull request why it is fine:", warned),
    ]
    advice = [f"{what} {', '.join(names[:5])}" for what, names in said if names]
    return [*advice, "if the world has changed, train on data of now"] if failed else advice


def _bars(columns: list[ColumnDrift], thresholds: Thresholds) -> Rows:
    rows = tuple(
        Row(
            column.feature,
            column.psi,
            rows=min(column.rows),
            outcome=_outcome(column, thresholds),
            note=column.note or f"missing {column.missing[0]:.1%} then, {column.missing[1]:.1%} now",
        )
        for column in columns
    )
    floors = [column.floor for column in columns if column.floor is not None]
    limits = {"worth a look": thresholds["warn_psi"], "limit": thresholds["max_psi"]}
    return Rows("Population stability index by feature", "PSI", rows, "bars", limits, max(floors, default=None))
