"""What a person looks at beside the figures: each picture holds a few hundred points, whatever the table's size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gatehouse.evaluate.scored import LABEL, Scored
from gatehouse.verdict import Curve, Points

if TYPE_CHECKING:
    from gatehouse.evaluate.statistics.board import Board

CURVE_POINTS = 200
# What is thinned to that: fine enough for the first hundredth of a curve to hold all the points that are drawn of it.
FINE_POINTS = 20_000
CLOUD_POINTS = 1_500


def roc(board: Board) -> Curve:
    """The receiver operating characteristic of each model whose scores are all numbers."""
    from gatehouse.evaluate.statistics.ranking import roc_points

    series = {
        who: _thinned(roc_points(ranked, FINE_POINTS))
        for who, ranked, bad in zip(board.plan.models, board.scores[0].models, board.bad, strict=True)
        if not bad
    }
    return Curve("ROC", "false positive rate", "true positive rate", series, diagonal=True)


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Evenly along the curve's length, so that a steep start keeps its shape; both ends stay."""
    import numpy as np

    curve = np.array(points)
    along = np.concatenate([[0.0], np.abs(np.diff(curve, axis=0)).sum(axis=1).cumsum()])
    kept = np.unique(np.searchsorted(along, np.linspace(0.0, along[-1], CURVE_POINTS)))
    return [(round(x, 5), round(y, 5)) for x, y in curve[kept].tolist()]


def residuals(scored: Scored, models: Sequence[str]) -> Points:
    """Truth minus prediction against the prediction, on an even sample of the rows."""
    import numpy as np

    rows = np.unique(np.linspace(0, scored.rows - 1, CLOUD_POINTS).astype(int)).tolist()
    sample = scored.table.take(rows, [LABEL, *models])
    truth = sample.column(LABEL).to_numpy()
    answers = {who: sample.column(who).to_numpy() for who in models}
    series = {
        who: [(float(x), float(y)) for x, y in zip(values, truth - values, strict=True)]
        for who, values in answers.items()
    }
    return Points("Residuals", "prediction", "truth minus prediction", series)
