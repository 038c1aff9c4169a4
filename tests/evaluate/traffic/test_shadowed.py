from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.traffic.desk import desk
from gatehouse.evaluate.traffic.shadowed import Shadowed
from gatehouse.pin import Slot
from tests.evaluate import made
from tests.evaluate.traffic.made import CANDIDATE, CHAMPION, NOW, START, World, one, shadow_rows

COLD = timedelta()


def seen(world: World, warmup: timedelta = COLD, metric: str | None = None) -> Shadowed:
    found = world.traffic.shadow(warmup, metric)
    assert found is not None
    return found


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_no_folder_and_no_rows_are_no_shadow(world: World) -> None:
    assert world.traffic.shadow(COLD) is None
    assert World(world.folder / "nowhere").traffic.shadow(COLD) is None


def test_only_this_very_pin_in_this_segment_counts(world: World) -> None:
    world.shadow([0, 1])

    assert seen(world).counted.asked == 2
    for other in (
        World(world.folder, candidate=made.pin(CANDIDATE.version, "b")),
        World(world.folder, candidate=made.pin(9, "a")),
        World(world.folder, slot=Slot("credit-risk", "production", "eu")),
    ):
        assert other.traffic.shadow(COLD) is None


def test_where_else_the_version_was_is_said(world: World) -> None:
    world.shadow([0, 1], segment=["eu", "eu"])

    assert world.traffic.others("shadow") == ("in segment eu",)
    other = World(world.folder, candidate=made.pin(CANDIDATE.version, "b"))
    assert other.traffic.others("shadow") == ("under another digest (aaaaaaaaaaaa)",)
    assert World(world.folder, candidate=made.pin(9, "a")).traffic.others("shadow") == ()


def test_a_retry_counts_once_and_the_earliest_of_it(world: World) -> None:
    rows = shadow_rows([2, 0, 1], request_id=["a", "a", "b"], shadow=[0.1, 0.2, 0.3], champion=[0.2, 0.2, 0.3])
    world.shadow([2, 0, 1], **{name: rows[name] for name in ("request_id", "champion_prediction", "shadow_prediction")})

    found = seen(world)

    assert (found.counted.asked, found.counted.repeated) == (2, 1)
    assert found.divergences[0].difference == 0
    assert found.coverage.last == START + timedelta(hours=1)


def test_rows_from_the_future_do_not_count(world: World) -> None:
    late = (NOW - START) / timedelta(hours=1)
    world.shadow([0, late, late + 1e-6])

    assert (seen(world).counted.asked, seen(world).counted.future) == (2, 1)


def test_the_warm_up_is_left_out_from_the_first_request_on(world: World) -> None:
    world.shadow([5, 5 + 0.999 / 6, 5 + 1 / 6, 6])

    found = seen(world, timedelta(minutes=10))

    assert (found.counted.warmup, found.counted.asked) == (2, 2)
    assert seen(world).counted.warmup == 0


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (None, None),
        ([float("nan")], None),
        ([float("inf")], None),
        ([], None),
        ([0.1, 0.9], None),
        ([None], None),
        ([0.5], "timeout"),
    ],
)
def test_an_answer_that_cannot_be_used_is_a_failure(world: World, answer: Any, error: str | None) -> None:
    world.shadow([0, 1, 2], shadow_prediction=[[0.1], answer, [0.3]], shadow_error=[None, error, None])

    found = seen(world)

    assert (found.counted.asked, found.counted.failed, found.counted.compared) == (3, 1, 2)


def test_what_the_queue_dropped_is_neither_asked_nor_failed(world: World) -> None:
    world.shadow([0, 1, 2], shadow_prediction=[[0.1], None, [0.3]], shadow_error=[None, "dropped", None])

    found = seen(world)

    assert (found.counted.asked, found.counted.failed, found.counted.dropped) == (2, 0, 1)
    assert found.coverage.series == ((0, 1), (2, 1))


def test_a_shadow_that_only_failed_has_no_divergence(world: World) -> None:
    world.shadow([0, 1], shadow_prediction=[None, None], shadow_error=["crash", "crash"])

    found = seen(world, metric="roc_auc")

    assert (found.counted.asked, found.counted.failed, found.divergences) == (2, 2, ())
    assert (found.outcomes, found.board, found.scores) == (0, None, None)
    assert found.latency["candidate"].percentile("p95").value is None


