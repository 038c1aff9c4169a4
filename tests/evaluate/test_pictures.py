from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from gatehouse.evaluate.pictures import CLOUD_POINTS, CURVE_POINTS, residuals, roc
from gatehouse.evaluate.scored import Beside, Scored
from gatehouse.evaluate.statistics.ranking import auc
from tests.evaluate import made
from tests.gates.given import board, scores


def test_a_curve_keeps_its_area_and_both_ends_in_a_few_points_however_rare_the_positives() -> None:
    columns = scores(30_000, 2.0)
    rare = (columns["label"] == 0) | (np.arange(30_000) % 100 == 0)
    columns = {name: values[rare] for name, values in columns.items()}

    points = roc(board("binary", ("roc_auc",), columns)).series["candidate"]

    assert len(points) <= CURVE_POINTS + 1
    assert (points[0], points[-1]) == ((0, 0), (1, 1))
    x, y = np.array(points).T
    assert (np.diff(x) >= 0).all()
    assert (np.diff(y) >= 0).all()
    assert np.trapezoid(y, x) == pytest.approx(auc(columns["label"], columns["candidate"]), abs=0.003)
    # The steep start: a tenth of the rows hold most of the positives, and most of the points.
    assert (x < 0.1).sum() > 40


def test_rows_of_one_score_are_a_straight_line() -> None:
    columns = {"label": np.array([0.0, 1.0, 0.0, 1.0]), "candidate": np.array([0.5, 0.5, 0.5, 0.9])}

    assert roc(board("binary", ("roc_auc",), columns)).series["candidate"] == [(0, 0), (0, 0.5), (1, 1)]


def test_scores_that_are_no_numbers_are_not_drawn() -> None:
    columns = scores(100, 1.0)
    columns["champion"] = np.where(np.arange(100) == 5, np.nan, 0.5)

    assert set(roc(board("binary", ("roc_auc",), columns)).series) == {"candidate"}


def test_a_cloud_is_an_even_sample_of_the_rows() -> None:
    truth = np.arange(100_000.0)
    index = made.InMemory(pa.table({"row": truth}))
    scored = Scored(Beside(index, (), {"label": truth, "candidate": truth - 1}), len(truth), (), frozenset())
    cloud = residuals(scored, ["candidate"]).series["candidate"]

    assert len(cloud) == CLOUD_POINTS
    assert {y for _, y in cloud} == {1.0}
    assert cloud[-1][0] == 99_998
