from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.traffic.experiment import Experiment
from gatehouse.pin import Slot
from tests.evaluate import made
from tests.evaluate.traffic.made import CANDIDATE, CHAMPION, NOW, START, World

WINDOW = timedelta(hours=10)
HOURS = (NOW - START) / timedelta(hours=1)


def found(world: World, value: Any = "outcome", window: timedelta = WINDOW, name: str | None = None) -> Experiment:
    answer = world.traffic.experiment(window, value, name)
    assert answer is not None
    return answer


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def four(world: World) -> World:
    """Two units an arm, one request each, an hour apart."""
    return world.exposures(["a", "b", "c", "d"], [True, False, True, False], [0, 0, 1, 1])


def test_no_folder_no_rows_and_no_challenger_are_no_experiment(world: World) -> None:
    assert world.traffic.experiment(WINDOW) is None
    world.exposures(["a"], [False], [0])
    assert world.traffic.experiment(WINDOW) is None
    assert World(world.folder / "nowhere").traffic.experiment(WINDOW) is None


def test_only_this_very_pin_in_this_segment_counts(four: World) -> None:
    assert found(four).challenger.units == 2
    for other in (
        World(four.folder, candidate=made.pin(CANDIDATE.version, "b")),
        World(four.folder, candidate=made.pin(9, "a")),
        World(four.folder, slot=Slot("credit-risk", "production", "eu")),
    ):
        assert other.traffic.experiment(WINDOW) is None
    assert World(four.folder, candidate=made.pin(CANDIDATE.version, "b")).traffic.others("challenger") == (
        "under another digest (aaaaaaaaaaaa)",
    )


def test_a_unit_is_the_mean_of_its_requests_with_an_outcome(world: World) -> None:
    world.exposures(["a", "a", "a", "b", "c"], [True, True, True, False, False], [0, 1, 2, 0, 0])
    world.outcomes(["r0", "r1", "r3", "r4"], [1, 0, 1, 0], [3, 3, 3, 3])

    answer = found(world)

    assert (answer.challenger.values.n, answer.challenger.values.mean) == (1, 0.5)
    assert (answer.champion.values.n, answer.champion.values.mean) == (2, 0.5)
    assert answer.champion.values.variance == 0.5
    assert (answer.challenger.units, answer.champion.units, answer.challenger.requests) == (1, 2, 3)


def test_a_missing_outcome_is_missing_and_not_zero(four: World) -> None:
    four.outcomes(["r0"], [1], [2])

    answer = found(four)

    assert (answer.challenger.matured, answer.challenger.values.n, answer.challenger.values.mean) == (2, 1, 1)
    assert (answer.champion.matured, answer.champion.values.n) == (2, 0)


def test_outcomes_without_exposures_are_nobodys(four: World) -> None:
    four.outcomes(["other", "r0"], [1, 1], [2, 2])

    assert found(four).challenger.values.n == 1


def test_the_first_exposure_decides_the_arm_and_the_others_outcomes_count_for_it(world: World) -> None:
    world.exposures(["a", "a", "b", "b"], [True, False, False, False], [0, 1, 0, 1])
    world.outcomes(["r0", "r1", "r2"], [1, 0, 1], [3, 3, 3])

    answer = found(world)

    assert (answer.crossed, answer.challenger.units, answer.champion.units) == (1, 1, 1)
    assert answer.challenger.values.mean == 0.5


@pytest.mark.parametrize(("observed", "n"), [(0.5, 1), (10, 1), (10 + 1e-6, 0)])
def test_an_outcome_counts_up_to_the_end_of_the_window(four: World, observed: float, n: int) -> None:
    assert found(four.outcomes(["r0"], [1], [observed])).challenger.values.n == n


@pytest.mark.parametrize(("asked", "n"), [(10, 1), (10 + 1e-6, 0)])
def test_a_request_counts_up_to_the_end_of_its_units_window(world: World, asked: float, n: int) -> None:
    world.exposures(["a", "a", "b"], [True, True, False], [0, asked, 0]).outcomes(["r1"], [1], [asked])

    assert found(world).challenger.values.n == n


