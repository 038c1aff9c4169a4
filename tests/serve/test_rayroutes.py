from __future__ import annotations

from typing import Any

import pytest
import yaml

from gatehouse.errors import GatehouseError
from gatehouse.serve.arms import NoRoute, Routing
from gatehouse.serve.rayroutes import Guide, union
from gatehouse.serve.segments import Unreadable
from tests.serve.targets.examples import ARMS, CHAMPION, EVERY_ARM, arm, config, files, production


def rendered(shown: Any) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(files("ray", shown)[f"{shown.model}.yaml"])
    return found


def told(shown: Any) -> dict[str, Any]:
    found: dict[str, Any] = rendered(shown)["applications"][-1]["deployments"][0]["user_config"]
    return found


def test_a_unit_is_answered_by_the_arm_that_the_embedded_router_gives_it() -> None:
    guide, routing = Guide.of(told(EVERY_ARM)), Routing.of(EVERY_ARM)
    for unit in map(str, range(500)):
        assert guide.decide({"x-gatehouse-unit": unit}, 0.0) == routing.decide(unit, 0.0)


def test_a_request_without_a_unit_goes_by_its_draw() -> None:
    guide = Guide.of(told(EVERY_ARM))
    drawn = {guide.decide({}, number / 1000).arm.version for number in range(1000)}
    assert drawn == {1, 2, 3}


def test_a_segment_that_nobody_pins_is_answered_by_nobody() -> None:
    guide = Guide.of(told(config(production(arm(1), segment="eu"))))
    assert guide.decide({"x-gatehouse-segment": "eu"}, 0.5).arm.version == 1
    with pytest.raises(NoRoute):
        guide.decide({"x-gatehouse-segment": "us"}, 0.5)


def test_a_unit_that_is_too_long_is_the_callers_mistake() -> None:
    with pytest.raises(Unreadable):
        Guide.of(told(CHAMPION)).decide({"x-gatehouse-unit": "u" * 513}, 0.5)


@pytest.mark.parametrize(
    "change", [{"config": {"alias": "champion"}}, {"versions": {}}, {"versions": {"one": "x"}}, {"requests": 1}]
)
def test_what_does_not_say_who_answers_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(GatehouseError) as caught:
        Guide.of({**told(CHAMPION), **change})
    assert caught.value.fix


def test_between_two_files_the_old_versions_stay_and_the_routes_are_the_new_ones() -> None:
    old, new = rendered(config(production(*ARMS))), rendered(config(production(arm(3))))
    between = union(old, new)
    names = [app["name"] for app in between["applications"]]
    assert sorted(names) == ["credit-risk", *(f"credit-risk-v{version}" for version in (1, 2, 3, 4))]
    assert between["applications"][: len(new["applications"])] == new["applications"]


def test_a_config_between_itself_and_itself_is_itself() -> None:
    assert union(rendered(EVERY_ARM), rendered(EVERY_ARM)) == rendered(EVERY_ARM)
