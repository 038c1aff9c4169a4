"""What a person looks at beside the figures: each picture holds a few hundred points, whatever the table's size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gatehouse.evaluate.scored import Scored
from gatehouse.verdict import Curve, Points

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]

CURVE_POINTS = 200
CLOUD_POINTS = 1_500


def roc(scored: Scored) -> Curve:
    """The receiver operating characteristic of each model that answers scores."""
    series = {
        who: _roc(scored.labels.values, scores)
        for who, scores in scored.predictions.items()
        if who not in scored.decisions_only
    }
    return Curve("ROC", "false positive rate", "true positive rate", series, diagonal=True)


def _roc(labels: Array, scores: Array) -> list[tuple[float, float]]:
    """(false, true) positive rates from strict to lax. Rows of one score move together: ties are a straight line."""
    import numpy as np

    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(labels[order])
    ends = np.flatnonzero(np.diff(scores[order], append=np.nan))
    true = np.concatenate([[0.0], hits[ends] / max(hits[-1], 1.0)])
    false = np.concatenate([[0.0], (ends + 1 - hits[ends]) / max(len(labels) - hits[-1], 1.0)])
    # Evenly along the curve's length, so that a steep start keeps its shape.
    along = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(true)) + np.abs(np.diff(false)))])
    kept = np.unique(np.searchsorted(along, np.linspace(0.0, along[-1], CURVE_POINTS)))
    return [(round(float(x), 5), round(float(y), 5)) for x, y in zip(false[kept], true[kept], strict=True)]


def residuals(scored: Scored) -> Points:
    """Truth minus prediction against the prediction, on an even sample of the rows."""
    import numpy as np

    rows = np.unique(np.linspace(0, scored.rows - 1, CLOUD_POINTS).astype(int))
    truth = scored.labels.values[rows]
    series = {
        who: [(float(x), float(y)) for x, y in zip(values[rows], truth - values[rows], strict=True)]
        for who, values in scored.predictions.items()
    }
    return Points("Residuals", "prediction", "truth minus prediction", series)
