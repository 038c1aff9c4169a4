from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.statistics.board import Board
from gatehouse.verdict import Curve, Outcome
from tests.evaluate import made
from tests.gates.given import Given, board, fetched, measure, scores, verdict

REGRESSION = made.policy(task="regression")


def alone(columns: dict[str, Any], metric: str = "roc_auc") -> Given:
    return Given(measured=board("binary", (metric,), columns))


def against(rows: int, candidate: float, champion: float, metric: str = "roc_auc") -> tuple[Given, Board]:
    columns = scores(rows, candidate)
    rng = np.random.default_rng(1)
    columns["champion"] = 1 / (1 + np.exp(-rng.normal(champion * (columns["label"] - 0.5), 1)))
    found = board("binary", (metric,), columns)
    return Given(measured=found, champion=fetched()), found


@pytest.mark.parametrize(
    ("off", "outcome"), [(0.0, Outcome.PASS), (1e-12, Outcome.PASS), (1e-6, Outcome.FAIL), (-1e-6, Outcome.PASS)]
)
def test_the_minimum_is_held_at_the_limit_itself_and_missed_just_above(off: float, outcome: Outcome) -> None:
    given = alone(scores(400, 1.5))
    value = given.board("roc_auc").estimate("roc_auc").value
    assert value is not None

    said = verdict("accuracy", given, metric="roc_auc", minimum=value + off)

    assert said.outcome is outcome
    assert measure(said, "roc_auc").value == value
    assert bool(said.advice) == (outcome is Outcome.FAIL)


@pytest.mark.parametrize(("off", "outcome"), [(0.0, Outcome.PASS), (-1e-6, Outcome.FAIL), (1e-6, Outcome.PASS)])
def test_a_loss_is_held_by_its_maximum(off: float, outcome: Outcome) -> None:
    rng = np.random.default_rng(0)
    label = rng.normal(10, 2, 300)
    found = board("regression", ("rmse",), {"label": label, "candidate": label + rng.normal(0, 1, 300)})
    value = found.estimate("rmse").value
    assert value is not None

    said = verdict("accuracy", Given(measured=found, policy=REGRESSION), metric="rmse", maximum=value + off)

    assert said.outcome is outcome


def test_the_interval_of_an_improvement_holds_it_also_where_less_is_better() -> None:
    rng = np.random.default_rng(0)
    label = rng.normal(10, 2, 300)
    columns = {"label": label, "candidate": label + rng.normal(0, 1, 300), "champion": label + rng.normal(0, 2, 300)}
    given = Given(measured=board("regression", ("rmse",), columns), champion=fetched(), policy=REGRESSION)

    said = measure(verdict("accuracy", given, metric="rmse", maximum=5), "improvement")

    assert said.value is not None
    assert said.interval is not None
    assert 0 < said.interval.low < said.value < said.interval.high


@pytest.mark.parametrize(
    ("metric", "wrong", "right"), [("log_loss", "minimum", "maximum"), ("roc_auc", "maximum", "minimum")]
)
def test_a_limit_on_the_side_where_it_keeps_nothing_bad_out_is_an_error(metric: str, wrong: str, right: str) -> None:
    said = verdict("accuracy", alone(scores(100, 1), metric), metric=metric, **{wrong: 0.1})

    assert said.outcome is Outcome.ERROR
    assert f"has a {wrong} for {metric}" in said.summary
    assert said.advice == (f"write `{right}` instead",)


def test_an_improvement_is_proven_where_its_lower_bound_reaches_the_margin() -> None:
    given, found = against(2_000, 2.0, 0.5)
    bound = found.compare("roc_auc", 0.0).bound
    assert bound is not None

    assert verdict("accuracy", given, metric="roc_auc", min_improvement=bound - 1e-6).outcome is Outcome.PASS
    beyond = verdict("accuracy", given, metric="roc_auc", min_improvement=bound + 1e-6)
    assert beyond.outcome is Outcome.INSUFFICIENT
    assert measure(beyond, "improvement").interval is not None


def test_an_improvement_that_cannot_reach_the_margin_is_refuted() -> None:
    given, found = against(2_000, 0.5, 2.0)

    said = verdict("accuracy", given, metric="roc_auc", min_improvement=0.0)

    assert said.outcome is Outcome.FAIL
    assert "less than 0" in said.summary
    assert said.advice == ("keep the champion, or train a candidate that beats it by the margin",)
    assert measure(said, "roc_auc").champion == found.estimate("roc_auc", "champion").value


def test_what_chance_could_do_is_not_decided_and_the_rows_that_would_decide_are_named() -> None:
    given, found = against(300, 1.3, 1.1)
    rows = found.compare("roc_auc", 0.0).needed_rows
    assert rows is not None
    assert rows > 300

    said = verdict("accuracy", given, metric="roc_auc", min_improvement=0.0)

    assert said.outcome is Outcome.INSUFFICIENT
    assert said.advice == (f"the improvement is within what chance does: about {rows:,} labelled rows would decide",)


