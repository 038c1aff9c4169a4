from __future__ import annotations

import pytest

from gatehouse.errors import NotFound
from gatehouse.evaluate.statistics import metrics
from gatehouse.evaluate.statistics.metric import Better
from gatehouse.evaluate.statistics.results import Estimate, estimate, relative_change
from gatehouse.verdict import Interval


def test_a_metric_of_another_task_is_not_found() -> None:
    with pytest.raises(NotFound, match="no regression metric 'roc_auc'"):
        metrics.get("roc_auc", "regression")


@pytest.mark.parametrize("level", ["0", "1", "1.0", "-0.1", "nan", "inf", "", "high", "0.9@0.9"])
def test_a_quantile_lies_between_0_and_1(level: str) -> None:
    with pytest.raises(NotFound) as raised:
        metrics.get(f"quantile_loss@{level}", "regression")
    assert raised.value.message == f"no regression metric 'quantile_loss@{level}'"
    assert "between 0 and 1" in raised.value.fix
    assert not metrics.known(f"quantile_loss@{level}", "regression")


@pytest.mark.parametrize("level", ["0.001", "0.5", "0.999"])
def test_a_quantile_is_written_behind_the_metric(level: str) -> None:
    assert metrics.get(f"quantile_loss@{level}", "regression").name == f"quantile_loss@{level}"
    with pytest.raises(NotFound):
        metrics.get(f"quantile_loss@{level}", "binary")
    with pytest.raises(NotFound):
        metrics.get(f"rmse@{level}", "regression")


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
