"""The features look in production now as they looked when the candidate was trained.

Each feature's production values are counted in the bins of the profile that was logged with the training run, and the
population stability index (PSI) says how far the two are apart: below 0.1 nothing has changed, up to `max_psi` is worth
a look, beyond blocks. Every other divergence that is measured can have limits too, for all features or, under
`features`, for one by name. A large divergence on few rows is often chance, so a feature fails only when chance is
ruled out as well (a chi-square test over its bins, corrected for the number of features); the noise floor is what
chance alone would show. A feature that production does not have at all blocks.

With a limit on predictions, both models also answer for production's rows, and what they say now is held against what
they said of the evaluation table, or in training where the profile has a column `prediction`. That costs their time and
asks that the evaluation table is drawn as production is, so it is off unless a limit is set.
"""

from collections.abc import Mapping

from gatehouse.evaluate import driftlimits, driftwords
from gatehouse.evaluate.evidence import CANDIDATE, CHAMPION, Evidence
from gatehouse.evaluate.gates import Thresholds
from gatehouse.evaluate.statistics.drift import ColumnDrift
from gatehouse.verdict import Outcome, Verdict, at_most, judged, plainly

THRESHOLDS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        **driftlimits.schema(),
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
    driftlimits.known([*(column.feature for column in found.columns), *found.absent, *evidence.unprofiled], thresholds)
    if not (columns or absent or unknown):
        return plainly(
            Outcome.ERROR,
            "there are no features to compare, so nothing is known about drift",
            "log the model with named columns, or take drift out of the stage's gates",
        )
    features = driftlimits.of_features(columns, thresholds)
    moved: Mapping[str, ColumnDrift] = {}
    if driftlimits.asks_predictions(thresholds):
        moved = evidence.prediction_drift
    predictions = driftlimits.of_predictions(moved[CANDIDATE], thresholds) if moved else []
    return judged(
        [
            at_most("features that production lacks", len(absent), 0, note=", ".join(absent)),
            at_most("features without a training profile", len(unknown), 0, note=", ".join(unknown)),
            *(one.measure() for one in features),
            *(one.measure(moved.get(CHAMPION)) for one in predictions),
        ],
        driftwords.summary(features, absent, unknown, predictions),
        advice=driftwords.advice([*features, *predictions], absent, unknown),
        notes=[f"{column.feature}: {column.note}" for column in columns if column.note]
        + [f"{name} is left out, as the policy asks" for name in sorted(ignored)],
        exhibits=[driftwords.bars(columns, features, thresholds)],
    )