@pytest.mark.parametrize(("hour", "matured"), [(HOURS - 10, 2), (HOURS - 10 + 1e-6, 1)])
def test_only_units_whose_window_has_passed_are_matured(world: World, hour: float, matured: int) -> None:
    world.exposures(["a", "b", "c", "d"], [True, False, True, False], [0, 0, hour, 0])
    world.outcomes(["r0", "r2"], [1, 1], [1, hour])

    answer = found(world)

    assert (answer.challenger.units, answer.challenger.matured, answer.challenger.values.n) == (2, matured, matured)
    assert answer.span == timedelta(hours=hour if matured == 2 else 0)


def test_nothing_matured_has_no_span(world: World) -> None:
    world.exposures(["a", "b"], [True, False], [HOURS - 1, HOURS - 1])

    assert (found(world).matured_until, found(world).span, found(world).days) == (None, timedelta(), ())


def test_the_latest_label_within_the_window_wins_and_two_at_once_count_as_none(four: World) -> None:
    four.outcomes(["r0", "r0", "r0", "r2", "r2", "r1", "r1"], [0, 1, 0, 0, 1, 1, 1], [2, 3, 99, 4, 4, 5, 5])

    answer = found(four)

    assert (answer.challenger.values.n, answer.challenger.values.mean) == (1, 1)
    assert answer.champion.values.n == 1
    assert answer.contradictory == 1


@pytest.mark.parametrize("label", [float("nan"), float("inf")])
def test_a_label_that_is_no_number_is_none(four: World, label: float) -> None:
    assert found(four.outcomes(["r0", "r2"], [label, 1], [2, 2])).challenger.values.n == 1


def test_retries_and_rows_from_the_future_do_not_count(world: World) -> None:
    ids = ["r0", "r0", "r1", "r2"]
    world.exposures(["a", "a", "b", "c"], [True, True, False, True], [0, 1, 0, HOURS + 1], request_id=ids)

    answer = found(world)

    assert (answer.repeated, answer.future, answer.challenger.units, answer.challenger.requests) == (1, 1, 1, 1)


def test_a_request_without_a_unit_is_one_of_its_own(world: World) -> None:
    answer = found(world.exposures([None, None, "r0"], [True, True, False], [0, 0, 0]))

    assert (answer.unidentified, answer.challenger.units, answer.champion.units) == (2, 2, 1)


def test_units_from_before_the_current_champion_or_split_are_left_out_of_both_arms(world: World) -> None:
    units, arms = list("abcdefgh"), [True, False] * 4
    hours = [0, 0, 1, 1, 2, 2, 3, 3]
    champion = [2 if hour < 1 else CHAMPION.version for hour in hours]
    version = [CANDIDATE.version if mine else theirs for mine, theirs in zip(arms, champion, strict=True)]
    shares = [0.05 if hour < 3 else 0.5 for hour in hours]
    share = [part if mine else 1 - part for mine, part in zip(arms, shares, strict=True)]

    world.exposures(units, arms, hours, version=version, share=share)
    split = found(world)
    assert (split.share, split.start) == (0.5, START + timedelta(hours=3))
    assert (split.challenger.units, split.champion.units, split.earlier) == (1, 1, 6)

    world.exposures(units, arms, hours, version=version)
    crowned = found(world)
    assert crowned.start == START + timedelta(hours=1)
    assert (crowned.challenger.units, crowned.champion.units, crowned.earlier) == (3, 3, 2)


def test_a_unit_that_met_another_version_first_is_in_neither_arm(world: World) -> None:
    version = [CANDIDATE.version, CHAMPION.version, 2, CANDIDATE.version]
    world.exposures(["a", "b", "c", "c"], [True, False, False, True], [0, 0, 1, 2], version=version)

    answer = found(world)

    assert (answer.challenger.units, answer.champion.units, answer.earlier) == (1, 1, 1)


