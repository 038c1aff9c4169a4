from __future__ import annotations

from typing import Any

import pytest

from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.stress.changes import Wanted
from gatehouse.evaluate.stress.search import Limits
from gatehouse.evaluate.stress.shaken import Flips, Shaken, Step, Stress
from gatehouse.verdict import Outcome, Rows, Verdict
from tests.evaluate import made
from tests.evaluate.stress.test_drops import ROWS, wrong
from tests.gates.given import Given, measure, verdict

BINARY = made.policy(gates={"accuracy": {"metric": "accuracy"}})


def step(name: str, count: int, champion: int | None = None, feature: str | None = None) -> Step:
    boards: dict[str, Any] = {"candidate": wrong(count)}
    return Step(name, feature, boards | ({} if champion is None else {"champion": wrong(champion)}))


def say(found: Shaken, **thresholds: Any) -> Verdict:
    given = Given(policy=BINARY, shaking=found)
    return verdict("robustness", given, **{"max_drop": 0.05, **thresholds})


def shaken(*steps: Step, **more: Any) -> Shaken:
    return Shaken(ROWS, steps, **more)


def test_every_change_within_the_limit_passes_and_the_largest_loss_is_named() -> None:
    said = say(shaken(step("noise", 20), step("swaps", 40, champion=60)))

    assert said.outcome is Outcome.PASS
    assert said.summary == "swaps: accuracy loses 0.0200, within 0.05"
    assert measure(said, "swaps").champion == pytest.approx(0.03)
    assert measure(said, "swaps").rows == ROWS
    assert measure(said, "noise").interval is not None
    assert said.advice == ()
    (drawn,) = said.exhibits
    assert isinstance(drawn, Rows)
    assert [row.name for row in drawn.rows] == ["noise", "swaps"]
    assert drawn.limits == {"limit": 0.05}


def test_one_change_beyond_the_limit_fails_whatever_the_others_do() -> None:
    said = say(shaken(step("noise", 20), step("swaps", 300)))

    assert said.outcome is Outcome.FAIL
    assert said.summary == "swaps: accuracy loses 0.1500, beyond 0.05"
    assert said.advice[0] == "swaps: more than the limit is lost"


def test_what_too_few_rows_leave_open_is_insufficient_and_says_how_many_would_do() -> None:
    said = say(shaken(step("noise", 96)))

    assert said.outcome is Outcome.INSUFFICIENT
    assert "not decided whether within 0.05" in said.summary
    assert "rows would decide" in said.advice[0]


def test_reliance_on_one_feature_has_a_limit_and_a_drawing_of_its_own() -> None:
    steps = (step("noise", 20), step("without income", 400, feature="income"))

    within = say(shaken(*steps), max_reliance=0.3)
    beyond = say(shaken(*steps), max_reliance=0.1)

    assert within.outcome is Outcome.PASS
    assert measure(within, "without income").limit == 0.3
    assert beyond.outcome is Outcome.FAIL
    assert beyond.summary == "without income: accuracy loses 0.2000, beyond 0.1"
    assert [one.limits for one in beyond.exhibits if isinstance(one, Rows)] == [{"limit": 0.05}, {"limit": 0.1}]


@pytest.mark.parametrize(("most", "outcome"), [(0.2, Outcome.PASS), (0.1, Outcome.INSUFFICIENT), (0.05, Outcome.FAIL)])
def test_flipped_decisions_have_a_limit_of_their_own(most: float, outcome: Outcome) -> None:
    found = shaken(step("noise", 20), flips={"candidate": Flips(200, ROWS, 100, wrong(200))})

    said = say(found, max_flips=most)

    assert said.outcome is outcome
    assert measure(said, "decisions flipped").value == 0.1
    assert measure(said, "lost if all of them came true").value == pytest.approx(0.1)
    if outcome is not Outcome.PASS:
        assert said.summary.startswith("10.0% of decisions can be flipped, ")


