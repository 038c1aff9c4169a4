from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gatehouse.pin import Role, Slot
from gatehouse.verdict import Curve, Outcome, Rows, Verdict
from tests.evaluate import made
from tests.evaluate.traffic.made import CANDIDATE, NOW, START, World
from tests.gates.given import Given, measure, verdict

N = 2_000
DAY = np.linspace(0, 24, N)
WEEK = np.linspace(0, 168, N)


def given(world: World, role: Role = Role.CHAMPION) -> Given:
    request = made.request(world.candidate, world.champion, world.slot, role)
    return Given(request=request, policy=world.policy, traffic=world.traffic)


def said(world: World, **thresholds: Any) -> Verdict:
    """By default without a warm-up, so that the hours are those of the rows."""
    return verdict("shadow", given(world), **{"warmup_min": 0, **thresholds})


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def outcome(found: Verdict, name: str) -> Outcome:
    return measure(found, name).outcome


def test_a_day_of_the_same_answers_passes_and_shows_what_it_rests_on(world: World) -> None:
    found = said(world.shadow(DAY, **{"group.region": ["north", "south"] * (N // 2)}))

    assert found.outcome is Outcome.PASS
    assert found.summary == "2,000 requests over 24.0 h, 0.00% errors; decides otherwise than the champion in 0.00%"
    assert found.advice == ()
    assert (measure(found, "errors").rows, measure(found, "errors").limit) == (N, 0.01)
    assert (measure(found, "p95").value, measure(found, "p95").champion) == (12, 10)
    assert found.notes == (
        "from 2026-03-02 08:00 to 2026-03-03 08:00 UTC",
        "the last request was 29.0 days before this check",
    )
    requests, groups = found.exhibits
    assert isinstance(requests, Curve)
    assert sum(n for _, n in requests.series["shadow"]) == N
    assert isinstance(groups, Rows)
    assert [row.name for row in groups.rows] == ["all requests", "region = north", "region = south"]


def test_what_was_never_in_the_shadow_fails_and_is_told_the_command(world: World) -> None:
    for empty in (world, World(world.folder / "nowhere")):
        found = said(empty)
        assert found.outcome is Outcome.FAIL
        assert found.summary == "version 4 (aaaaaaaaaaaa) has not been in the shadow of production, or only to warm up"
        assert found.advice == (
            "declare the version as shadow: gatehouse propose credit-risk 4 --to production --as shadow",
        )


def test_another_digest_under_the_same_version_is_another_model(world: World) -> None:
    world.shadow(DAY)

    found = said(World(world.folder, candidate=made.pin(CANDIDATE.version, "b")))

    assert found.outcome is Outcome.FAIL
    assert found.summary.endswith("version 4 was, under another digest (aaaaaaaaaaaa)")


def test_another_segments_traffic_says_nothing_here(world: World) -> None:
    world.shadow(DAY)

    found = said(World(world.folder, slot=Slot("credit-risk", "production", "eu")))

    assert found.outcome is Outcome.FAIL
    assert "outside any segment" in found.summary
    assert "--to production.eu --as shadow" in found.advice[0]


def test_another_models_log_is_an_error(world: World) -> None:
    found = said(world.shadow([0, 1], model=["credit-risk", "churn"]))

    assert found.outcome is Outcome.ERROR
    assert "rows of 'churn'" in found.summary


def test_whoever_asks_for_the_shadow_needs_none_yet(world: World) -> None:
    assert verdict("shadow", given(world, Role.SHADOW)).outcome is Outcome.PASS
    for role in (Role.CHAMPION, Role.CANARY, Role.CHALLENGER):
        assert verdict("shadow", given(world, role)).outcome is Outcome.FAIL


def test_where_nothing_serves_yet_there_was_no_traffic_and_that_is_said(world: World) -> None:
    found = said(World(world.folder, champion=None))

    assert found.outcome is Outcome.WARN
    assert "nothing serves yet" in found.summary


# --- coverage


@pytest.mark.parametrize(
    ("hours", "wanted"), [(24.0, Outcome.PASS), (24 - 1e-3, Outcome.INSUFFICIENT), (24 + 1e-3, Outcome.PASS)]
)
def test_the_hours_are_held_to_their_minimum(world: World, hours: float, wanted: Outcome) -> None:
    found = said(world.shadow(np.linspace(0, hours, N)))

    assert (found.outcome, outcome(found, "hours with requests")) == (wanted, wanted)
    assert any("leave it in the shadow" in line for line in found.advice) == (wanted is not Outcome.PASS)


def test_a_gap_is_no_hour_and_is_named(world: World) -> None:
    night = DAY[(DAY < 12) | (DAY > 18)]

    found = said(world.shadow(night))

    assert found.outcome is Outcome.INSUFFICIENT
    assert measure(found, "hours with requests").value == pytest.approx(18, abs=1)
    assert any(note.startswith("no requests from 02 Mar 19:") or "02 Mar 20:0" in note for note in found.notes)


@pytest.mark.parametrize(("n", "wanted"), [(1_000, Outcome.PASS), (999, Outcome.INSUFFICIENT)])
def test_the_requests_are_held_to_their_minimum(world: World, n: int, wanted: Outcome) -> None:
    found = said(world.shadow(np.linspace(0, 24, n)))

    assert outcome(found, "requests") is wanted
    assert found.outcome is wanted


def test_the_warm_up_counts_for_nothing(world: World) -> None:
    world.shadow(DAY)

    assert measure(said(world), "requests").value == N
    warmed = verdict("shadow", given(world))
    assert warmed.outcome is Outcome.INSUFFICIENT
    assert (measure(warmed, "requests").value or 0) < N


def test_a_seasonal_model_takes_a_whole_week_with_every_weekday(world: World) -> None:
    assert said(world.shadow(WEEK), seasonal=True).outcome is Outcome.PASS

    short = said(world.shadow(np.linspace(0, 168 - 1e-3, N)), seasonal=True)
    assert (short.outcome, outcome(short, "days from first to last")) == (Outcome.INSUFFICIENT, Outcome.INSUFFICIENT)
    # A week and more, but never on a Sunday.
    worked = np.linspace(0, 190, 4_000)
    days = (worked + 8) // 24 % 7
    sundays = said(world.shadow(worked[days != 6]), seasonal=True)
    assert outcome(sundays, "days from first to last") is Outcome.PASS
    assert (outcome(sundays, "weekdays"), measure(sundays, "weekdays").value) == (Outcome.INSUFFICIENT, 6)
    assert said(world.shadow(WEEK[WEEK <= 30])).measures


def test_pairs_with_an_older_champion_do_not_say_how_far_it_is_from_this_one(world: World) -> None:
    found = said(world.shadow(DAY, champion_version=[2] * N))

    assert found.outcome is Outcome.INSUFFICIENT
    assert outcome(found, "requests") is Outcome.PASS
    assert outcome(found, "requests beside this champion") is Outcome.INSUFFICIENT
    assert outcome(found, "divergence") is Outcome.INSUFFICIENT
    assert found.summary.endswith("none answered by both")


# --- errors


@pytest.mark.parametrize(
    ("failed", "wanted"),
    [(0, Outcome.PASS), (12, Outcome.PASS), (13, Outcome.INSUFFICIENT), (27, Outcome.INSUFFICIENT), (28, Outcome.FAIL)],
)
def test_errors_are_held_by_their_bounds(world: World, failed: int, wanted: Outcome) -> None:
    error = ["timeout"] * failed + [None] * (N - failed)

    found = said(world.shadow(DAY, shadow_error=error[::-1]))

    held = measure(found, "errors")
    assert held.interval is not None
    assert (held.value, held.outcome) == (failed / N, wanted)
    assert (held.interval.high <= 0.01) == (wanted is Outcome.PASS)
    assert (held.interval.low > 0.01) == (wanted is Outcome.FAIL)
    assert found.outcome is wanted


def test_a_shadow_that_only_failed_fails(world: World) -> None:
    found = said(world.shadow(DAY, shadow_prediction=[None] * N, shadow_error=["crash"] * N))

    assert found.outcome is Outcome.FAIL
    assert measure(found, "errors").value == 1
    assert found.advice[-2].startswith("find out why before anybody is served by it: errors")


def test_answers_that_are_no_numbers_are_errors(world: World) -> None:
    found = said(world.shadow(DAY, shadow=[float("nan")] * N))

    assert measure(found, "errors").value == 1


def test_a_queue_that_drops_much_fails_because_what_is_left_is_what_was_quick(world: World) -> None:
    answers = [[0.5] if place % 2 else None for place in range(N)]
    dropped = [None if place % 2 else "dropped" for place in range(N)]

    found = said(world.shadow(DAY, [0.5] * N, shadow_prediction=answers, shadow_error=dropped))

    assert (measure(found, "dropped").value, outcome(found, "dropped")) == (0.5, Outcome.FAIL)
    assert measure(found, "errors").value == 0


# --- latency


@pytest.mark.parametrize(("ratio", "wanted"), [(1.2, Outcome.PASS), (1.2 - 1e-6, Outcome.FAIL)])
def test_the_latency_is_held_against_the_champions(world: World, ratio: float, wanted: Outcome) -> None:
    found = said(world.shadow(DAY), max_latency_ratio=ratio)

    assert outcome(found, "p95 against the champion's") is wanted


def test_impossible_latencies_are_never_quick(world: World) -> None:
    found = said(world.shadow(DAY, shadow_latency_ms=[-5.0] * N), max_latency_ratio=2)

    assert outcome(found, "p95 against the champion's") is Outcome.INSUFFICIENT
    assert any("2,000 latencies are missing or impossible" in note for note in found.notes)


# --- divergence


def flipped(share: float) -> np.ndarray:
    """The champion's answers all 0.2, the shadow's 0.8 in this share."""
    return np.where(np.arange(N) % 100 < share * 100, 0.8, 0.2)


@pytest.mark.parametrize("apart", [0.05, 0.2])
def test_disagreement_is_held_by_its_bounds(world: World, apart: float) -> None:
    world.shadow(DAY, np.full(N, 0.2), flipped(apart))
    interval = measure(said(world), "disagreement").interval
    assert interval is not None

    for limit, wanted in (
        (interval.high + 1e-6, Outcome.PASS),
        (interval.high - 1e-6, Outcome.INSUFFICIENT),
        (interval.low, Outcome.INSUFFICIENT),
        (interval.low - 1e-6, Outcome.FAIL),
    ):
        assert outcome(said(world, max_disagreement=limit, max_psi=100), "disagreement") is wanted


def test_a_group_that_is_decided_otherwise_fails_though_all_together_are_not(world: World) -> None:
    small = np.arange(N) % 20 == 0
    region: Any = {"group.region": ["north" if one else "south" for one in small]}
    world.shadow(DAY, np.full(N, 0.2), np.where(small, 0.8, 0.2), **region)

    found = said(world, max_disagreement=0.1, max_psi=100)

    assert outcome(found, "disagreement") is Outcome.PASS
    assert outcome(found, "disagreement, region = north") is Outcome.FAIL
    assert found.outcome is Outcome.FAIL
    assert all(one.name != "disagreement, region = south" for one in found.measures)


def test_a_small_group_beyond_the_limit_is_worth_a_look(world: World) -> None:
    few = np.arange(N) < 3
    region: Any = {"group.region": ["north" if one else None for one in few]}
    world.shadow(DAY, np.full(N, 0.2), np.where(np.arange(N) == 0, 0.8, 0.2), **region)

    found = said(world, max_disagreement=0.1, max_psi=100)

    assert (found.outcome, outcome(found, "disagreement, region = north")) == (Outcome.WARN, Outcome.WARN)
    assert "region = north" in found.advice[-1]


def test_the_psi_is_held_to_its_limit_and_chance_is_no_drift(world: World) -> None:
    random = np.random.default_rng(6)
    champion = random.random(N)
    world.shadow(DAY, champion, champion**1.3)
    psi = measure(said(world, max_psi=100), "PSI of the scores").value
    assert psi is not None

    assert outcome(said(world, max_psi=psi), "PSI of the scores") is Outcome.PASS
    assert outcome(said(world, max_psi=psi - 1e-6), "PSI of the scores") is Outcome.FAIL

    few = World(world.folder / "few").shadow(np.linspace(0, 24, 30), random.random(30), random.random(30))
    assert outcome(said(few, max_psi=0.01), "PSI of the scores") is Outcome.INSUFFICIENT


def test_a_regression_is_held_by_the_psi_alone(tmp_path: Path) -> None:
    world = World(tmp_path, made.policy(task="regression")).shadow(DAY)

    found = said(world)
    assert found.outcome is Outcome.PASS
    assert found.summary.endswith("0 from the champion on average")
    refused = said(world, max_disagreement=0.1)
    assert refused.outcome is Outcome.ERROR
    assert "decides nothing to disagree on" in refused.summary


def test_one_group_alone_is_no_trouble_and_may_still_fail(world: World) -> None:
    region: Any = {"group.region": ["north"] * N}
    world.shadow(DAY, np.full(N, 0.2), flipped(0.05), **region)

    assert said(world, max_disagreement=0.1, max_psi=100).outcome is Outcome.PASS
    assert outcome(said(world, max_disagreement=0.02, max_psi=100), "disagreement, region = north") is Outcome.FAIL


def test_all_answers_the_same_are_no_trouble(world: World) -> None:
    assert said(world.shadow(DAY, np.full(N, 0.3), np.full(N, 0.3)), max_disagreement=0.01).outcome is Outcome.PASS


# --- outcomes


@pytest.fixture
def known(world: World) -> World:
    """A shadow that tells the classes apart better than the champion."""
    random = np.random.default_rng(7)
    label = random.integers(0, 2, N)
    scores = [1 / (1 + np.exp(-random.normal(signal * (label - 0.5), 1))) for signal in (1, 3)]
    world.shadow(DAY, *scores)
    return world.outcomes([f"r{place}" for place in range(N)], label, np.full(N, 100))


def test_a_better_metric_on_the_same_requests_passes_and_a_margin_beyond_it_fails(known: World) -> None:
    for margin, wanted in ((0.1, Outcome.PASS), (0.5, Outcome.FAIL)):
        found = said(known, metric="roc_auc", min_improvement=margin, max_psi=100)
        assert (found.outcome, outcome(found, "improvement in roc_auc")) == (wanted, wanted)
    assert measure(found, "roc_auc").rows == N
    assert "paired DeLong" in measure(found, "improvement in roc_auc").note


def test_the_margin_between_the_bounds_is_undecided(known: World) -> None:
    gain = measure(said(known, metric="roc_auc", max_psi=100), "improvement in roc_auc").value
    assert gain is not None

    found = said(known, metric="roc_auc", min_improvement=gain, max_psi=100)

    assert found.outcome is Outcome.INSUFFICIENT


def test_a_metric_without_outcomes_is_not_passed(world: World) -> None:
    found = said(world.shadow(DAY), metric="roc_auc")

    assert (found.outcome, outcome(found, "roc_auc")) == (Outcome.INSUFFICIENT, Outcome.INSUFFICIENT)


def test_outcomes_of_one_class_decide_nothing(world: World) -> None:
    world.shadow(DAY).outcomes([f"r{place}" for place in range(N)], np.ones(N), np.full(N, 100))

    assert said(world, metric="roc_auc").outcome is Outcome.INSUFFICIENT


def test_a_metric_that_the_task_lacks_is_an_error(world: World) -> None:
    assert said(world.shadow(DAY), metric="rmse").outcome is Outcome.ERROR


# --- the log


def test_what_was_left_out_is_noted(world: World) -> None:
    late = (NOW - START).total_seconds() / 3600 + 1
    ids = [f"r{place}" for place in range(N)] + ["r0", "late"]
    world.shadow([*DAY, 30, late], [0.5] * (N + 2), request_id=ids, name="1").shadow([1], name="2")
    (world.folder / "shadow/2.parquet").write_bytes(b"PAR1")

    found = said(world)

    assert found.outcome is Outcome.PASS
    assert any("shadow/2.parquet" in note for note in found.notes)
    assert any("1 rows repeat a request" in note for note in found.notes)
    assert any("1 rows are from the future" in note for note in found.notes)


@pytest.mark.parametrize("threshold", [{"min_hours": -1}, {"max_error_rate": 2}, {"seasonal": 1}, {"min_hour": 24}])
def test_a_threshold_that_makes_no_sense_is_an_error(world: World, threshold: dict[str, Any]) -> None:
    assert said(world, **threshold).outcome is Outcome.ERROR