def test_a_split_that_was_turned_off_leaves_an_arm_empty(world: World) -> None:
    world.exposures(["a", "b", "c"], [True, False, False], [0, 0, 1], share=[0.5, 0.5, 1.0])

    answer = found(world)

    assert (answer.share, answer.challenger.units, answer.champion.units) == (0.0, 0, 1)


@pytest.mark.parametrize("share", [None, float("nan"), -0.1, 1.1])
def test_an_exposure_that_does_not_say_its_split_is_refused(world: World, share: float | None) -> None:
    world.exposures(["a", "b"], [True, False], [0, 0], share=[share, 0.5])

    with pytest.raises(GatehouseError, match="1 exposures do not say the share"):
        found(world)


def test_a_second_experiment_of_the_pin_must_be_named(world: World) -> None:
    world.exposures(["a", "b", "c", "d"], [True, False] * 2, [0, 0, 1, 1], experiment=["x", "x", "y", "y"])

    with pytest.raises(GatehouseError, match="was the challenger in x, y") as error:
        found(world)
    assert "gates.challenger.experiment" in error.value.fix
    assert found(world, name="y").start == START + timedelta(hours=1)
    assert world.traffic.experiment(WINDOW, name="z") is None


@pytest.mark.parametrize(
    ("prediction", "status", "error"),
    [
        (None, 200, None),
        ([float("nan")], 200, None),
        ([], 200, None),
        ([None], 200, None),
        ([0.7], 500, None),
        ([0.7], 200, "timeout"),
    ],
)
def test_an_answer_that_cannot_be_used_has_failed_and_is_not_correct(
    world: World, prediction: Any, status: int, error: str | None
) -> None:
    world.exposures(
        ["a", "b"], [True, False], [0, 0], prediction=[prediction, [0.7]], status=[status, 200], error=[error, None]
    )
    world.outcomes(["r0", "r1"], [1, 1], [1, 1])

    answer = found(world, "correct")
    assert (answer.challenger.requests, answer.challenger.failed) == (1, 1)
    assert (answer.challenger.values.mean, answer.champion.values.mean) == (0, 1)
    assert found(world, "squared_error").challenger.values.n == 0
    assert found(world, "outcome").challenger.values.mean == 1


@pytest.mark.parametrize(
    ("task", "value", "prediction", "label", "wanted"),
    [
        ("binary", "correct", [0.5], 1, 1),
        ("binary", "correct", [0.4999], 1, 0),
        ("binary", "correct", [0.4999], 0, 1),
        ("multiclass", "correct", [0.2, 0.7, 0.1], 1, 1),
        ("multiclass", "correct", [0.2, 0.7, 0.1], 2, 0),
        ("regression", "absolute_error", [3.0], 5.0, 2),
        ("regression", "squared_error", [3.0], 5.0, 4),
        ("regression", "outcome", [3.0], 5.0, 5),
    ],
)
def test_what_a_request_is_worth(
    tmp_path: Path, task: str, value: str, prediction: list[float], label: float, wanted: float
) -> None:
    world = World(tmp_path, made.policy(task=task))
    world.exposures(["a", "b"], [True, False], [0, 0], prediction=[prediction, prediction])
    world.outcomes(["r0"], [label], [1])

    assert found(world, value).challenger.values.mean == wanted


def test_the_days_add_up_to_the_whole(world: World) -> None:
    random = np.random.default_rng(5)
    n = 400
    hours = np.sort(random.random(n) * 200)
    hours[0] = 0
    arms = random.random(n) < 0.5
    world.exposures([f"u{place}" for place in range(n)], arms, hours)
    world.outcomes([f"r{place}" for place in range(n)], random.random(n), hours + 1)

    answer = found(world)

    last = answer.days[-1]
    assert [day.day for day in answer.days] == list(range(1, 10))
    for summed, arm in ((last.challenger, answer.challenger), (last.champion, answer.champion)):
        assert summed.n == arm.values.n
        assert (summed.mean, summed.variance) == pytest.approx((arm.values.mean, arm.values.variance))
