from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gatehouse.declare.types import StagePolicy
from gatehouse.evaluate.material import Staged
from gatehouse.verdict import Outcome
from tests.evaluate import made
from tests.gates.given import Given, measure, verdict

SINCE = datetime(2026, 3, 2, 8, tzinfo=UTC)


def soaked(for_: timedelta, wanted: timedelta = timedelta(hours=24)) -> Given:
    policy = made.policy(stages={"production": StagePolicy(("staging",), wanted)})
    return Given(policy=policy, staged=Staged(SINCE, for_))


def test_what_was_never_in_the_stage_before_fails_and_is_told_the_command() -> None:
    said = verdict("staging", Given())

    assert said.outcome is Outcome.FAIL
    assert said.summary == "version 3 (aaaaaaaaaaaa) has never been in the stage before production"
    assert said.advice == ("promote it there first: gatehouse propose credit-risk 3 --to staging",)


@pytest.mark.parametrize(
    ("for_", "outcome"),
    [
        (timedelta(hours=24), Outcome.PASS),
        (timedelta(hours=24, seconds=1), Outcome.PASS),
        (timedelta(hours=23, minutes=59, seconds=59), Outcome.FAIL),
    ],
)
def test_the_soak_is_held_to_the_second(for_: timedelta, outcome: Outcome) -> None:
    said = verdict("staging", soaked(for_))

    assert said.outcome is outcome
    assert measure(said, "soak").limit == 24
    assert "there since 2026-03-02 08:00 UTC" in said.summary


@pytest.mark.parametrize(
    ("for_", "left"),
    [(timedelta(hours=20, minutes=30), "3.5 h"), (timedelta(hours=23, minutes=59, seconds=59), "1 min")],
)
def test_how_long_is_left_is_said_in_the_unit_that_fits(for_: timedelta, left: str) -> None:
    assert f"for another {left}," in verdict("staging", soaked(for_)).advice[0]


def test_without_a_soak_having_been_there_is_enough() -> None:
    assert verdict("staging", soaked(timedelta(), timedelta())).outcome is Outcome.PASS