def test_a_model_that_raises_fails_with_its_own_words() -> None:
    said = say(shaken(Step("0.05 of values missing", None, {"candidate": "the model raised ValueError: NaN"})))

    assert said.outcome is Outcome.FAIL
    assert said.summary == "0.05 of values missing: the model raised ValueError: NaN"


def test_where_nothing_could_be_changed_nothing_is_known() -> None:
    said = say(Shaken(0, notes=("the candidate takes tensors",)))

    assert said.outcome is Outcome.INSUFFICIENT
    assert said.advice == ("the candidate takes tensors",)


def test_what_was_left_out_is_noted() -> None:
    assert say(shaken(step("noise", 0), notes=("no text",))).notes == ("no text",)


def asked(judged: Any = BINARY, **thresholds: Any) -> Stress | str:
    given = Given(policy=judged, shaking=shaken(step("noise", 0)))
    said = verdict("robustness", given, **{"max_drop": 0.05, **thresholds})
    return given.stress or said.summary


def test_what_is_not_written_is_tried_gently_and_nothing_is_searched_for() -> None:
    assert asked() == Stress("accuracy", 2_000, Wanted((0.05, 0.1), (0.05,), (0.05,), (0.01,), False), None)


def test_limits_ask_for_what_they_limit() -> None:
    found = asked(max_reliance=0.1, max_flips=0.1, epsilon=0.3, flip=["region"], budget=7, noise=[], rows=50)

    assert found == Stress("accuracy", 50, Wanted((), (0.05,), (0.05,), (0.01,), True), Limits(0.3, ("region",), 7))


def test_the_metric_is_the_accuracy_gates_unless_another_is_named() -> None:
    assert isinstance(found := asked(metric="brier"), Stress)
    assert found.metric == "brier"
    assert asked(made.policy()) == "gates.robustness names no metric, and there is no accuracy gate"


def test_a_regression_has_no_decisions_to_flip() -> None:
    judged = made.policy(task="regression", gates={"accuracy": {"metric": "rmse"}})

    assert asked(judged, max_flips=0.1) == "a regression has no decisions to flip"
    assert isinstance(asked(judged), Stress)


@pytest.mark.parametrize(
    "wrong_limits",
    [
        {"max_drop": 0},
        {"max_drop": -0.1},
        {"noise": [0]},
        {"noise": [0.1, 0.1]},
        {"missing": [1.1]},
        {"swaps": 0.1},
        {"max_flips": 1.1},
        {"max_flips": -0.1},
        {"epsilon": 0},
        {"rows": 19},
        {"budget": 0},
        {"confidence": 1},
        {"max_drp": 0.1},
    ],
)
def test_a_threshold_that_makes_no_sense_is_a_mistake_in_the_policy(wrong_limits: dict[str, Any]) -> None:
    said = say(shaken(step("noise", 0)), **wrong_limits)

    assert said.outcome is Outcome.ERROR
    assert said.summary.startswith("policy: gates.robustness")


def test_a_real_model_is_shaken_and_answers_the_same_the_second_time(real: Evidence) -> None:
    # Which 500 rows are drawn depends on the saved model's digest, which is another every time: the limits are far from
    # what any 500 rows show.
    limits = {"metric": "roc_auc", "max_drop": 0.05, "max_reliance": 0.1, "max_flips": 0.9, "budget": 20, "rows": 500}

    said, again = (verdict("robustness", real, **limits) for _ in range(2))

    assert said == again
    names = [one.name for one in said.measures]
    assert names[:2] == ["noise of 0.05 sd", "noise of 0.1 sd"]
    assert {"without income", "without age", "without region", "decisions flipped"} <= set(names)
    # Income is what the model knows; its constant champion loses nothing and flips never.
    assert said.outcome is Outcome.FAIL
    assert said.summary.startswith("without income: roc_auc loses 0.")
    assert {one.champion for one in said.measures if one.limit is not None} == {0.0}
    assert measure(said, "noise of 0.05 sd").outcome is Outcome.PASS
    assert said.notes == ("the signature lets no feature be missing: none is taken away",)
