from __future__ import annotations

from pathlib import Path

import pytest

from gatehouse.evaluate.traffic.held import bounded, enough, left_out, missed, rate
from gatehouse.verdict import Interval, Outcome
from tests.evaluate.traffic.made import World


@pytest.mark.parametrize(
    ("value", "outcome"),
    [(10, Outcome.PASS), (9.99, Outcome.INSUFFICIENT), (float("nan"), Outcome.INSUFFICIENT), (0, Outcome.INSUFFICIENT)],
)
def test_too_little_is_never_a_failure_and_never_enough(value: float, outcome: Outcome) -> None:
    held = enough("hours", value, 10)

    assert held.outcome is outcome
    assert (missed([held]) == [held]) == (outcome is Outcome.INSUFFICIENT)


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (0.0, 0.1, Outcome.PASS),
        (0.0, 0.1001, Outcome.INSUFFICIENT),
        (0.1, 0.2, Outcome.INSUFFICIENT),
        (0.1001, 0.2, Outcome.FAIL),
        (float("nan"), float("nan"), Outcome.FAIL),
    ],
)
def test_a_limit_is_held_by_the_ends_of_the_interval(low: float, high: float, outcome: Outcome) -> None:
    assert bounded("errors", 0.05, Interval(low, high), 0.1).outcome is outcome


def test_no_interval_and_no_trials_decide_nothing() -> None:
    assert bounded("errors", 0.0, None, 0.1).outcome is Outcome.INSUFFICIENT
    assert rate("errors", 0, 0, 0.1, 0.95).outcome is Outcome.INSUFFICIENT


def test_what_was_left_out_is_said_and_nothing_where_nothing_was(tmp_path: Path) -> None:
    world = World(tmp_path).shadow([0])
    for name in "abcde":
        (tmp_path / f"shadow/{name}.parquet").write_bytes(b"")
    traffic = world.traffic
    assert left_out(traffic, 0, 0) == []

    traffic.others("shadow")
    (files,) = left_out(traffic, 0, 0)

    assert "shadow/a.parquet, shadow/b.parquet, shadow/c.parquet and 2 more" in files
    assert len(left_out(traffic, 3, 4)) == 3
