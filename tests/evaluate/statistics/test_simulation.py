"""What the tests and intervals promise, tried on many samples with a fixed seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gatehouse.evaluate.statistics.board import Board
from gatehouse.evaluate.statistics.fairness import Rule
from gatehouse.evaluate.statistics.paired import Question, proportions_test
from gatehouse.evaluate.statistics.results import Conclusion, Estimate
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


@pytest.mark.parametrize("margin", [-0.03, 0.02])
def test_a_gain_that_is_just_the_margin_is_proven_as_seldom_as_tangos_test_says(margin: float) -> None:
    random = np.random.default_rng(18)
    shares = np.array([0.08 + margin / 2, 0.08 - margin / 2, 0.84])
    passed = missed = 0
    for _ in range(2_000):
        only_candidate, only_champion, _ = random.multinomial(600, shares)
        found = proportions_test(int(only_candidate), int(only_champion), 600, Question(margin, 0.95, 1))
        passed += found.p_value <= 0.05
        missed += not found.low <= margin <= found.high
    # Nominally 5 % each: 100 of 2,000, sd 9.7; small differences are discrete, so a little more or less.
    assert 65 <= passed <= 130
    assert 65 <= missed <= 135


def _predicted(random: np.random.Generator, n: int) -> dict[str, Any]:
    label = random.gamma(4.0, 5.0, n)
    return {"label": label, "candidate": label + random.normal(0, 2, n) * (1 + label / 20)}


@pytest.mark.parametrize("metric", ["rmse", "mae", "r2", "mape"])
def test_intervals_of_errors_cover_as_often_as_they_say(metric: str) -> None:
    random = np.random.default_rng(19)
    truth = boarded("regression", (metric,), _predicted(random, 400_000)).estimate(metric).value
    assert truth is not None
    covered = 0
    for _ in range(SAMPLES):
        interval = boarded("regression", (metric,), _predicted(random, 400)).estimate(metric).interval
        assert interval is not None
        covered += interval.low <= truth <= interval.high
    # Nominally 95 %: 190 of 200, sd 3.1; a percentile bootstrap of a skewed error falls a little short.
    assert 176 <= covered <= 199


@pytest.mark.parametrize("metric", ["tpr", "selection_rate", "roc_auc", "brier"])
def test_intervals_of_groups_cover_as_often_as_they_say(metric: str) -> None:
    random = np.random.default_rng(20)
    (whole,) = _of_b(boarded("binary", (metric,), _fair(random, 400_000), groups=("group",)), metric)
    covered = 0
    for _ in range(120):
        (one,) = _of_b(boarded("binary", (metric,), _fair(random, 800), groups=("group",)), metric)
        assert one.interval is not None
        assert whole.value is not None
        covered += one.interval.low <= whole.value <= one.interval.high
    # Nominally 95 %: 114 of 120, sd 2.4.
    assert 105 <= covered <= 119


def _of_b(board: Board, metric: str) -> list[Estimate]:
    return [one.estimate for one in board.disparity(metric, Rule(0.05)).groups if one.group == "group=b"]


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


def _customers(random: np.random.Generator, customers: int) -> dict[str, Any]:
    """Two models of one quality on eight loans a customer, whose scores have much in common."""
    who = np.repeat(np.arange(customers), 8)
    label = (random.random(customers) < 0.4).astype(float)[who]
    shared = random.normal(label, 1)

    def scores() -> Any:
        return 1 / (1 + np.exp(-(shared + random.normal(0, 0.9, customers)[who] + random.normal(0, 0.3, len(who)))))

    return {"label": label, "candidate": scores(), "champion": scores(), "who": who}


@pytest.mark.parametrize("metric", ["roc_auc", "accuracy", "brier"])
def test_rows_of_one_customer_do_not_count_as_many(metric: str) -> None:
    random = np.random.default_rng(15)
    passed = {"who": 0, None: 0}
    for _ in range(80):
        columns = _customers(random, 100)
        for cluster in passed:
            board = boarded("binary", (metric,), columns, models=BOTH, cluster=cluster)
            passed[cluster] += board.compare(metric).conclusion is Conclusion.PROVEN
    # Nominally 5 %: 4 of 80, sd 1.9. Without the customers the same test passes far more often.
    assert passed["who"] <= 10
    assert passed[None] > 10


def _families(random: np.random.Generator, gap: float) -> dict[str, Any]:
    """Eight rows a family; whole families are in one group, and one model errs more in group b by ``gap``."""
    who = np.repeat(np.arange(200), 8)
    second = who % 2 == 1
    # A family has its own typical error, 1 on average.
    size = random.gamma(8.0, 1 / 8, 200)[who] * random.gamma(16.0, 1 / 16, len(who)) + gap * second
    label = random.normal(0, 1, len(who))
    return {"label": label, "candidate": label + size, "g": np.where(second, "b", "a"), "who": who}


def test_a_gap_of_mean_errors_on_the_limit_is_decided_either_way_as_seldom_as_it_says() -> None:
    random = np.random.default_rng(16)
    decided = {"who": [0, 0], None: [0, 0]}
    covered = 0
    for _ in range(80):
        columns = _families(random, 0.2)
        for cluster, counts in decided.items():
            board = boarded("regression", ("mae",), columns, groups=("g",), cluster=cluster)
            found = board.disparity("mae", Rule(0.2))
            counts[0] += found.outcome is Outcome.FAIL
            counts[1] += found.outcome is Outcome.PASS
            interval = found.groups[0].estimate.interval
            assert interval is not None
            covered += cluster is not None and interval.low <= 1.0 <= interval.high
    # Nominally 5 % each: 4 of 80, sd 1.9; were the rows independent, a quarter would go wrong on either side.
    assert max(decided["who"]) <= 10
    assert min(decided[None]) > 10
    assert covered >= 71


@pytest.mark.parametrize("metric", ["tpr", "roc_auc"])
def test_a_gap_of_rates_or_areas_knows_its_customers_too(metric: str) -> None:
    random = np.random.default_rng(17)
    decided = {"who": 0, None: 0}
    for _ in range(100):
        columns = _customers(random, 200) | {"g": np.where(np.arange(1600) // 8 % 2, "b", "a")}
        for cluster in decided:
            board = boarded("binary", (metric,), columns, groups=("g",), cluster=cluster)
            decided[cluster] += board.disparity(metric, Rule(1e-6)).outcome is Outcome.FAIL
    # A limit of hardly anything is broken on either side: 10 of 100, sd 3.
    assert decided["who"] <= 19
    assert decided[None] > 19
