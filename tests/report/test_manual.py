"""The gates' documentation, made from the gate files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from gatehouse.evaluate.gates import Gate, builtin
from gatehouse.report.manual import example, kind, manual, overview, policy_lines
from gatehouse.verdict import Outcome, plainly


def _gate(properties: Mapping[str, Any], **more: Any) -> Gate:
    schema = {"type": "object", "additionalProperties": False, "properties": properties, **more}
    return Gate(
        "own", "gates/own.py", "gates/own.py", "Head.\n\nRest.", schema, lambda *_: plainly(Outcome.PASS, ""), ""
    )


def test_every_gate_has_a_section_whose_anchor_is_its_name_and_its_docstring_whole() -> None:
    page = manual(builtin().values())
    headings = re.findall(r"(?m)^## (.+)$", page)
    assert headings == sorted(builtin())
    for name, gate in builtin().items():
        assert f"- [{name}](#{name}): {gate.headline}" in page
        assert gate.doc in page


def test_every_threshold_of_every_gate_has_a_row_with_a_meaning() -> None:
    for gate in builtin().values():
        rows = re.findall(r"(?m)^\| `(\w+)` \|.*\| ([^|]+) \|$", manual([gate]))
        assert [name for name, _ in rows] == list(gate.schema["properties"])
        assert all(meaning.strip() for _, meaning in rows), gate.name


@pytest.mark.parametrize("name", sorted(builtin()))
def test_the_example_is_yaml_and_keeps_to_the_gates_own_schema(name: str) -> None:
    gate = builtin()[name]
    read = yaml.safe_load("\n".join(policy_lines(gate)))
    listed = {} if gate.always else {"stages": {"production": {"gates": [name]}}}
    assert read == {"gates": {name: example(gate)}, **listed}
    Draft202012Validator(gate.schema).validate(read["gates"][name])
    assert "…" not in str(read), f"{name}: give its THRESHOLDS an example"


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"type": "number"}, "number"),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 3600}, "number, above 0, 3600 at most"),
        ({"type": "integer", "minimum": 1}, "whole number, 1 or more"),
        ({"enum": ["report", "insufficient"]}, "one of report, insufficient"),
        ({"type": "array", "items": {"type": "string"}}, "list of texts"),
        ({"type": "array", "items": {"type": "number", "minimum": 0}}, "list of numbers, 0 or more"),
        ({"type": "array", "items": {"type": "object"}}, "list of mappings"),
        ({"type": "array"}, "list"),
        ({"type": ["number", "null"]}, "number or null"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "text or whole number"),
        ({}, "anything"),
    ],
)
def test_what_a_threshold_may_be_is_said_in_words(part: Mapping[str, Any], words: str) -> None:
    assert kind(part) == words


def test_defaults_are_shown_as_they_are_written_and_mappings_below_the_table() -> None:
    parts = {
        "a": {"type": "boolean", "default": True, "description": "A | b."},
        "b": {"type": "array", "default": [], "description": "B."},
        "c": {"type": "array", "default": ["x", "y"], "description": "C."},
        "d": {"type": "object", "default": {"Use": "what for"}, "description": "D."},
        "e": {"type": "number", "description": "E."},
        "f": {"type": "number", "description": "F."},
        "g": {"type": "object", "default": {}, "description": "G."},
    }
    page = manual([_gate(parts, required=["e"])])
    assert "| `a` | true or false | `true` | A \\| b. |" in page
    assert "| `b` | list | none | B. |" in page
    assert "| `c` | list | `x`, `y` | C. |" in page
    assert "| `d` | mapping | see below | D. |" in page
    assert "- **Use**: what for" in page
    assert "| `e` | number | required | E. |" in page
    assert "| `f` | number | not set | F. |" in page
    assert "| `g` | mapping | none | G. |" in page


def test_a_gate_without_thresholds_says_so() -> None:
    assert "It has no thresholds." in manual([_gate({})])


def test_an_example_is_the_schemas_own_before_what_is_required_and_a_default_or_two() -> None:
    parts = {
        "limit": {"type": "number", "examples": [2]},
        "names": {"type": "array", "items": {"type": "string", "examples": ["age"]}},
        "mode": {"enum": ["fast", "slow"], "default": "slow"},
        "more": {"type": "object", "required": ["x"], "properties": {"x": {"enum": [1, 2]}}},
    }
    assert example(_gate(parts, required=["limit", "names", "more"])) == {
        "limit": 2,
        "names": ["age"],
        "more": {"x": 1},
        "mode": "slow",
    }
    assert example(_gate(parts, examples=[{"limit": 3}])) == {"limit": 3}


def test_tables_are_whole_in_github_markdown() -> None:
    for text in (manual(builtin().values()), overview(builtin().values())):
        html = MarkdownIt("commonmark").enable("table").render(text)
        for row in re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL):
            assert len(re.findall(r"<t[hd]", row)) in (3, 4)
        assert "| ---" not in html
