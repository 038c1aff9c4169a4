from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from sklearn import metrics as peer

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.statistics.metrics import names
from gatehouse.evaluate.statistics.rows import Plan
from gatehouse.evaluate.statistics.scoreboard import Scoreboard, batch_of
from tests.evaluate.statistics.cases import Floats, boarded, regression

ALL = (*names("regression"), "quantile_loss@0.8")


@settings(deadline=None, max_examples=60)
@given(regression())
def test_every_metric_is_what_scikit_learn_says(case: tuple[Floats, Floats]) -> None:
    label, prediction = case
    board = boarded("regression", ALL, {"label": label, "candidate": prediction})
    expected = {
        "rmse": peer.root_mean_squared_error(label, prediction),
        "mae": peer.mean_absolute_error(label, prediction),
        "mape": peer.mean_absolute_percentage_error(label, prediction),
        "quantile_loss": peer.mean_pinball_loss(label, prediction, alpha=0.5),
        "quantile_loss@0.8": peer.mean_pinball_loss(label, prediction, alpha=0.8),
    }
    for name, value in expected.items():
        assert board.estimate(name).value == pytest.approx(value, abs=1e-9, rel=1e-9), name
    found = board.estimate("r2")
    if np.ptp(label) > 1e-6 * np.abs(label).max():
        assert found.value == pytest.approx(peer.r2_score(label, prediction), abs=1e-9, rel=1e-9)
    elif np.ptp(label) == 0:
        assert found.value is None
        assert found.note == "the labels do not vary"


def test_a_large_mean_costs_r2_no_digits() -> None:
    random = np.random.default_rng(1)
    label = 1e9 + random.normal(size=5000)
    prediction = label + random.normal(0, 0.5, 5000)
    batch = batch_of({"label": label, "candidate": prediction})
    parts = []
    for start in range(0, 5000, 1000):
        part = Scoreboard(Plan("regression", ("r2",)))
        part.update(batch.slice(start, 1000))
        parts.append(part)
    for part in parts[1:]:
        parts[0].merge(part)
    assert parts[0].finish().estimate("r2").value == pytest.approx(peer.r2_score(label, prediction), abs=1e-9)


def test_a_label_of_zero_has_no_percentage_error() -> None:
    found = boarded("regression", ALL, {"label": [0.0, 1.0], "candidate": [0.5, 1.0]}).estimate("mape")
    assert found.value is None
    assert found.note == "a label is 0, and a share of nothing is no number"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_label_that_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(GatehouseError, match="rows are not a finite number"):
        boarded("regression", ALL, {"label": [1.0, bad], "candidate": [1.0, 1.0]})


def test_text_is_no_number() -> None:
    with pytest.raises(GatehouseError, match="column 'candidate' is string, not a number"):
        boarded("regression", ALL, {"label": [1.0, 2.0], "candidate": ["a", "b"]})


def test_an_absent_column_is_named_with_those_that_are_there() -> None:
    with pytest.raises(GatehouseError, match="column 'label' is not in the table") as caught:
        boarded("regression", ALL, {"labels": [1.0], "candidate": [1.0]})
    assert caught.value.fix == "the table has labels, candidate"
