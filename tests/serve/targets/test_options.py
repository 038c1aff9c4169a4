from __future__ import annotations

import dataclasses
from types import MappingProxyType

import pytest

from gatehouse.declare.build import stages
from gatehouse.declare.schema import schema, thresholds, unsound
from gatehouse.declare.types import Serving
from gatehouse.errors import GatehouseError
from gatehouse.pin import Role, Slot
from gatehouse.serve import targets
from gatehouse.sync.render import Placement, render
from tests.serve.targets.examples import CHAMPION, MODEL, NOON
from tests.support.records import pin


def placed(stage: str) -> Placement:
    return Placement(Slot(MODEL, stage), Role.CHAMPION, pin(1), "c" * 40, NOON, artifact="s3://models/1")


def staged(*servings: dict[str, object]) -> dict[str, object]:
    names = ("staging", "production")
    return {
        "stages": [
            {"name": name, "registry": "r", "serving": serving} for name, serving in zip(names, servings, strict=False)
        ]
    }


@pytest.mark.parametrize("name", targets.names())
def test_a_targets_options_are_a_sound_schema_that_says_what_each_is_for(name: str) -> None:
    body = getattr(targets.find(name), "OPTIONS", {"type": "object", "properties": {}})
    assert unsound(body) == ""
    assert all(option["description"] for option in body["properties"].values())


def test_a_stage_without_options_is_read_as_before() -> None:
    value = staged({"target": "local"})
    assert list(schema("stages").complaints(value)) == []
    assert stages(value).stages[0].serving == Serving("local")


def test_options_come_from_the_file_to_the_target() -> None:
    value = staged({"target": "kubernetes", "options": {"image": "r.example.com/g:1.0", "namespace": "risk"}})
    assert list(schema("stages").complaints(value)) == []
    files = render([placed("staging")], stages(value))["serving"]
    assert "namespace: risk" in files["serving/kubernetes/credit-risk/route.yaml"]


def test_stages_that_want_different_things_on_one_branch_are_told_to_take_two() -> None:
    one, two = ({"image": f"r.example.com/g:{tag}"} for tag in ("1.0", "2.0"))
    value = staged({"target": "kubernetes", "options": one}, {"target": "kubernetes", "options": two})
    with pytest.raises(GatehouseError, match="two targets write") as caught:
        render([placed("staging"), placed("production")], stages(value))
    assert "branches of their own" in caught.value.fix


def test_a_version_that_is_gone_has_no_file_any_more() -> None:
    value = stages(staged({"target": "kubernetes", "options": {"image": "r.example.com/g:1.0"}}))
    before = render([placed("staging")], value)["serving"]
    after = render([dataclasses.replace(placed("staging"), pin=pin(2))], value)["serving"]
    assert set(before) - set(after) == {"serving/kubernetes/credit-risk/credit-risk-v1.yaml"}


def test_a_target_without_options_takes_none() -> None:
    with pytest.raises(GatehouseError, match=r"serving\.options"):
        targets.render("local", CHAMPION, {"replicas": 2})


def test_what_is_not_said_has_its_default_and_nobody_can_change_it() -> None:
    body = {"type": "object", "properties": {"a": {"type": "integer", "default": 1}, "b": {"type": "integer"}}}
    found = targets.checked("x", body, {"b": 2})
    assert found == {"a": 1, "b": 2}
    assert isinstance(found, MappingProxyType)


@pytest.mark.parametrize(
    ("image", "taken"),
    [
        ("registry.example.com/gatehouse:1.0", True),
        (f"registry.example.com/gatehouse@sha256:{'0' * 64}", True),
        ("localhost:5000/team/gatehouse:v1_2-x", True),
        ("registry.example.com/gatehouse", False),
        ("localhost:5000/gatehouse", False),
        ("registry.example.com/gatehouse:latest", False),
        ("registry.example.com/gatehouse@sha256:0", False),
        ("registry.example.com/gate house:1.0", False),
        ("registry.example.com/gatehouse:1.0\n", False),
        ("", False),
    ],
)
def test_an_image_has_a_tag_that_stays_or_a_digest(image: str, taken: bool) -> None:
    found = list(thresholds(targets.options()["kserve"]).complaints({"image": image}))
    assert (not found) is taken
