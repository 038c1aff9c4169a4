from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gatehouse.evaluate.statistics.board import Board
from gatehouse.evaluate.statistics.rows import Floats, Plan
from gatehouse.evaluate.statistics.scoreboard import batch_of, score
from gatehouse.evaluate.stress.drops import Drop, Rule, drops, flipped
from gatehouse.evaluate.stress.shaken import CHANGED, CLEAN, Flips, Step
from gatehouse.verdict import Outcome

ROWS = 2_000


def board(changed: Floats, clean: Floats, label: Floats, metric: str = "accuracy", task: Any = "binary") -> Board:
    plan = Plan(task, (metric,), models=(CHANGED, CLEAN))
    return score(plan, [batch_of({"label": label, CHANGED: changed, CLEAN: clean})])


def halves(rows: int = ROWS) -> Floats:
    """As many ones as zeros."""
    return (np.arange(rows) % 2).astype(float)


def wrong(count: int, rows: int = ROWS) -> Board:
    """A model that is always right, and after a change is wrong in ``count`` rows."""
    label = halves(rows)
    return board(np.where(np.arange(rows) < count, 1 - label, label), label, label)


def drop(candidate: Any, limit: float, metric: str = "accuracy", **more: Any) -> Drop:
    boards = {"candidate": candidate} | ({"champion": more.pop("champion")} if "champion" in more else {})
    (found,) = drops([Step("noise", None, boards)], Rule(metric, limit, 0.95, **more))
    return found


def bounds(found: Board) -> tuple[float, float]:
    """What the one-sided test can just prove, and just not refute: both on the accuracy's own scale."""
    comparison = found.compare("accuracy", -0.05, 0.9, (CHANGED, CLEAN))
    assert comparison.difference.interval is not None
    return -comparison.difference.interval.high, -comparison.difference.interval.low


def test_a_drop_is_what_is_lost_with_its_interval_and_the_champions_beside_it() -> None:
    found = drop(wrong(50), 0.05, champion=wrong(80))

    assert found.value == pytest.approx(0.025)
    assert found.champion == pytest.approx(0.04)
    assert found.interval is not None
    assert 0 < found.interval.low < 0.025 < found.interval.high < 0.05
    assert (found.outcome, found.rows) == (Outcome.PASS, ROWS)


def test_a_limit_is_kept_by_the_upper_bound_and_broken_by_the_lower_one() -> None:
    low, high = bounds(wrong(50))

    assert drop(wrong(50), high + 1e-4).outcome is Outcome.PASS
    assert drop(wrong(50), high - 1e-4).outcome is Outcome.INSUFFICIENT
    assert drop(wrong(50), low + 1e-4).outcome is Outcome.INSUFFICIENT
    assert drop(wrong(50), low - 1e-4).outcome is Outcome.FAIL


def test_with_many_changes_more_is_needed_to_refute_one_and_no_more_to_prove_it() -> None:
    low, high = bounds(wrong(50))

    assert drop(wrong(50), low - 1e-4, of=20).outcome is Outcome.INSUFFICIENT
    assert drop(wrong(50), low / 2, of=20).outcome is Outcome.FAIL
    assert drop(wrong(50), high + 1e-4, of=20).outcome is Outcome.PASS


def test_what_is_not_decided_says_how_many_rows_would() -> None:
    found = drop(wrong(50), 0.026)

    assert found.outcome is Outcome.INSUFFICIENT
    assert found.needed is not None
    assert found.needed > ROWS


def test_a_change_that_changes_nothing_costs_nothing() -> None:
    found = drop(wrong(0), 1e-3, metric="accuracy")
    assert found.value == 0
    label = halves()
    scores = np.where(label == 1, 0.7, 0.2)
    assert drop(board(scores, scores, label, "log_loss"), 1e-9, metric="log_loss").outcome is Outcome.PASS


def test_a_loss_is_positive_whichever_way_the_metric_counts() -> None:
    random = np.random.default_rng(0)
    label = random.normal(0, 1, ROWS)
    clean, changed = label + random.normal(0, 1, ROWS), label + random.normal(0, 1.5, ROWS)

    found = drop(board(changed, clean, label, "rmse", "regression"), 1.0, metric="rmse")

    assert found.value == pytest.approx(0.5, abs=0.1)
    assert found.interval is not None
    assert found.interval.low < 0.5 < found.interval.high
    gained = drop(board(clean, changed, label, "rmse", "regression"), 1.0, metric="rmse")
    assert found.value is not None
    assert gained.value == pytest.approx(-found.value)
    assert gained.outcome is Outcome.PASS


def test_a_model_that_raises_on_changed_rows_has_failed() -> None:
    found = drop("the model raised ValueError: Input contains NaN", 0.5, champion=wrong(10))

    assert (found.value, found.outcome) == (None, Outcome.FAIL)
    assert "Input contains NaN" in found.note
    assert found.champion == pytest.approx(0.005)


def test_a_champion_that_raises_is_said_and_the_candidate_judged_all_the_same() -> None:
    found = drop(wrong(10), 0.05, champion="the model raised ValueError: no")

    assert (found.outcome, found.champion) == (Outcome.PASS, None)
    assert found.note == "the champion: the model raised ValueError: no"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_changed_rows_that_are_answered_with_no_number_are_a_failure(bad: float) -> None:
    label = halves()
    changed = np.where(np.arange(ROWS) == 7, bad, label)

    found = drop(board(changed, label, label), 0.5)

    assert (found.value, found.outcome) == (None, Outcome.FAIL)
    assert found.note == "1 of 2,000 predictions are not finite numbers"


def test_rows_of_one_class_say_nothing_of_an_auc() -> None:
    random = np.random.default_rng(0)

    found = drop(board(random.random(50), random.random(50), np.zeros(50), "roc_auc"), 0.5, metric="roc_auc")

    assert (found.value, found.outcome) == (None, Outcome.INSUFFICIENT)
    assert "one class only" in found.note


def flips(count: int, rows: int = ROWS) -> Flips:
    return Flips(count, rows, 30, wrong(count, rows))


def test_flips_keep_their_limit_by_the_upper_bound_and_break_it_by_the_lower() -> None:
    from gatehouse.evaluate.statistics.intervals import one_sided, wilson

    rule = Rule("accuracy", 0.05, 0.95)
    low, high = (float(end) for end in wilson(200, ROWS, one_sided(0.95)))

    def outcome(limit: float) -> Outcome:
        return flipped({"candidate": flips(200)}, limit, rule).outcome

    assert outcome(high) is Outcome.PASS
    assert outcome(high - 1e-6) is Outcome.INSUFFICIENT
    assert outcome(low) is Outcome.INSUFFICIENT
    assert outcome(low - 1e-6) is Outcome.FAIL


def test_flips_stand_beside_the_champions_with_what_they_would_cost() -> None:
    found = flipped({"candidate": flips(200), "champion": flips(100)}, 0.2, Rule("accuracy", 0.05, 0.95))

    assert (found.share, found.champion, found.rows, found.asked) == (0.1, 0.05, ROWS, 30)
    assert found.drop == pytest.approx(0.1)
    share, cost = found.measures(0.2, 0.1)
    assert share.note == "numbers moved by 0.1 sd at most, 30 predictions a row"
    assert (cost.value, cost.limit, cost.outcome) == (found.drop, None, Outcome.PASS)