def test_only_pairs_with_todays_champion_are_compared(world: World) -> None:
    world.shadow([0, 1, 2], champion_version=[CHAMPION.version, 2, CHAMPION.version], champion=[0.5, 0.5, float("nan")])

    found = seen(world)

    assert (found.counted.asked, found.counted.compared) == (3, 1)
    assert found.latency["champion"].n == 1


@pytest.mark.parametrize("latency", [-0.001, float("nan"), float("inf"), None])
def test_an_impossible_latency_is_never_quick(world: World, latency: float | None) -> None:
    world.shadow([0, 1], shadow_latency_ms=[12.0, latency])

    found = seen(world)

    assert found.counted.mistimed == 1
    assert found.latency["candidate"].failed == 1


def test_hours_are_counted_from_the_first_request_and_are_never_more_than_have_passed(world: World) -> None:
    for hours, wanted in (
        ([0, 1], 1.0),
        ([0, 0.5, 0.99], 0.99),
        ([0.9, 1.1], 0.2),  # two hours of the clock, and twelve minutes
        ([0, 1, 2, 24], 4.0),  # a gap is no hour
        (list(range(25)), 24.0),
    ):
        world.shadow(hours)
        assert seen(world).coverage.hours == pytest.approx(wanted)


def test_hours_of_the_day_weekdays_and_gaps_are_told(world: World) -> None:
    world.shadow([0, 1, 30, 32.5])  # Monday 8 and 9, Tuesday 14 and 16:30, UTC

    found = seen(world).coverage

    assert {hour: n for hour, n in enumerate(found.of_day) if n} == {8: 1, 9: 1, 14: 1, 16: 1}
    assert found.weekdays == (2, 2, 0, 0, 0, 0, 0)
    assert [(start - START, end - START) for start, end in found.gaps] == [
        (timedelta(hours=1), timedelta(hours=30)),
        (timedelta(hours=30), timedelta(hours=32.5)),
    ]


def test_how_far_the_answers_are_apart_overall_and_by_group(world: World) -> None:
    random = np.random.default_rng(3)
    champion = random.random(2_000)
    north = random.random(2_000) < 0.3
    shadow = np.where(north, np.clip(champion + 0.2, 0, 1), champion)
    region: Any = {"group.region": ["north" if one else None for one in north]}
    world.shadow(np.linspace(0, 30, 2_000), champion=champion, shadow=shadow, **region)

    found = seen(world)

    everyone, missing, northern = found.divergences
    assert everyone.difference == pytest.approx(np.abs(champion - shadow).mean())
    assert (missing.group, missing.difference, missing.disagreement) == ("missing", 0, 0)
    assert (northern.group, northern.n) == ("north", north.sum())
    assert northern.psi > everyone.psi > 0.01
    assert found.scores is not None
    assert found.scores.psi == pytest.approx(everyone.psi)
    assert found.scores.ks == pytest.approx(0.06, abs=0.02)


def test_a_regression_decides_nothing_and_several_classes_by_the_largest(tmp_path: Path) -> None:
    numbers = World(tmp_path / "a", made.policy(task="regression")).shadow([0, 1], [3.0, 1e6], [2.0, 1e6])
    assert seen(numbers).divergences[0].disagreement is None
    assert seen(numbers).divergences[0].difference == 0.5

    classes = World(tmp_path / "b", made.policy(task="multiclass"))
    classes.shadow(
        [0, 1], champion_prediction=[[0.2, 0.7, 0.1]] * 2, shadow_prediction=[[0.2, 0.7, 0.1], [0.7, 0.2, 0.1]]
    )
    found = seen(classes)
    assert (found.counted.compared, found.scores) == (2, None)
    assert found.divergences[0].disagreement == 0.5


# --- outcomes


def outcomes(world: World, **columns: Any) -> World:
    """Two hundred pairs: the shadow is right, the champion guesses."""
    random = np.random.default_rng(4)
    label = random.integers(0, 2, 200)
    world.shadow(np.arange(200) / 10, random.random(200), label * 0.8 + 0.1, **columns)
    return world.outcomes([f"r{place}" for place in range(200)], label, np.full(200, 48))


def test_the_metric_is_measured_on_the_same_requests_side_by_side(world: World) -> None:
    found = seen(outcomes(world), metric="roc_auc")

    assert found.outcomes == 200
    assert found.board is not None
    comparison = found.board.compare("roc_auc")
    assert comparison.candidate.value == 1
    assert comparison.champion.value == pytest.approx(0.5, abs=0.1)


