from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from sklearn import metrics as peer

from gatehouse.evaluate.statistics.metrics import names
from gatehouse.evaluate.statistics.ranking import auc
from tests.evaluate.statistics.cases import Floats, binary, boarded

ALL = names("binary")


def _peer(name: str, label: Floats, score: Floats) -> float:
    """scikit-learn's value; NaN where the metric has none, which scikit-learn answers in four different ways."""
    decided = (score >= 0.5).astype(int)
    positives, negatives = label.sum(), (1 - label).sum()
    undefined = {
        "roc_auc": not positives or not negatives,
        "average_precision": not positives,
        "precision": not decided.sum(),
        "recall": not positives,
        "tpr": not positives,
        "fpr": not negatives,
        "f1": not positives and not decided.sum(),
    }
    if undefined.get(name, False):
        return math.nan
    answers: dict[str, Callable[[], float]] = {
        "roc_auc": lambda: peer.roc_auc_score(label, score),
        "average_precision": lambda: peer.average_precision_score(label, score),
        "log_loss": lambda: peer.log_loss(label, score, labels=[0, 1]),
        "brier": lambda: peer.brier_score_loss(label, score),
        "accuracy": lambda: peer.accuracy_score(label, decided),
        "precision": lambda: peer.precision_score(label, decided),
        "recall": lambda: peer.recall_score(label, decided),
        "tpr": lambda: peer.recall_score(label, decided),
        "fpr": lambda: 1 - peer.recall_score(1 - label, 1 - decided),
        "selection_rate": lambda: float(decided.mean()),
        "f1": lambda: peer.f1_score(label, decided),
    }
    return float(answers[name]())


@settings(deadline=None, max_examples=60)
@given(binary())
def test_every_metric_is_what_scikit_learn_says(case: tuple[Floats, Floats]) -> None:
    label, score = case
    board = boarded("binary", ALL, {"label": label, "candidate": score})
    for name in ALL:
        if name == "expected_calibration_error":
            continue
        found = board.estimate(name)
        expected = _peer(name, label, score)
        if math.isnan(expected):
            assert found.value is None, name
            assert found.note, name
        else:
            assert found.value == pytest.approx(expected, abs=1e-9, rel=1e-9), name


@settings(deadline=None, max_examples=100)
@given(binary())
def test_the_plain_auc_is_the_same_figure(case: tuple[Floats, Floats]) -> None:
    label, score = case
    found = auc(label, score)
    moved = auc(label, score - 0.5)  # negative scores take another way
    expected = _peer("roc_auc", label, score)
    if math.isnan(expected):
        assert math.isnan(found)
        assert math.isnan(moved)
    else:
        assert found == pytest.approx(expected, abs=1e-12)
        assert moved == pytest.approx(_peer("roc_auc", label, score - 0.5), abs=1e-12)


def test_negative_zero_and_zero_are_one_score() -> None:
    assert auc([0, 1], [-0.0, 0.0]) == 0.5
    assert boarded("binary", ("roc_auc",), {"label": [0, 1], "candidate": [-0.0, 0.0]}).estimate("roc_auc").value == 0.5


def test_an_auc_of_nothing_is_not_a_number() -> None:
    assert math.isnan(auc([], []))
    assert math.isnan(auc([1, 1], [0.2, -0.3]))


@settings(deadline=None, max_examples=60)
@given(binary(least=2))
def test_every_interval_holds_its_value_and_stays_in_range(case: tuple[Floats, Floats]) -> None:
    label, score = case
    board = boarded("binary", ALL, {"label": label, "candidate": score})
    for name in ALL:
        found = board.estimate(name)
        if found.value is None or found.interval is None or name == "expected_calibration_error":
            continue
        assert found.interval.low - 1e-9 <= found.value <= found.interval.high + 1e-9, name
        assert found.interval.low >= -1e-12, name
        assert name == "log_loss" or found.interval.high <= 1 + 1e-12, name


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, None])
def test_a_prediction_that_is_no_number_leaves_no_value_and_is_counted(name: str, bad: float | None) -> None:
    found = boarded("binary", ALL, {"label": [0, 1, 0, 1], "candidate": [0.1, 0.9, bad, 0.8]}).estimate(name)
    assert found.value is None
    assert found.note == "1 of 4 predictions are not finite numbers"


def test_probabilities_beyond_one_are_no_probabilities_but_still_scores() -> None:
    board = boarded("binary", ALL, {"label": [0, 1, 0, 1], "candidate": [-2.0, 3.0, 0.4, 0.8]})
    assert board.estimate("roc_auc").value == 1.0
    for name in ("log_loss", "brier", "expected_calibration_error"):
        found = board.estimate(name)
        assert found.value is None
        assert found.note == "2 of 4 predictions are not between 0 and 1"


def test_no_rows_have_no_value() -> None:
    for name in ALL:
        found = boarded("binary", ALL, {"label": np.zeros(0), "candidate": np.zeros(0)}).estimate(name)
        assert (found.value, found.note) == (None, "no rows")


def test_a_score_on_the_threshold_is_a_yes() -> None:
    board = boarded("binary", (), {"label": [1, 1], "candidate": [0.3, 0.3 - 1e-12]}, threshold=0.3)
    assert board.estimate("tpr").value == 0.5


def test_the_rows_behind_a_rate_are_its_trials() -> None:
    board = boarded("binary", (), {"label": [1, 1, 0, 0, 0], "candidate": [0.9, 0.1, 0.9, 0.1, 0.1]})
    assert {name: board.estimate(name).n for name in ("accuracy", "tpr", "fpr", "precision", "selection_rate")} == {
        "accuracy": 5,
        "tpr": 2,
        "fpr": 3,
        "precision": 2,
        "selection_rate": 5,
    }


def test_one_positive_gives_an_auc_without_an_interval() -> None:
    found = boarded("binary", ("roc_auc",), {"label": [1, 0, 0], "candidate": [0.5, 0.4, 0.6]}).estimate("roc_auc")
    assert found.value == 0.5
    assert found.interval is None
    assert found.note == "too few rows of one class for an interval"


def test_a_perfect_order_of_few_rows_is_not_certain() -> None:
    few = boarded("binary", ("roc_auc",), {"label": [0] * 5 + [1] * 5, "candidate": np.arange(10) / 10})
    interval = few.estimate("roc_auc").interval
    assert interval is not None
    assert interval.low < 0.6
    assert interval.high == 1.0
