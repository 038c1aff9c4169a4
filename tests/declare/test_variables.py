"""${VAR} and ${VAR:-default} in texts, from an environment that is passed in."""

from __future__ import annotations

import pytest

from gatehouse.declare.variables import complaints, expanded


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${A}", "one"),
        ("x${A}y${A}z", "xoneyonez"),
        ("${B:-two}", "two"),
        ("${A:-two}", "one"),
        ("${EMPTY:-two}", "two"),
        ("${B:-}", ""),
        ("${B:-a:-b}", "a:-b"),
        ("$A", "$A"),
        ("costs 5$", "costs 5$"),
    ],
)
def test_a_reference_is_replaced_as_in_a_shell(text: str, value: str) -> None:
    environment = {"A": "one", "EMPTY": ""}
    assert expanded(text, environment) == value
    assert not list(complaints(text, environment))


def test_values_of_any_shape_are_expanded_and_keys_are_not() -> None:
    assert expanded({"${A}": ["${A}", 1, None]}, {"A": "one"}) == {"${A}": ["one", 1, None]}


def test_what_a_variable_holds_is_not_expanded_again() -> None:
    assert expanded("${A}", {"A": "${B}", "B": "secret"}) == "${B}"


@pytest.mark.parametrize("text", ["${", "${A", "${}", "${1A}", "${A-b}", "${A:b}", "${A B}"])
def test_a_malformed_reference_is_a_fault_with_or_without_environment(text: str) -> None:
    for environment in (None, {"A": "one"}):
        (found,) = complaints({"registry": [text]}, environment)
        assert found.keys == ("registry", 0)
        assert "names no variable" in found.message