def test_the_latest_outcome_before_the_cut_off_counts(world: World) -> None:
    world.shadow([0, 1, 2], [0.4, 0.4, 0.9], [0.9, 0.2, 0.8])
    after = (NOW - START) / timedelta(hours=1)
    world.outcomes(["r0", "r0", "r0", "r1", "r2"], [0, 1, 0, 0, 1], [3, after, after + 0.01, 5, 5])

    board = seen(world, metric="accuracy").board

    assert board is not None
    assert board.estimate("accuracy", "candidate").value == 1  # r0 is 1: the later 0 is from the future


def test_outcomes_that_contradict_each_other_and_those_of_nobody_count_for_nothing(world: World) -> None:
    world.shadow([0, 1], [0.4, 0.4], [0.9, 0.2])
    world.outcomes(["r0", "r0", "r1", "r1", "other"], [0, 1, 1, 1, 1], [3, 3, 3, 3, 3])

    assert seen(world, metric="accuracy").outcomes == 1


@pytest.mark.parametrize("label", [float("nan"), float("inf")])
def test_an_outcome_that_is_no_number_is_none(world: World, label: float) -> None:
    world.shadow([0, 1], [0.4, 0.4], [0.9, 0.2]).outcomes(["r0", "r1"], [label, 1], [3, 3])

    assert seen(world, metric="accuracy").outcomes == 1


def test_without_outcomes_there_is_nothing_to_measure(world: World) -> None:
    world.shadow([0, 1])

    assert (seen(world, metric="roc_auc").outcomes, seen(world, metric="roc_auc").board) == (0, None)


def test_a_metric_that_the_task_lacks_is_said_at_once(world: World) -> None:
    with pytest.raises(GatehouseError, match="no binary metric 'rmse'"):
        world.shadow([0]).traffic.shadow(COLD, "rmse")


def test_several_classes_are_measured_too(tmp_path: Path) -> None:
    world = World(tmp_path, made.policy(task="multiclass"))
    answers = [[0.2, 0.7, 0.1], [0.7, 0.2, 0.1], [0.1, 0.1, 0.8]]
    world.shadow([0, 1, 2], champion_prediction=answers[::-1], shadow_prediction=answers)
    world.outcomes(["r0", "r1", "r2"], [1, 0, 2], [3, 3, 3])

    board = seen(world, metric="accuracy").board

    assert board is not None
    assert board.estimate("accuracy", "candidate").value == 1


# --- files


def test_files_that_were_cut_off_are_named_and_the_rest_is_read(world: World) -> None:
    world.shadow([0, 1], name="1").shadow([2], name="2")
    (world.folder / "shadow/2.parquet").write_bytes(b"PAR1")
    traffic = world.traffic

    found = traffic.shadow(COLD)

    assert found is not None
    assert found.counted.asked == 2
    assert traffic.skipped == ("shadow/2.parquet",)


def test_damage_behind_a_sound_footer_is_an_error_not_a_figure(world: World) -> None:
    world.shadow(np.arange(2_000) / 100)
    path = world.folder / "shadow/1.parquet"
    content = bytearray(path.read_bytes())
    content[4:4_000] = b"\xff" * 3_996
    path.write_bytes(content)

    with pytest.raises(GatehouseError, match=r"shadow/1\.parquet: does not read"):
        world.traffic.shadow(COLD)


def test_an_error_that_no_file_explains_is_told_as_it_is(world: World) -> None:
    world.shadow([0, 1])

    with pytest.raises(GatehouseError, match="cannot be judged: Catalog Error"), desk([]) as opened:
        opened.rows("SELECT * FROM nothing")


def test_a_group_of_any_name_is_only_a_name(world: World) -> None:
    name = 'x" FROM seen; --'
    columns: Any = {f"group.{name}": ["a", "b"]}
    world.shadow([0, 1], **columns)

    assert {found.column for found in seen(world).divergences} == {"", name}


def test_a_shadow_needs_a_champion_to_stand_in(world: World) -> None:
    with pytest.raises(GatehouseError, match="no champion"):
        World(world.folder, champion=None).traffic.shadow(COLD)


def test_answers_are_lists_of_one_number() -> None:
    assert one([0.5, None]) == [[0.5], None]
