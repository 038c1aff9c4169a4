"""What a person needs to know of a result."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings

from gatehouse.evaluate.result import Result
from gatehouse.pin import Slot
from gatehouse.report import reading
from gatehouse.report.context import Context, Links
from gatehouse.verdict import Measure, Outcome, Row, Rows, Verdict, at_least, at_most, judged, shown
from tests.support import hostile, results
from tests.support.results import CONTEXT


def test_the_headline_counts_the_gates_that_block() -> None:
    assert reading.headline(results.blocked()) == "Blocked by 1 of 7 gates"
    assert reading.headline(results.passing()) == "Passed, 7 of 7 gates"


def test_a_warning_passes_and_is_said_in_the_headline() -> None:
    warned = results.result([results.drift(8, 0.143), results.latency()])
    assert reading.headline(warned) == "Passed, 2 of 2 gates, 1 with a warning"


def test_a_result_without_any_verdict_is_blocked() -> None:
    assert reading.headline(results.result([])) == "Blocked: no gate ran"


@pytest.mark.parametrize("outcome", [Outcome.INSUFFICIENT, Outcome.FAIL, Outcome.ERROR])
def test_whatever_is_not_a_pass_counts_as_blocking(outcome: Outcome) -> None:
    blocked = results.result([Verdict("x", outcome, "why")])
    assert reading.headline(blocked) == "Blocked by 1 of 1 gate"
    assert reading.sign(blocked) == "⛔"


def test_every_outcome_has_a_word_and_those_that_are_not_plain_have_a_meaning() -> None:
    assert all(reading.FACES[outcome].word for outcome in Outcome)
    assert reading.FACES[Outcome.INSUFFICIENT].meaning
    assert reading.FACES[Outcome.ERROR].meaning


def test_the_deciding_figure_is_the_first_of_the_worst_outcome_that_has_a_limit() -> None:
    figures = [at_most("a", 1, 2), shown("b", 9), at_most("c", 3, 2), at_most("d", 9, 4)]
    assert _name(reading.deciding(judged(figures, ""))) == "c"


def test_of_figures_with_one_limit_the_one_nearest_to_it_or_farthest_beyond_decides() -> None:
    assert _name(reading.deciding(judged([at_most(n, v, 0.2) for n, v in (("a", 0.1), ("b", 0.15))], ""))) == "b"
    assert _name(reading.deciding(judged([at_most(n, v, 0.2) for n, v in (("a", 0.3), ("b", 0.9))], ""))) == "b"
    assert _name(reading.deciding(judged([at_least(n, v, 0.2) for n, v in (("a", 0.3), ("b", 0.9))], ""))) == "a"


def test_a_figure_that_is_no_number_decides_before_others() -> None:
    assert _name(reading.deciding(judged([at_most("a", float("nan"), 0.2), at_most("b", 0.9, 0.2)], ""))) == "a"


def test_a_gate_without_figures_has_none_that_decides() -> None:
    assert reading.deciding(results.artifact()) is None


def test_the_gain_is_the_improvement_with_its_interval_and_what_was_asked_for() -> None:
    words = reading.gain_in_words(results.passing())
    assert words == "roc_auc improves by +0.0121 (95 % interval 0.0075 to 0.0167), ≥\u00a00.005 asked for"


def test_a_first_promotion_has_no_gain_to_speak_of() -> None:
    assert reading.gain_in_words(results.first()) == "not measured against a champion"


def test_without_a_named_improvement_the_first_figure_with_a_champion_is_the_gain() -> None:
    verdict = judged([at_least("accuracy", 0.9, 0.8, champion=0.85)], "").named("accuracy")
    words = reading.gain_in_words(results.result([verdict]))
    assert words == "accuracy 0.9, champion 0.85, ≥\u00a00.8 asked for"


def test_the_worst_group_is_the_worst_of_those_that_could_be_judged() -> None:
    words = reading.worst_in_words(results.blocked())
    assert words == ("business_size = small: roc_auc 0.701 (95 % interval 0.666 to 0.736), champion 0.801, 812 rows")


def test_a_group_that_failed_is_worse_than_one_with_a_lower_figure() -> None:
    exhibit = Rows("by group", "roc_auc", (Row("low", 0.2), Row("bad", 0.9, outcome=Outcome.FAIL)))
    made = results.result([Verdict("fairness", Outcome.FAIL, "", exhibits=(exhibit,))])
    assert reading.worst_in_words(made) == "bad: roc_auc 0.9 (failed)"


def test_where_no_group_could_be_judged_the_worst_of_them_is_named_as_such() -> None:
    exhibit = Rows("by group", "roc_auc", (Row("small", 0.2, outcome=Outcome.INSUFFICIENT),))
    made = results.result([Verdict("fairness", Outcome.INSUFFICIENT, "", exhibits=(exhibit,))])
    assert reading.worst_in_words(made) == "small: roc_auc 0.2 (not enough data)"


def test_that_nothing_bad_was_counted_decides_only_when_there_is_no_better_figure() -> None:
    counted, measured = at_most("failed requests", 0, 0), at_most("p95", 31, 50, unit="ms")
    assert _name(reading.deciding(judged([counted, measured], ""))) == "p95"
    assert _name(reading.deciding(judged([counted, shown("columns", 3)], ""))) == "failed requests"


@pytest.mark.parametrize(("metric", "worst"), [("roc_auc", "low"), ("rmse", "high"), ("false positive rate", "high")])
def test_where_no_group_failed_the_metric_says_which_end_is_worse(metric: str, worst: str) -> None:
    exhibit = Rows("by group", metric, (Row("low", 0.2), Row("none", None), Row("high", 0.9)))
    found = reading.worst_group(results.result([Verdict("fairness", Outcome.PASS, "", exhibits=(exhibit,))]))
    assert found is not None
    assert found.row.name == worst


def test_a_first_promotion_and_a_missing_sandbox_are_unusual() -> None:
    bare = msgspec.structs.replace(results.first(), isolation="bare")
    assert any("first promotion" in line for line in reading.peculiar(bare))
    assert any("without a sandbox" in line for line in reading.peculiar(bare))
    spark = msgspec.structs.replace(bare, isolation="cluster")
    assert any("Spark's workers" in line for line in reading.peculiar(spark))
    assert not any("Spark's workers" in line for line in reading.peculiar(bare))


def test_a_figure_that_used_up_its_limit_since_the_champion_is_unusual_a_small_change_is_not() -> None:
    moved = judged([at_most("p95", 45, 50, champion=30), at_most("p50", 10.4, 50, champion=10)], "").named("latency")
    lines = reading.slipped(results.result([moved]))
    assert lines == ("p95 went from 30 to 45, inside its limit",)


def test_the_command_to_repeat_a_check_names_model_and_slot() -> None:
    assert reading.reproduce(results.blocked()) == "gatehouse check credit-risk --to production"


@pytest.mark.parametrize("model", ["x; rm -rf ~", "$(id)", "--out=/etc", "", "é", "a b"])
def test_no_command_is_offered_for_a_name_that_a_shell_might_act_on(model: str) -> None:
    made = results.passing_as(Slot(model, "production"))
    assert reading.reproduce(made) == ""


def test_the_place_names_segment_and_role() -> None:
    assert reading.place(results.wide()) == "credit-risk → production (canary)"
    assert reading.place(results.passing_as(Slot("churn", "production", "eu"))) == "churn → production.eu"


def test_each_stage_links_into_its_own_registry() -> None:
    pages = {"production": "https://live.acme.example"}
    context = Context(links=Links(mlflow="https://all.acme.example", registries=pages))
    at = {stage: reading.version_link(Slot("churn", stage), 3, context) for stage in ("staging", "production")}
    assert at["staging"].startswith("https://all.acme.example/")
    assert at["production"].startswith("https://live.acme.example/")
    made = results.passing()
    assert reading.run_link(made.candidate, made.request.slot, context) == "", "it lies in another registry"


def test_a_version_links_into_the_registry_and_nowhere_else() -> None:
    assert (
        reading.version_link(Slot("churn", "production"), 3, CONTEXT)
        == "https://mlflow.acme.example/#/models/churn/versions/3"
    )
    assert reading.version_link(Slot("../x", "production"), 3, CONTEXT) == ""
    assert reading.version_link(Slot("x y", "production"), 3, CONTEXT) == ""


@settings(max_examples=50, deadline=None)
@given(hostile.results)
def test_any_result_can_be_read(result: Result) -> None:
    assert reading.headline(result).startswith("Passed") == result.passed
    assert reading.gain_in_words(result)
    assert reading.worst_in_words(result)
    reading.peculiar(result)
    reading.slipped(result)


def _name(measure: Measure | None) -> str | None:
    return measure.name if measure else None
