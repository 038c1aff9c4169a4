"""Every model's walls are chosen before one is started; a policy that asks for more than there is stops the check."""

from __future__ import annotations

from datetime import date

import pytest

from gatehouse.declare.levels import Level
from gatehouse.declare.types import Policy, Sandbox
from gatehouse.errors import GatehouseError
from gatehouse.evaluate.walls import walls
from gatehouse.runtime.isolation import launcher
from gatehouse.runtime.launch import Bare
from gatehouse.runtime.limits import Limits
from gatehouse.runtime.unshare import Unshare
from tests.support.walls import unwalled

__all__ = ["unwalled"]


def policy(model: str = "m", engine: str = "", **sandbox: object) -> Policy:
    return Policy(model, "@a/b", "low", "binary", date(2026, 9, 1), {}, engine=engine, sandbox=Sandbox(**sandbox))  # type: ignore[arg-type]


def test_each_model_is_held_to_its_own_policys_limits() -> None:
    small = policy("small", minimum="none", memory_mb=600, processes=5, seconds=60)
    chosen = walls([small, policy("large", minimum="none")])
    assert chosen["small"].limits == Limits(600, 5, 60)
    assert chosen["large"].limits == Limits(8192, 64, 3600)


def test_the_strongest_walls_are_taken_though_less_is_accepted() -> None:
    assert walls([policy(minimum="none")])["m"] == launcher(Limits(), "none")


@pytest.mark.usefixtures("unwalled")
def test_one_model_that_cannot_be_walled_off_stops_the_check_and_is_named() -> None:
    with pytest.raises(GatehouseError, match=r"^second: the policy asks for a sandbox of at least 'unshare'"):
        walls([policy("first", minimum="none"), policy("second")])


@pytest.mark.usefixtures("unwalled")
def test_a_person_may_accept_less_for_a_look() -> None:
    assert walls([policy()], accepted="none")["m"] == Bare(limits=Limits())


@pytest.mark.parametrize(("given", "minimum"), [("none", "cluster"), ("none", "unshare"), ("unshare", "bubblewrap")])
def test_a_given_launcher_is_held_to_the_minimum_too(given: str, minimum: Level) -> None:
    started = Bare() if given == "none" else Unshare()
    with pytest.raises(GatehouseError, match=f"isolation '{given}', and its policy asks for at least '{minimum}'"):
        walls([policy(minimum=minimum)], started)
    assert walls([policy(minimum="none")], started) == {"m": started}


@pytest.mark.parametrize("minimum", ["unshare", "bubblewrap"])
def test_sparks_workers_are_no_sandbox_and_the_fix_says_how_to_accept_them(minimum: Level) -> None:
    with pytest.raises(GatehouseError, match=f"'cluster'.*, and its policy asks for at least '{minimum}'") as caught:
        walls([policy(engine="local[2]", minimum=minimum)])
    assert "`sandbox: {minimum: cluster}` in promotions/m/policy.yaml" in caught.value.fix
    assert walls([policy(engine="duckdb:///data.db", minimum="none")])


def test_a_policy_may_accept_sparks_workers_and_what_runs_here_is_walled_off_all_the_same() -> None:
    assert walls([policy(engine="local[2]", minimum="cluster")])["m"] == launcher()


@pytest.mark.usefixtures("unwalled")
def test_sparks_workers_do_not_excuse_a_machine_without_a_sandbox() -> None:
    with pytest.raises(GatehouseError, match="at least 'cluster', and this machine reaches 'none'"):
        walls([policy(engine="local[2]", minimum="cluster")])
