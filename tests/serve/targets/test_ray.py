from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from gatehouse.errors import GatehouseError
from gatehouse.pin import Role
from gatehouse.serve import rayapp
from gatehouse.serve.config import ServingConfig
from gatehouse.serve.rayroutes import Guide
from tests.serve.targets.examples import CHAMPION, CONFIGS, EVERY_ARM, MODEL, SEGMENTS, arm, config, files, production
from tests.support import snapshots

SNAPSHOTS = Path(__file__).parent / "snapshots"


def document(shown: ServingConfig, **options: Any) -> dict[str, Any]:
    ((path, text),) = files("ray", shown, **options).items()
    assert path == f"{shown.model}.yaml"
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def apps(shown: ServingConfig, **options: Any) -> dict[str, dict[str, Any]]:
    return {app["name"]: app for app in document(shown, **options)["applications"]}


@pytest.mark.parametrize("name", CONFIGS)
def test_what_is_rendered_is_what_a_person_looked_at(name: str) -> None:
    ((_, text),) = files("ray", CONFIGS[name]).items()
    snapshots.matches(text, SNAPSHOTS / f"ray-{name}.yaml")


def test_an_application_a_version_that_only_routers_reach_and_a_router_a_stage() -> None:
    found = apps(SEGMENTS)
    assert list(found) == [*(f"{MODEL}-v{version}" for version in (1, 2, 3, 5)), f"{MODEL}--staging", MODEL]
    assert [app["route_prefix"] for app in found.values()] == [None] * 4 + [f"/{MODEL}--staging", f"/{MODEL}"]


def test_what_the_file_imports_is_there() -> None:
    for app in apps(EVERY_ARM).values():
        module, _, name = app["import_path"].partition(":")
        assert module == rayapp.__name__
        assert callable(getattr(rayapp, name))


def test_a_version_is_pinned_by_number_digest_and_address() -> None:
    given = apps(CHAMPION)["credit-risk-v1"]["args"]
    wanted = arm(1)
    assert given == {
        "model": MODEL, "version": 1, "digest": wanted.digest, "artifact": wanted.artifact, "isolation": "unshare"
    }  # fmt: skip


def test_a_version_that_stays_is_the_same_application_whatever_comes_beside_it() -> None:
    assert apps(CHAMPION)["credit-risk-v1"] == apps(EVERY_ARM)["credit-risk-v1"]


def test_a_routers_args_never_change_so_that_it_is_never_started_anew() -> None:
    before, after = apps(CHAMPION)[MODEL], apps(EVERY_ARM)[MODEL]
    assert before["deployments"][0].pop("user_config") != after["deployments"][0].pop("user_config")
    assert before == after


def test_a_router_reads_what_was_rendered_and_decides_as_the_config_says() -> None:
    told = apps(SEGMENTS)[MODEL]["deployments"][0]["user_config"]
    guide = Guide.of(told)
    assert guide.decide({"x-gatehouse-segment": "eu"}, 0.999).arm.version in (2, 3)
    assert guide.decide({"x-gatehouse-segment": "us"}, 0.5).arm.version == 1
    assert guide.decide({}, 0.5).segment is None
    assert guide.versions == {1: "credit-risk-v1", 2: "credit-risk-v2", 3: "credit-risk-v3"}


def test_every_deployment_has_two_replicas_and_is_looked_after() -> None:
    for app in apps(EVERY_ARM).values():
        (deployment,) = app["deployments"]
        assert deployment["num_replicas"] == 2
        assert 0 < deployment["health_check_period_s"] <= deployment["health_check_timeout_s"]


def test_options_reach_the_file() -> None:
    found = document(CHAMPION, host="0.0.0.0", port=9000, replicas=3, cpus=0.5, isolation="none")
    assert found["http_options"] == {"host": "0.0.0.0", "port": 9000}
    version = found["applications"][0]
    assert version["args"]["isolation"] == "none"
    assert version["deployments"][0]["num_replicas"] == 3
    assert version["deployments"][0]["ray_actor_options"] == {"num_cpus": 0.5}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"replica": 2}, "replica"),
        ({"port": 70000}, "serving.options.port"),
        ({"isolation": "docker"}, "serving.options.isolation"),
        ({"requests": {"units": {}}}, "serving.options.requests"),
        ({"requests": {"unit": {"field": "user_id"}}}, "does not read rows"),
    ],
)
def test_options_that_ray_does_not_take_are_refused_by_name(options: dict[str, Any], said: str) -> None:
    with pytest.raises(GatehouseError, match=re.escape(said)) as caught:
        files("ray", CHAMPION, **options)
    assert "promotions/stages.yaml" in caught.value.message


@pytest.mark.parametrize("percent", [250, -1, float("nan")])
def test_what_is_no_percentage_is_refused(percent: float) -> None:
    with pytest.raises(GatehouseError):
        files("ray", config(production(arm(1), arm(2, Role.CANARY, percent))))


def test_an_address_that_pins_nothing_is_refused() -> None:
    with pytest.raises(GatehouseError, match="pins nothing"):
        files("ray", config(production(arm(1, artifact="models:/credit-risk@champion"))))
