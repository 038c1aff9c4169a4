from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gatehouse.git import Commit
from gatehouse.sync.desired import pull_request, reason_of
from gatehouse.sync.rules import words
from tests.sync.worlds import PRODUCTION, STAGING, World, pin


def commit(message: str) -> Commit:
    return Commit("c" * 40, (), "Ada", "ada@example.org", datetime(2026, 3, 3, tzinfo=UTC), message)


@pytest.mark.parametrize(
    ("message", "number", "reason"),
    [
        ("Merge pull request #12 from acme/promote/x\n\nPromote version 3\n\nbody", 12, "Promote version 3"),
        ("Promote version 3 (#7)\n\nbody", 7, "Promote version 3 (#7)"),
        ("Promote version 3", None, "Promote version 3"),
        ("See #9 for why", None, "See #9 for why"),
        ("Roll back a/production to version 1: too slow\n\n- x", None, "too slow"),
        ("Merge pull request #12 from acme/x", 12, "Merge pull request #12 from acme/x"),
    ],
)
def test_a_commit_tells_its_pull_request_and_its_reason(message: str, number: int | None, reason: str) -> None:
    assert (pull_request(commit(message)), reason_of(commit(message))) == (number, reason)


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(), "0 s"),
        (timedelta(seconds=-5), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(minutes=3, seconds=20), "3 min 20 s"),
        (timedelta(days=2, hours=4, minutes=9), "2 d 4 h"),
        (timedelta(days=1, seconds=1), "1 d 1 s"),
    ],
)
def test_a_span_is_said_in_its_two_largest_units(span: timedelta, said: str) -> None:
    assert words(span) == said


def test_the_same_pin_set_again_by_another_commit_is_another_event() -> None:
    world = World()
    keys = []
    for version in (1, 2, 1):
        world.put(STAGING, pin(version))
        (want,) = world.desired.wants
        keys.append(want.key)
    assert len(set(keys)) == 3


def test_a_commit_that_changes_another_role_is_not_the_champions() -> None:
    from gatehouse.declare.types import Traffic

    world = World()
    world.put(PRODUCTION, pin(1))
    first = world.changes[0].commit
    world.put(PRODUCTION, pin(1), shadow=Traffic(pin(2), 1))
    champion, shadow = world.desired.wants
    assert (champion.commit.id, shadow.commit.id) == (first, world.changes[0].commit)


def test_a_champion_that_was_here_before_returns() -> None:
    world = World()
    returning = []
    for version in (1, 2, 1):
        world.put(PRODUCTION, pin(version))
        returning.append(world.desired.wants[0].returning)
    assert returning == [False, False, True]


def test_a_stage_that_is_gone_from_stages_yaml_wants_nothing_and_breaks_nothing() -> None:
    from gatehouse.declare.types import Serving, Stage, Stages
    from tests.sync.worlds import REGISTRY

    world = World()
    world.register(1)
    world.put(STAGING, pin(1))
    world.carry()
    world.put(STAGING, None)
    world.stages = Stages((Stage("production", REGISTRY, serving=Serving()),))
    plan = world.plan()
    assert plan.refusals == ()
    assert world.aliases == {"staging": 1}
