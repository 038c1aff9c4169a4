"""A freeze's calendar, as sync keeps it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gatehouse.declare.freeze import Freeze, Window
from gatehouse.declare.types import Stage
from gatehouse.sync.actions import State
from gatehouse.sync.rules import frozen
from tests.sync.test_plan import rules, served, state
from tests.sync.worlds import MODEL, PRODUCTION, STAGING, in_production, pin

SATURDAY = datetime(2026, 3, 7, 12, tzinfo=UTC)
RESTING = Freeze(weekends=True)
ALONE, PEOPLE = Stage("staging", "x", "none"), Stage("production", "x", "required")


def test_a_weekend_refuses_what_people_agree_to_and_monday_carries_on_by_itself() -> None:
    world = in_production(1)
    world.put(STAGING, pin(2))
    world.carry()
    world.freeze, world.now = RESTING, SATURDAY
    world.put(PRODUCTION, pin(2))
    plan = world.carry()
    assert rules(plan) == ["frozen"]
    assert state(plan, PRODUCTION) is State.FROZEN
    assert "frozen until 2026-03-09 00:00 UTC: weekend" in {refusal.message for refusal in plan.refusals}
    world.now = datetime(2026, 3, 8, 23, 59, 59, 999999, tzinfo=UTC)
    assert rules(world.plan()) == ["frozen"]
    world.now += timedelta(microseconds=1)
    world.carry()
    assert served(world) == {"": [2]}


def test_a_weekend_does_not_keep_a_version_out_of_staging() -> None:
    world = in_production(1)
    world.freeze, world.now = RESTING, SATURDAY
    world.put(STAGING, pin(2))
    assert rules(world.carry()) == []


def test_a_weekend_does_not_stand_in_the_way_of_going_back() -> None:
    world = in_production(1)
    world.put(STAGING, pin(2))
    world.put(PRODUCTION, pin(2))
    world.carry()
    world.freeze, world.now = RESTING, SATURDAY
    world.hold(2)
    world.put(PRODUCTION, pin(1))
    assert rules(world.carry()) == []
    assert served(world) == {"": [1]}


WINDOW = Window(SATURDAY - timedelta(days=1), SATURDAY + timedelta(days=1), "year-end close", ("churn",))


@pytest.mark.parametrize(
    ("freeze", "model", "stage", "said"),
    [
        (Freeze(), MODEL, PEOPLE, None),
        (RESTING, MODEL, PEOPLE, "frozen until 2026-03-09 00:00 UTC: weekend"),
        (RESTING, MODEL, None, "frozen until 2026-03-09 00:00 UTC: weekend"),
        (RESTING, MODEL, ALONE, None),
        (Freeze((WINDOW,)), MODEL, PEOPLE, None),
        (Freeze((WINDOW,)), "churn", ALONE, "frozen until 2026-03-08 12:00 UTC: year-end close"),
        (Freeze(stop_the_line="incident 4711"), MODEL, ALONE, "the line is stopped: incident 4711"),
    ],
)
def test_windows_and_a_stopped_line_hold_every_stage_and_rest_days_what_people_agree_to(
    freeze: Freeze, model: str, stage: Stage | None, said: str | None
) -> None:
    assert frozen(freeze, model, SATURDAY, stage) == said