def test_a_negative_margin_asks_only_not_to_be_worse_than_that() -> None:
    given, _ = against(2_000, 1.5, 1.5)

    assert verdict("accuracy", given, metric="roc_auc", min_improvement=-0.1).outcome is Outcome.PASS
    assert not verdict("accuracy", given, metric="roc_auc", min_improvement=0.1).outcome.lets_through


def test_good_enough_in_itself_does_not_excuse_no_improvement() -> None:
    given, _ = against(2_000, 0.5, 2.0)

    said = verdict("accuracy", given, metric="roc_auc", minimum=0.5)

    assert measure(said, "roc_auc").outcome is Outcome.PASS
    assert said.outcome is Outcome.FAIL


def test_a_first_promotion_is_held_by_its_absolute_limit_alone() -> None:
    said = verdict("accuracy", alone(scores(400, 1.5)), metric="roc_auc", minimum=0.6, min_improvement=0.5)

    assert said.outcome is Outcome.PASS
    assert [one.name for one in said.measures] == ["roc_auc"]
    assert said.summary.endswith("no champion to compare with")


@pytest.mark.parametrize("thresholds", [{}, {"minimum": 0.5}])
@pytest.mark.parametrize("champion", [False, True])
def test_predictions_that_are_no_numbers_never_pass_and_are_counted(thresholds: Any, champion: bool) -> None:
    columns = scores(200, 2)
    if champion:
        columns["champion"] = columns["candidate"].copy()
    columns["candidate"][:3] = np.nan
    given = Given(measured=board("binary", ("roc_auc",), columns), champion=fetched() if champion else None)

    said = verdict("accuracy", given, metric="roc_auc", **thresholds)

    assert not said.outcome.lets_through
    assert "roc_auc has no value" in said.summary
    assert said.advice[0] == "mend what the model answers: 3 of 200 predictions are not finite numbers"


def test_a_champion_that_answers_no_numbers_cannot_be_beaten() -> None:
    columns = scores(200, 2)
    columns["champion"] = np.full(200, np.nan)
    given = Given(measured=board("binary", ("roc_auc",), columns), champion=fetched())

    said = verdict("accuracy", given, metric="roc_auc", minimum=0.5)

    assert said.outcome is Outcome.ERROR
    assert "cannot be compared: 200 of 200 predictions are not finite numbers" in said.summary


def test_a_metric_that_a_worse_model_can_win_is_not_compared() -> None:
    given, _ = against(500, 1.5, 1.0, "expected_calibration_error")

    said = verdict("accuracy", given, metric="expected_calibration_error", maximum=0.5)

    assert said.outcome is Outcome.ERROR
    assert "brier" in said.advice[0]


def test_an_unknown_metric_is_an_error_that_names_near_ones(real: Evidence) -> None:
    said = verdict("accuracy", real, metric="roc_acu")

    assert said.outcome is Outcome.ERROR
    assert said.summary == "no binary metric 'roc_acu'"
    assert "roc_auc" in said.advice[0]


def test_a_trained_model_beats_one_that_knows_nothing(real: Evidence) -> None:
    said = verdict("accuracy", real, metric="roc_auc", minimum=0.6, min_improvement=0.05)

    assert said.outcome is Outcome.PASS
    value = measure(said, "roc_auc")
    assert value.champion == 0.5
    assert value.value is not None
    assert 0.65 < value.value < 0.95
    assert value.rows == 2_000
    (curve,) = said.exhibits
    assert isinstance(curve, Curve)
    assert set(curve.series) == {"candidate", "champion"}
    # The area under the picture is the figure beside it.
    x, y = np.array(curve.series["candidate"]).T
    assert float(np.trapezoid(y, x)) == pytest.approx(value.value, abs=0.002)


def test_labels_do_not_do_for_a_metric_of_scores(bench: made.Bench) -> None:
    with bench.evidence(bench.case(bench.model("good")), made.labels_only()) as evidence:
        scored = verdict("accuracy", evidence, metric="roc_auc", minimum=0.5)
        decided = verdict("accuracy", evidence, metric="accuracy", minimum=0.5)

    assert scored.outcome is Outcome.ERROR
    assert scored.summary == "roc_auc needs scores, and the candidate answers labels"
    assert "predict_proba" in scored.advice[0]
    assert decided.outcome is Outcome.PASS
    assert decided.exhibits == ()


def test_a_model_that_answers_nan_is_told_so(bench: made.Bench) -> None:
    with bench.evidence(bench.case(bench.model("nan"))) as evidence:
        said = verdict("accuracy", evidence, metric="roc_auc", minimum=0.5)
        fair = verdict("fairness", evidence, metric="roc_auc", max_disparity=0.1)

    assert said.outcome is Outcome.FAIL
    assert "2,000 of 2,000 predictions are not finite numbers" in said.advice[0]
    assert said.exhibits == ()
    assert fair.outcome is Outcome.FAIL
    assert "2,000 of 2,000 predictions are not finite numbers" in fair.summary


def test_a_model_that_raises_is_named_with_its_own_words(bench: made.Bench) -> None:
    with bench.evidence(bench.case(bench.model("raises"))) as evidence:
        said = verdict("accuracy", evidence, metric="roc_auc")

    assert said.outcome is Outcome.ERROR
    assert said.summary == "candidate: the model raised ValueError on 2,000 rows: no such region"
