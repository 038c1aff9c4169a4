from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from gatehouse.errors import NotFound
from gatehouse.evaluate.statistics import metrics
from gatehouse.evaluate.statistics.fairness import Rule
from gatehouse.evaluate.statistics.metric import Better, CountMetric, Needs, SumMetric
from gatehouse.evaluate.statistics.results import Estimate, estimate, relative_change
from gatehouse.evaluate.statistics.rows import Floats, Plan
from gatehouse.verdict import Interval
from tests.evaluate.statistics.cases import boarded

BOTH = ("candidate", "champion")


@pytest.fixture
def own() -> Iterator[None]:
    """A team's metrics: what a wrong decision costs, and how far a score is off in logits."""

    def cost(tables: Floats) -> Floats:
        total: Floats = tables.sum((-2, -1))
        return (tables[..., 0, 1] + 10 * tables[..., 1, 0]) / np.where(total == 0, np.nan, total)

    def off(label: Floats, score: Floats, _: Plan) -> Floats:
        return np.abs(np.log(score / (1 - score)) - (2 * label - 1))[:, None]

    def mean(n: Floats, sums: Floats) -> Floats:
        return sums[..., 0] / n

    kept = dict(metrics._registry())
    metrics.register(
        CountMetric(name="cost", task="binary", better=Better.LOWER, needs=Needs.DECISIONS, high=10.0, value=cost)
    )
    metrics.register(
        SumMetric(
            name="off", task="binary", better=Better.LOWER, needs=Needs.PROBABILITIES, high=None, rows=off, value=mean
        )
    )
    yield
    metrics._registry().clear()
    metrics._registry().update(kept)


@pytest.mark.usefixtures("own")
def test_a_teams_own_metric_gets_intervals_groups_and_paired_tests() -> None:
    random = np.random.default_rng(0)
    label = random.integers(0, 2, 2000)
    columns = {
        "label": label,
        "candidate": 1 / (1 + np.exp(-random.normal(3 * label - 1.5, 1))),
        "champion": 1 / (1 + np.exp(-random.normal(label - 0.5, 1))),
        "g": random.integers(0, 2, 2000),
    }
    board = boarded("binary", ("off", "cost"), columns, models=BOTH, groups=("g",))
    decided = columns["candidate"] >= 0.5
    expected = (np.sum(decided & (label == 0)) + 10 * np.sum(~decided & (label == 1))) / 2000
    assert board.estimate("cost").value == pytest.approx(expected, abs=1e-12)
    for name in ("cost", "off"):
        assert board.estimate(name).interval is not None
        assert len(board.disparity(name, Rule(5.0)).groups) == 2
    assert board.compare("cost").conclusion == "proven"


def test_a_metric_of_another_task_is_not_found() -> None:
    with pytest.raises(NotFound, match="no regression metric 'roc_auc'"):
        metrics.get("roc_auc", "regression")


def test_every_metric_says_which_way_is_better() -> None:
    lower = {name for name in metrics.names("binary") if metrics.get(name, "binary").better is Better.LOWER}
    assert lower == {"log_loss", "brier", "fpr", "expected_calibration_error"}
    assert Better.LOWER.sign == -1


@pytest.mark.parametrize(
    ("candidate", "champion", "expected"),
    [
        (0.9, 0.8, 0.125),
        (-0.5, -1.0, 0.5),  # less bad is up, whatever the sign
        (1.0, 0.0, None),
        (float("nan"), 1.0, None),
        (1.0, float("inf"), None),
        (None, 1.0, None),
        (1.0, None, None),
    ],
)
def test_relative_change_is_measured_against_the_size_of_the_champion(
    candidate: float | None, champion: float | None, expected: float | None
) -> None:
    found = relative_change(candidate, champion)
    assert found == (None if expected is None else pytest.approx(expected))


def test_a_number_that_is_none_never_passes_for_a_measurement() -> None:
    assert estimate(float("nan"), n=3) == Estimate(None, None, 3, "the value is not a finite number (nan)")
    assert estimate(0.5, Interval(0.4, 0.6), 10).value == 0.5
