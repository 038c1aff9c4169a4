"""What the tests and intervals promise, tried on many samples with a fixed seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gatehouse.evaluate.statistics.fairness import Rule
from gatehouse.evaluate.statistics.results import Conclusion
from gatehouse.verdict import Outcome
from tests.evaluate.statistics.cases import boarded

SAMPLES = 200
BOTH = ("candidate", "champion")


def _alike(random: np.random.Generator, n: int) -> dict[str, Any]:
    """Two different models of the same quality, correlated as models are."""
    label = (random.random(n) < 0.4).astype(float)
    shared = random.normal(label, 1)
    return {
        "label": label,
        "candidate": 1 / (1 + np.exp(-(shared + random.normal(0, 0.7, n)))),
        "champion": 1 / (1 + np.exp(-(shared + random.normal(0, 0.7, n)))),
    }


@pytest.mark.parametrize("metric", ["roc_auc", "accuracy", "brier", "average_precision", "f1"])
def test_models_of_one_quality_pass_the_improvement_test_as_often_as_it_says(metric: str) -> None:
    random = np.random.default_rng(11)
    passed = 0
    for _ in range(SAMPLES):
        board = boarded("binary", (metric,), _alike(random, 500), models=BOTH)
        passed += board.compare(metric).conclusion is Conclusion.PROVEN
    # Nominally 5 %: 10 of 200, sd 3.1. None goes above by more than chance, and none is far too careful.
    assert 2 <= passed <= 19


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision", "log_loss", "f1", "accuracy"])
def test_intervals_cover_as_often_as_they_say(metric: str) -> None:
    random = np.random.default_rng(12)
    whole = boarded("binary", (metric,), _alike(random, 400_000), models=BOTH)
    truth = whole.estimate(metric).value
    assert truth is not None
    covered = 0
    for _ in range(SAMPLES):
        interval = boarded("binary", (metric,), _alike(random, 400), models=BOTH).estimate(metric).interval
        assert interval is not None
        covered += interval.low <= truth <= interval.high
    # Nominally 95 %: 190 of 200, sd 3.1.
    assert 180 <= covered <= 199


def _fair(random: np.random.Generator, n: int) -> dict[str, Any]:
    """Six groups, the smallest 1 %, and a model that treats them all alike (AUC about 0.70)."""
    label = (random.random(n) < 0.3).astype(float)
    group = random.choice(list("abcdef"), n, p=[0.4, 0.3, 0.15, 0.1, 0.04, 0.01])
    return {"label": label, "candidate": 1 / (1 + np.exp(-random.normal(0.742 * label, 1))), "group": group.tolist()}


def test_a_fair_model_is_hardly_ever_failed_though_its_largest_gap_is_mostly_over_the_limit() -> None:
    random = np.random.default_rng(13)
    failed = over = 0
    for _ in range(150):
        board = boarded("binary", ("roc_auc",), _fair(random, 5000), groups=("group",))
        found = board.disparity("roc_auc", Rule(0.05))
        failed += found.outcome is Outcome.FAIL
        over += (found.value or 0) > 0.05
    assert over > 100
    assert failed <= 9


def test_an_unfair_model_hardly_ever_passes() -> None:
    random = np.random.default_rng(14)
    passed = 0
    for _ in range(150):
        columns = _fair(random, 20_000)
        # Group b is ranked worse, by just more than the limit.
        worse = np.array(columns["group"]) == "b"
        noise = 1 / (1 + np.exp(-random.normal(0.49 * columns["label"], 1)))
        columns["candidate"] = np.where(worse, noise, columns["candidate"])
        board = boarded("binary", ("roc_auc",), columns, groups=("group",))
        passed += board.disparity("roc_auc", Rule(0.05)).outcome is Outcome.PASS
    assert passed <= 12
