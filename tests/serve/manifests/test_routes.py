from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.errors import GatehouseError
from gatehouse.pin import Role
from gatehouse.serve.config import Arm, Route
from gatehouse.serve.manifests.routes import ARM_HEADER, virtual_service, weights
from tests.serve.targets.examples import ARMS, SEGMENTS, arm, config, documents, one, production

SEGMENT = {"segment": {"header": "x-gatehouse-segment"}}


def rules(*routes: Route, **options: Any) -> list[dict[str, Any]]:
    made = virtual_service(config(*routes), "production", routes, lambda arm: f"v{arm.version}", {**SEGMENT, **options})
    found: list[dict[str, Any]] = made["spec"]["http"]
    return found


def answers(found: list[dict[str, Any]], **headers: str) -> set[str]:
    """The versions that may answer a request with these headers: the first rule that matches counts."""
    for rule in found:
        asked = rule.get("match", [{"headers": {}}])
        if any(all(headers.get(key) == want["exact"] for key, want in one["headers"].items()) for one in asked):
            return {to["destination"]["host"] for to in rule["route"] if to.get("weight", 1)}
    return set()


def shares(canary: float | None = None, challenger: float | None = None) -> dict[Role, int]:
    asked = ((2, Role.CANARY, canary), (3, Role.CHALLENGER, challenger))
    beside = [arm(version, role, percent) for version, role, percent in asked if percent is not None]
    return weights(production(arm(1), *beside))


def test_the_champion_has_what_the_others_leave() -> None:
    assert shares(5, 20) == {Role.CHAMPION: 75, Role.CANARY: 5, Role.CHALLENGER: 20}
    assert shares() == {Role.CHAMPION: 100}
    assert shares(0.01) == {Role.CHAMPION: 9999, Role.CANARY: 1}


def test_a_share_of_100_percent_leaves_the_champion_nothing_and_0_takes_nothing() -> None:
    assert answers(rules(production(arm(1), arm(2, Role.CANARY, 100)))) == {"v2"}
    assert answers(rules(production(arm(1), arm(2, Role.CANARY, 0)))) == {"v1"}


@given(st.integers(0, 10_000), st.data())
def test_weights_are_whole_and_in_the_ratio_of_the_shares(canary: int, data: st.DataObject) -> None:
    challenger = data.draw(st.integers(0, 10_000 - canary))
    found = shares(canary / 100, challenger / 100)
    total = sum(found.values())
    assert found[Role.CANARY] * 10_000 == canary * total
    assert found[Role.CHALLENGER] * 10_000 == challenger * total


@pytest.mark.parametrize("percent", [250, 100.01, -1, math.nan, math.inf, None])
def test_what_is_no_percentage_is_refused_for_every_arm(percent: float | None) -> None:
    for role in (Role.CANARY, Role.CHALLENGER, Role.SHADOW):
        with pytest.raises(GatehouseError, match=f"production: the {role} has"):
            rules(production(arm(1), arm(2, role, percent)))


def test_shares_over_100_percent_together_are_refused() -> None:
    with pytest.raises(GatehouseError, match="are over 100 % together"):
        shares(60, 40.01)


def test_a_share_finer_than_weights_is_refused() -> None:
    assert shares(0.0001)[Role.CANARY] == 1
    with pytest.raises(GatehouseError, match="finer than weights are"):
        shares(0.00001)


def test_a_request_whose_arm_the_router_named_goes_there_whatever_the_weights() -> None:
    found = rules(production(*ARMS))
    for role, host in ((Role.CHAMPION, "v1"), (Role.CANARY, "v2"), (Role.CHALLENGER, "v3")):
        assert answers(found, **{ARM_HEADER: str(role)}) == {host}
    assert answers(found) == {"v1", "v2", "v3"}


def test_nobody_is_ever_answered_by_a_shadow() -> None:
    found = rules(production(*ARMS))
    assert answers(found, **{ARM_HEADER: "shadow"}) == {"v1", "v2", "v3"}
    for rule in found:
        assert rule["mirror"]["host"] == "v4"
        assert rule["mirrorPercentage"] == {"value": 10.0}
        assert "v4" not in str(rule["route"])


def test_a_champion_alone_needs_no_rule_but_one() -> None:
    (rule,) = rules(production(arm(1)))
    assert "match" not in rule
    assert "weight" not in rule["route"][0]


def test_a_segment_comes_before_requests_without_one_whatever_the_order_in_the_config() -> None:
    routes = (production(arm(1)), production(arm(2), segment="eu"))
    (found,) = [one("VirtualService", documents("kubernetes", config(*order)))["spec"]["http"] for order in [routes]]
    header = "x-gatehouse-segment"
    assert answers(found, **{header: "eu"}) == {"credit-risk-v2"}
    assert answers(found, **{header: "us"}) == {"credit-risk-v1"}
    assert answers(found) == {"credit-risk-v1"}


def test_a_segments_arms_are_its_own() -> None:
    found = one("VirtualService", documents("kubernetes", SEGMENTS))["spec"]["http"]
    eu = {"x-gatehouse-segment": "eu", ARM_HEADER: "canary"}
    assert answers(found, **eu) == {"credit-risk-v3"}
    assert answers(found, **{ARM_HEADER: "canary"}) == {"credit-risk-v1"}


def test_values_of_a_header_of_the_teams_own_mean_segments() -> None:
    segment = {"header": "x-country", "values": {"DE": "eu", "FR": "eu", "US": "us"}}
    routes = (production(arm(2), arm(3, Role.CANARY, 5), segment="eu"), production(arm(1)))
    found = rules(*routes, segment=segment)
    for country in ("DE", "FR"):
        assert answers(found, **{"x-country": country}) == {"v2", "v3"}
        assert answers(found, **{"x-country": country, ARM_HEADER: "canary"}) == {"v3"}
    assert answers(found, **{"x-country": "US"}) == {"v1"}
    with pytest.raises(GatehouseError, match="means the segment apac"):
        rules(production(arm(1), segment="apac"), segment=segment)


def test_without_a_route_for_all_others_nobody_answers_them() -> None:
    assert answers(rules(production(arm(1), segment="eu"))) == set()


def test_an_answer_says_which_model_version_and_arm_gave_it() -> None:
    said = {
        to["destination"]["host"]: to["headers"]["response"]["set"]
        for rule in rules(production(*ARMS))
        for to in rule["route"]
    }
    assert said["v2"] == {"x-gatehouse-model": "credit-risk", "x-gatehouse-version": "2", "x-gatehouse-arm": "canary"}


@pytest.mark.parametrize("arms", [(arm(2, Role.CANARY, 5),), (arm(1), arm(2))])
def test_a_route_without_exactly_one_champion_is_refused(arms: tuple[Arm, ...]) -> None:
    with pytest.raises(GatehouseError, match="no champion, or one role twice"):
        rules(production(*arms))
