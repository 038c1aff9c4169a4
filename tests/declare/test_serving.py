from __future__ import annotations

from typing import Any

import pytest

from gatehouse.declare.fault import dotted
from gatehouse.declare.serving import complaints

TARGETS = {
    "local": {"type": "object", "properties": {}},
    "kserve": {
        "type": "object",
        "properties": {"image": {"type": "string", "pattern": "^[a-z]+$"}, "replicas": {"type": "integer"}},
        "required": ["image"],
    },
}


def said(*servings: Any) -> list[str]:
    stages = [{"name": "x", "registry": "r", "serving": serving} for serving in servings]
    return [f"{dotted(each.keys)}: {each.message}" for each in complaints({"stages": stages}, TARGETS)]


def test_a_target_that_is_there_with_options_that_it_takes_is_right() -> None:
    assert said({}, {"target": "local"}, {"target": "kserve", "options": {"image": "a", "replicas": 2}}) == []


def test_a_target_that_is_not_there_is_a_fault_with_the_name_that_was_meant() -> None:
    (found,) = complaints({"stages": [{"serving": {"target": "ksreve"}}]}, TARGETS)
    assert (dotted(found.keys), found.fix) == ("stages[0].serving.target", "did you mean `kserve`?")


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({}, "stages[0].serving.options"),
        ({"image": "A"}, "stages[0].serving.options.image"),
        ({"image": "a", "replica": 2}, "stages[0].serving.options.replica"),
        ({"image": "a", "replicas": "two"}, "stages[0].serving.options.replicas"),
    ],
)
def test_an_option_that_a_target_does_not_take_is_a_fault_at_its_key(options: Any, where: str) -> None:
    (found,) = said({"target": "kserve", "options": options})
    assert found.startswith(f"{where}")


def test_a_target_without_options_takes_none() -> None:
    assert len(said({"options": {"image": "a"}})) == 1


def test_what_comes_from_the_environment_is_judged_when_it_is_there() -> None:
    assert said({"target": "kserve", "options": {"image": "${IMAGE}"}}) == []


@pytest.mark.parametrize("value", [{}, {"stages": 1}, {"stages": [1, {"serving": 2}, {"serving": {"target": 3}}]}])
def test_a_file_with_other_faults_is_no_trouble(value: Any) -> None:
    assert list(complaints(value, TARGETS)) == []
