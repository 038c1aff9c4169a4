from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from sklearn import metrics as peer

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.statistics.metrics import names
from tests.evaluate.statistics.cases import Floats, boarded, multiclass

ALL = names("multiclass")


@settings(deadline=None, max_examples=60)
@given(multiclass())
def test_every_metric_is_what_scikit_learn_says(case: tuple[Floats, Floats]) -> None:
    label, probabilities = case
    board = boarded("multiclass", ALL, {"label": label, "candidate": probabilities}, classes=3)
    decided = probabilities.argmax(axis=1)
    expected = {
        "accuracy": peer.accuracy_score(label, decided),
        "macro_f1": peer.f1_score(label, decided, average="macro", zero_division=0.0),
        "weighted_f1": peer.f1_score(label, decided, average="weighted", zero_division=0.0),
        "log_loss": peer.log_loss(label, probabilities, labels=[0, 1, 2]),
    }
    for name, value in expected.items():
        assert board.estimate(name).value == pytest.approx(value, abs=1e-9, rel=1e-9), name
    found = board.estimate("roc_auc_ovr")
    if len(set(label)) == 3:
        one_versus_rest = peer.roc_auc_score(label, probabilities, multi_class="ovr")
        assert found.value == pytest.approx(one_versus_rest, abs=1e-9)
    else:
        assert found.value is None
        assert "a class without rows" in found.note


def test_every_class_must_have_its_probability_in_every_row() -> None:
    with pytest.raises(GatehouseError, match="does not hold 4 probabilities in every row"):
        boarded("multiclass", ALL, {"label": [0, 1], "candidate": np.full((2, 3), 1 / 3)}, classes=4)


def test_a_class_beyond_the_plan_is_refused() -> None:
    with pytest.raises(GatehouseError, match="1 rows are not a whole number from 0 to 2"):
        boarded("multiclass", ALL, {"label": [0, 3], "candidate": np.full((2, 3), 1 / 3)}, classes=3)


def test_one_bad_probability_spoils_its_row_and_is_counted_once() -> None:
    probabilities = np.array([[0.2, 0.3, 0.5], [np.nan, np.inf, 0.1]])
    found = boarded("multiclass", ALL, {"label": [0, 1], "candidate": probabilities}, classes=3).estimate("accuracy")
    assert found.note == "1 of 2 predictions are not finite numbers"


def test_models_are_compared_by_every_metric() -> None:
    random = np.random.default_rng(7)
    label = random.integers(0, 3, 900)
    better = np.eye(3)[label] * 0.5 + random.dirichlet(np.ones(3), 900) * 0.5
    worse = random.dirichlet(np.ones(3), 900)
    board = boarded(
        "multiclass",
        ALL,
        {"label": label, "candidate": better, "champion": worse},
        classes=3,
        models=("candidate", "champion"),
    )
    for name in ALL:
        found = board.compare(name)
        assert found.conclusion == "proven", name
        assert found.difference.interval is not None
        assert board.compare(name, models=("champion", "candidate")).conclusion == "refuted", name
