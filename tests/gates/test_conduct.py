from __future__ import annotations

import math

import pytest

from gatehouse.evaluate.conduct import Asking, Conduct
from gatehouse.evaluate.conductpace import Pace
from gatehouse.evaluate.gates import builtin
from gatehouse.verdict import Outcome
from tests.gates.given import Given, measure, verdict

STEADY = Pace(2.0, 2.1, 2.2, 1.9)


def conducted(*apart: float, pace: Pace = STEADY) -> Given:
    ways = ("a row at a time", "in small batches", "in another order")
    return Given(conducted=Conduct(200, tuple(map(Asking, ways, (40, 200, 200), apart, (2.0,) * 3)), pace))


def test_it_runs_in_every_check() -> None:
    assert builtin()["conduct"].always
    assert [name for name, gate in builtin().items() if gate.always] == ["conduct"]


def test_where_no_gate_asked_the_model_there_is_nothing_to_hold_it_to() -> None:
    said = verdict("conduct", Given())

    assert (said.outcome, said.measures) == (Outcome.PASS, ())
    assert said.summary == "no gate asked the model, so there is nothing to hold it to"


def test_the_same_answers_pass_with_what_was_found() -> None:
    said = verdict("conduct", conducted(0.0, 1e-7, 0.0))

    assert said.outcome is Outcome.PASS
    assert said.summary == "200 rows asked again in 3 ways, with the same answers"
    assert measure(said, "difference a row at a time").rows == 40
    assert measure(said, "median when it was measured").value == 1.9


@pytest.mark.parametrize(
    ("apart", "outcome"), [(0.001, Outcome.PASS), (0.00101, Outcome.FAIL), (math.inf, Outcome.FAIL)]
)
def test_a_difference_is_held_to_its_limit_and_the_way_is_named(apart: float, outcome: Outcome) -> None:
    said = verdict("conduct", conducted(0.0, apart, 0.0))

    assert said.outcome is outcome
    assert measure(said, "difference in small batches").outcome is outcome
    if outcome is Outcome.FAIL:
        assert said.summary == "it answers the same rows differently when it is asked in small batches"
        assert "depend on that row alone" in said.advice[0]


@pytest.mark.parametrize(("now", "outcome"), [(30.0, Outcome.PASS), (30.1, Outcome.FAIL)])
def test_a_slowdown_is_held_to_its_limit_against_what_was_measured(now: float, outcome: Outcome) -> None:
    said = verdict("conduct", conducted(0.0, pace=Pace(now, now, now, 10.0)))

    assert said.outcome is outcome
    if outcome is Outcome.FAIL:
        assert said.summary == "it has become 3.0 times slower than it was measured"
        assert "after some calls" in said.advice[0]


def test_both_faults_are_told() -> None:
    said = verdict("conduct", conducted(0.5, pace=Pace(90.0, 10.0, 90.0)))

    assert said.summary == (
        "it answers the same rows differently when it is asked a row at a time; "
        "it has become 9.0 times slower than it was measured"
    )
    assert len(said.advice) == 2


def test_the_limits_are_the_policys() -> None:
    given = conducted(0.2, pace=Pace(90.0, 10.0, 90.0))

    assert verdict("conduct", given, max_difference=0.2, max_slowdown=9).outcome is Outcome.PASS
    assert verdict("conduct", given, max_slowdown=0.5).outcome is Outcome.ERROR
