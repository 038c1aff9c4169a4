from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gatehouse.evaluate.statistics.sequential import sample_ratio
from gatehouse.pin import Role, Slot
from gatehouse.verdict import Curve, Outcome, Verdict
from tests.evaluate import made
from tests.evaluate.traffic.made import CANDIDATE, World
from tests.gates.given import Given, measure, verdict

# The small numbers of the tests: what a policy would ask of real traffic is more.
SMALL = {"min_units": 100, "min_days": 5, "planned_units": 2_000}


def given(world: World, role: Role = Role.CHAMPION) -> Given:
    request = made.request(world.candidate, world.champion, world.slot, role)
    return Given(request=request, policy=world.policy, traffic=world.traffic)


def said(world: World, **thresholds: Any) -> Verdict:
    return verdict("challenger", given(world), **{**SMALL, **thresholds})


def tried(
    world: World, rates: tuple[float, float], units: tuple[int, int] = (1_000, 1_000), days: float = 10, **more: Any
) -> World:
    """Units of both arms, spread evenly over the days; this share of each arm's units has the outcome 1."""
    labels: list[int] = []
    hours: list[float] = []
    for rate, n in zip(rates, units, strict=True):
        place = np.arange(n)
        labels += ((place + 1) * rate // 1 - place * rate // 1).astype(int).tolist()
        hours += np.linspace(0, 24 * days, n).tolist()
    arms = [True] * units[0] + [False] * units[1]
    world.exposures([f"u{place}" for place in range(len(arms))], arms, hours, **more)
    return world.outcomes([f"r{place}" for place in range(len(arms))], labels, np.asarray(hours) + 1)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def outcome(found: Verdict, name: str) -> Outcome:
    return measure(found, name).outcome


def test_a_clear_gain_passes_and_shows_what_it_rests_on(world: World) -> None:
    found = said(tried(world, (0.6, 0.4)), min_units=150)

    assert found.outcome is Outcome.PASS
    assert found.summary == (
        "gbm-q4: outcome 0.6 against 0.4, improvement +0.2, at least 0, after 2,000 units and 10.0 days"
    )
    improvement = measure(found, "improvement")
    assert improvement.interval is not None
    assert 0 < improvement.interval.low < 0.2 < improvement.interval.high
    assert improvement.rows == 2_000
    assert measure(found, "mean").champion == pytest.approx(0.4)
    (curve,) = found.exhibits
    assert isinstance(curve, Curve)
    assert curve.limits == {"margin": 0}
    # Only from the day on that there are enough units, and narrower every day.
    widths = [
        high[1] - low[1] for low, high in zip(curve.series["lower bound"], curve.series["upper bound"], strict=True)
    ]
    assert curve.series["improvement"][0][0] == 2
    assert widths == sorted(widths, reverse=True)


def test_what_was_never_a_challenger_fails_and_is_told_the_command(world: World) -> None:
    for empty in (world, World(world.folder / "nowhere")):
        found = said(empty)
        assert found.outcome is Outcome.FAIL
        assert found.summary == "version 4 (aaaaaaaaaaaa) has not been a challenger of production"
        assert found.advice[0].endswith("gatehouse propose credit-risk 4 --to production --as challenger")


def test_another_digest_or_segment_is_another_experiment(world: World) -> None:
    tried(world, (0.6, 0.4))

    other = said(World(world.folder, candidate=made.pin(CANDIDATE.version, "b")))
    assert other.outcome is Outcome.FAIL
    assert other.summary.endswith("version 4 was, under another digest (aaaaaaaaaaaa)")
    assert "outside any segment" in said(World(world.folder, slot=Slot("credit-risk", "production", "eu"))).summary


def test_whoever_asks_for_the_experiment_needs_none_yet(world: World) -> None:
    for role, wanted in (
        (Role.SHADOW, Outcome.PASS),
        (Role.CHALLENGER, Outcome.PASS),
        (Role.CANARY, Outcome.FAIL),
        (Role.CHAMPION, Outcome.FAIL),
    ):
        assert verdict("challenger", given(world, role)).outcome is wanted


def test_where_nothing_serves_there_is_nobody_to_challenge(world: World) -> None:
    assert said(World(world.folder, champion=None)).outcome is Outcome.WARN


# --- the verdict at its limits


def test_the_margin_is_held_by_the_bounds(world: World) -> None:
    tried(world, (0.6, 0.4))
    interval = measure(said(world), "improvement").interval
    assert interval is not None

    for margin, wanted, advised in (
        (interval.low, Outcome.PASS, None),
        (interval.low + 1e-6, Outcome.INSUFFICIENT, "units would decide"),
        (interval.high, Outcome.INSUFFICIENT, "units would decide"),
        (interval.high + 1e-6, Outcome.FAIL, "keep the champion"),
    ):
        found = said(world, min_improvement=margin)
        assert (found.outcome, outcome(found, "improvement")) == (wanted, wanted)
        assert advised is None or advised in found.advice[0]


def test_undecided_says_how_many_units_and_days_would_decide(world: World) -> None:
    found = said(tried(world, (0.42, 0.4)))

    assert found.outcome is Outcome.INSUFFICIENT
    assert "not decided whether at least 0" in found.summary
    units, days = (int(word.replace(",", "")) for word in found.advice[0].split() if word.replace(",", "").isdigit())
    assert units > 2_000
    assert days == pytest.approx((units - 2_000) / 200, abs=1)


def test_no_worse_by_a_margin_can_be_proven_of_equals(world: World) -> None:
    tried(world, (0.5, 0.5))

    assert said(world).outcome is Outcome.INSUFFICIENT
    assert said(world, min_improvement=-0.1).outcome is Outcome.PASS
    assert said(world, min_improvement=0.1).outcome is Outcome.FAIL


def test_where_less_is_better_less_wins(world: World) -> None:
    tried(world, (0.4, 0.6))

    assert said(world).outcome is Outcome.FAIL
    assert said(world, better="lower").outcome is Outcome.PASS


def test_an_answers_error_is_better_lower_and_says_so(world: World) -> None:
    tried(world, (0.5, 0.5), prediction=[[0.5]] * 1_000 + [[0.9]] * 1_000)

    assert said(world, value="squared_error", min_improvement=-0.01).outcome is Outcome.INSUFFICIENT  # no variance
    found = said(world, value="squared_error", better="higher")
    assert found.outcome is Outcome.ERROR
    assert "of which lower is" in found.summary
    assert said(world, value="correct", better="lower").outcome is Outcome.ERROR


def test_exact_bounds_decide_without_variance_and_refuse_what_is_not_between_0_and_1(world: World) -> None:
    tried(world, (1.0, 0.0))

    assert said(world).outcome is Outcome.INSUFFICIENT
    assert "one and the same value" in measure(said(world), "improvement").note
    assert said(world, method="exact").outcome is Outcome.PASS

    money = World(world.folder / "money", made.policy(task="regression"))
    money.exposures(["a", "b"], [True, False], [0, 0]).outcomes(["r0", "r1"], [50, 20], [1, 1])
    refused = said(money, method="exact")
    assert refused.outcome is Outcome.ERROR
    assert "between 0 and 1" in refused.summary


def test_all_the_same_value_decides_nothing_however_many(world: World) -> None:
    found = said(tried(world, (0.0, 0.0)), min_improvement=-0.5)

    assert found.outcome is Outcome.INSUFFICIENT
    assert said(world, min_improvement=-0.5, method="exact").outcome is Outcome.PASS


# --- enough of it


@pytest.mark.parametrize(("n", "wanted"), [(100, Outcome.PASS), (99, Outcome.INSUFFICIENT)])
def test_each_arm_needs_its_units(world: World, n: int, wanted: Outcome) -> None:
    found = said(tried(world, (0.9, 0.1), (n, n)), max_error_rate=0.1)

    assert outcome(found, "challenger's units with an outcome") is wanted
    assert (found.outcome, outcome(found, "improvement")) == (wanted, wanted)


def test_nothing_is_refuted_before_there_is_enough(world: World) -> None:
    found = said(tried(world, (0.1, 0.9), (99, 99)))

    assert found.outcome is Outcome.INSUFFICIENT
    assert found.advice[0].startswith("let it run: challenger's units with an outcome 99 of 100")
    assert found.summary.endswith("after 198 units and 10.0 days, too early to decide")


@pytest.mark.parametrize(("days", "wanted"), [(5.0, Outcome.PASS), (5 - 1e-4, Outcome.INSUFFICIENT)])
def test_the_days_are_held_to_their_minimum(world: World, days: float, wanted: Outcome) -> None:
    found = said(tried(world, (0.6, 0.4), days=days))

    assert (found.outcome, outcome(found, "days of exposures")) == (wanted, wanted)


def test_units_whose_window_has_not_passed_do_not_count(world: World) -> None:
    tried(world, (0.6, 0.4))

    assert said(world, attribution_h=29 * 24).outcome is Outcome.INSUFFICIENT
    assert (measure(said(world, attribution_h=29 * 24), "challenger's units with an outcome").value or 0) < 200


def test_exposures_without_outcomes_are_missing_and_not_zero(world: World) -> None:
    world.exposures([f"u{place}" for place in range(400)], [True, False] * 200, np.linspace(0, 240, 400))

    found = said(world)

    assert found.outcome is Outcome.INSUFFICIENT
    assert measure(found, "challenger's units with an outcome").value == 0
    assert measure(found, "improvement").value is None
    assert "one arm has no unit with an outcome" in found.summary


def test_one_arm_without_units_decides_nothing_and_is_a_broken_split(world: World) -> None:
    found = said(tried(world, (0.6, 0.4), (300, 0)))

    assert outcome(found, "improvement") is Outcome.INSUFFICIENT
    assert outcome(found, "split, p-value") is Outcome.FAIL


def test_a_share_of_zero_has_no_units_to_judge_by(world: World) -> None:
    share = [1.0] * 300
    share[0] = 0.5
    arms = [True] + [False] * 299
    world.exposures([f"u{place}" for place in range(300)], arms, np.linspace(0, 240, 300), share=share)

    found = said(world)

    assert found.outcome is Outcome.INSUFFICIENT
    assert outcome(found, "split, p-value") is Outcome.PASS
    assert measure(found, "challenger's units with an outcome").value == 0


# --- soundness


def _at_the_edge() -> int:
    """The fewest of the challenger's units, beside 1,000 of the champion's, that are too many for an even split."""
    return next(n for n in range(1_000, 1_400) if sample_ratio(n, 1_000, 0.5) < 0.001)


@pytest.mark.parametrize(("beyond", "wanted"), [(-1, Outcome.PASS), (0, Outcome.FAIL)])
def test_a_split_other_than_the_one_that_was_set_fails(world: World, beyond: int, wanted: Outcome) -> None:
    found = said(tried(world, (0.6, 0.4), (_at_the_edge() + beyond, 1_000)))

    assert (found.outcome, outcome(found, "split, p-value")) == (wanted, wanted)
    assert any("the split is broken" in line for line in found.advice) == (wanted is Outcome.FAIL)


@pytest.mark.parametrize(("lost", "wanted"), [(10, Outcome.PASS), (11, Outcome.FAIL)])
def test_outcomes_missing_more_often_in_one_arm_fail(world: World, lost: int, wanted: Outcome) -> None:
    units, hours = np.arange(2_000), np.tile(np.linspace(0, 240, 1_000), 2)
    world.exposures([f"u{place}" for place in units], units < 1_000, hours)
    kept = units >= lost
    labels = np.where(units < 1_000, units % 10 < 8, units % 10 < 4)
    world.outcomes([f"r{place}" for place in units[kept]], labels[kept], hours[kept] + 1)

    found = said(world)

    assert (found.outcome, outcome(found, "missing outcomes, p-value")) == (wanted, wanted)
    assert any("do not compare" in line or "does not compare" in line for line in found.advice) == (
        wanted is Outcome.FAIL
    )


@pytest.mark.parametrize(("failed", "wanted"), [(0, Outcome.PASS), (10, Outcome.INSUFFICIENT), (30, Outcome.FAIL)])
def test_a_challenger_that_fails_to_answer_does_not_pass(world: World, failed: int, wanted: Outcome) -> None:
    status = [500] * failed + [200] * (2_000 - failed)

    found = said(tried(world, (0.6, 0.4), status=status))

    assert (found.outcome, outcome(found, "errors")) == (wanted, wanted)
    said_why = {Outcome.FAIL: ("find out why the challenger",), Outcome.INSUFFICIENT: ("too few requests to say",)}
    assert all(found.advice[-1].startswith(words) for words in said_why.get(wanted, ()))


def test_answers_that_are_no_numbers_are_errors(world: World) -> None:
    found = said(tried(world, (0.6, 0.4), prediction=[[float("nan")]] * 1_000 + [[0.5]] * 1_000))

    assert (measure(found, "errors").value, found.outcome) == (1, Outcome.FAIL)


def test_one_busy_user_is_one_unit(world: World) -> None:
    units = ["busy"] * 1_000 + [f"u{place}" for place in range(300)]
    arms = [True] * 1_000 + [place % 2 == 1 for place in range(300)]
    hours = [*np.linspace(0, 20, 1_000), *np.linspace(0, 240, 300)]
    labels = [1] * 1_000 + [place // 2 % 2 for place in range(300)]
    world.exposures(units, arms, hours).outcomes([f"r{place}" for place in range(1_300)], labels, np.asarray(hours) + 1)

    found = said(world)

    assert measure(found, "challenger's units with an outcome").value == 151
    assert measure(found, "mean").value == pytest.approx((75 + 1) / 151, abs=0.01)


def test_what_was_left_out_is_noted(world: World) -> None:
    tried(world, (0.6, 0.4))
    world.exposures(["u0", None], [False, True], [200, 1], name="2", request_id=["x", "y"])
    world.outcomes(["r5", "r5"], [0, 1], [20, 20], name="2")

    notes = said(world).notes

    assert notes[0] == "since 2026-03-02 08:00 UTC"
    assert any("1 units saw both arms" in note for note in notes)
    assert any("1 requests had no unit" in note for note in notes)
    assert any("1 requests have two outcomes at once" in note for note in notes)


def test_two_experiments_of_one_version_are_an_error_until_one_is_named(world: World) -> None:
    tried(world, (0.6, 0.4), experiment=["one"] * 500 + ["two"] * 1_000 + ["one"] * 500)

    found = said(world)
    assert found.outcome is Outcome.ERROR
    assert "trying until one wins is no test" in found.summary
    assert said(world, experiment="two").summary.startswith("two: ")


@pytest.mark.parametrize("threshold", [{"min_units": 99}, {"attribution_h": 0}, {"method": "t-test"}, {"margin": 0}])
def test_a_threshold_that_makes_no_sense_is_an_error(world: World, threshold: dict[str, Any]) -> None:
    assert said(world, **threshold).outcome is Outcome.ERROR
