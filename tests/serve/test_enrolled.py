"""What the gate challenger reads from a log that the routing decided."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from gatehouse.evaluate.statistics.sequential import sample_ratio
from gatehouse.evaluate.traffic.experiment import Experiment
from gatehouse.pin import Role
from gatehouse.serve.arms import Decision, Split
from gatehouse.serve.bucket import key
from tests.evaluate.traffic.made import World
from tests.serve.routed import ready
from tests.support.records import pin

USERS = [f"user-{number}" for number in range(3000)]


def logged(world: World, day: int, made: Split) -> None:
    """One request of every user on a day, as the router logs it."""
    found: list[tuple[str, Decision]] = [(user, made.of(key(user))) for user in USERS]
    world.exposures(
        [user for user, _ in found],
        [one.arm.role is Role.CHALLENGER for _, one in found],
        24 * day + np.linspace(0, 20, len(found)),
        name=f"{day}",
        request_id=[f"{day}-{user}" for user, _ in found],
        arm=[str(one.arm.role) for _, one in found],
        experiment=[one.experiment for _, one in found],
        share=[one.share for _, one in found],
        version=[one.arm.version for _, one in found],
        digest=[one.arm.digest for _, one in found],
    )


def read(world: World) -> Experiment:
    found = world.traffic.experiment(timedelta(hours=24))
    assert found is not None
    return found


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, candidate=pin(3), champion=pin(1))


def test_an_experiment_goes_on_while_a_canary_comes_grows_and_goes(world: World) -> None:
    steps = (None, 5, 25, 60, None)
    for day, canary in enumerate(steps):
        logged(world, day, ready(canary, 20))
    found = read(world)
    assert found.share == pytest.approx(0.2)
    assert found.last - found.start > timedelta(days=len(steps) - 1)
    assert found.crossed == 0
    assert found.challenger.units + found.champion.units == pytest.approx(len(USERS), abs=20)
    assert sample_ratio(found.challenger.units, found.champion.units, found.share) > 0.001


def test_what_starts_during_a_canary_counts_both_arms_without_the_units_that_the_canary_would_take(
    world: World,
) -> None:
    logged(world, 0, ready(40, 20))
    found = read(world)
    assert found.challenger.units + found.champion.units == pytest.approx(len(USERS) / 2, rel=0.1)
    assert sample_ratio(found.challenger.units, found.champion.units, found.share) > 0.001


def test_a_challenger_that_grows_starts_the_experiment_over(world: World) -> None:
    logged(world, 0, ready(5, 20))
    before = read(world)
    logged(world, 1, ready(5, 30))
    after = read(world)
    assert after.share == pytest.approx(0.3)
    assert after.start > before.last
