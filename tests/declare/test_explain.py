"""jsonschema's errors as sentences: what was expected, what stands there, what to write."""

from __future__ import annotations

from typing import Any

import pytest

from gatehouse.declare.fault import dotted
from gatehouse.declare.schema import Schema, schema
from tests.declare.helpers import A


def said(body: Any, value: Any) -> list[str]:
    return [f"{dotted(one.keys)}: {one.message}; {one.fix}" for one in Schema(body).complaints(value)]


@pytest.mark.parametrize(
    ("body", "value", "sentence"),
    [
        ({"type": "integer"}, "48", 'expected an integer, got "48"; take the quotes off: 48'),
        ({"type": "integer"}, "48a", 'expected an integer, got "48a"; '),
        ({"type": "integer"}, 47.0, "expected an integer, got 47.0; write 47"),
        ({"type": "integer"}, True, "expected an integer, got true; "),
        ({"type": "number"}, "0.5", 'expected a number, got "0.5"; take the quotes off: 0.5'),
        ({"type": "number"}, "inf", 'expected a number, got "inf"; '),
        ({"type": "string"}, 1, 'expected a text, got 1; put it in quotes: "1"'),
        ({"type": "string"}, True, 'expected a text, got true; put it in quotes: "true"'),
        ({"type": "string", "examples": ["30s"]}, 60, "expected a text, got 60; write it like 30s"),
        ({"type": "object", "required": ["a", "b"]}, 48, "expected a mapping, got 48; write it like {a: …, b: …}"),
        ({"type": "array"}, "a", 'expected a list, got "a"; write a list: [a]'),
        ({"type": "string"}, None, "expected a text, got nothing; write a value, or take the line away"),
        ({"type": ["string", "integer"]}, [], "expected an integer or a text, got a list; "),
        ({"enum": ["low", "high"]}, "hgh", 'expected one of low, high; got "hgh"; did you mean `high`?'),
        ({"enum": ["low", "high"]}, 3, "expected one of low, high; got 3; "),
        ({"pattern": "^a$", "examples": ["a"]}, "b", '"b" is not written as it must be; write it like a'),
        ({"format": "date"}, "1.9.2026", '"1.9.2026" is no day; write it like 2026-09-01'),
        ({"format": "date-time"}, "2026-12-20", "write it with its zone, like 2026-12-20T18:00:00+01:00"),
        ({"minimum": 1}, 0, "expected at least 1, got 0; "),
        ({"maximum": 1}, 2, "expected at most 1, got 2; "),
        ({"exclusiveMinimum": 0}, 0, "expected more than 0, got 0; "),
        ({"exclusiveMaximum": 1}, 1, "expected less than 1, got 1; "),
        ({"minItems": 1, "examples": [["a"]]}, [], "is empty; write it like [a]"),
        ({"minItems": 2}, [1], "expected a number of items of at least 2, got 1; "),
        ({"minLength": 1}, "", "is empty; "),
        ({"multipleOf": 2}, 3, "3 breaks the rule multipleOf: 2; "),
        ({"anyOf": [{"type": "string"}, {"type": "object"}]}, 4, "expected a mapping or a text, got 4; "),
        ({"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 3}]}, 2, "expected at least 3, got 2; "),
        ({"oneOf": [{"minimum": 1}, {"minimum": 2}]}, 3, "3 fits more than one form; "),
    ],
)
def test_each_rule_has_its_sentence(body: Any, value: Any, sentence: str) -> None:
    assert sentence in said(body, value)[0]


def test_an_unknown_key_is_named_at_its_own_place_with_the_key_that_was_meant() -> None:
    body = {"properties": {"min_improvement": {}}, "additionalProperties": False}
    assert said(body, {"min_improvment": 1, "zzz": 2}) == [
        "min_improvment: unknown key; did you mean `min_improvement`?",
        "zzz: unknown key; choose from min_improvement",
    ]


def test_keys_that_a_pattern_allows_are_not_unknown() -> None:
    body = {"patternProperties": {"^x": {}}, "additionalProperties": False}
    assert said(body, {"x1": 1, "y": 1}) == ["y: unknown key; take it away"]


def test_each_missing_key_is_named_once_with_an_example() -> None:
    body = {"required": ["a", "b"], "properties": {"a": {"examples": ["@acme/x"]}}}
    assert said(body, {}) == [': `a` is missing; add `a: "@acme/x"`', ": `b` is missing; add `b: …`"]


@pytest.mark.parametrize(
    ("written", "fix"),
    [
        ("sha256:9f2c…", "write sha256: and all 64 hex digits"),
        ("sha256:9f2c", "write sha256: and all 64 hex digits, not 4"),
        (A.removeprefix("sha256:"), "write sha256: and 64 lower-case hex digits"),
        (A.upper(), "write sha256: and 64 lower-case hex digits"),
        (f"{A}\n", "write sha256: and 64 lower-case hex digits"),
    ],
)
def test_a_digest_that_is_none_is_answered_with_what_one_is(written: str, fix: str) -> None:
    (found,) = schema("promotion").complaints({"version": 1, "digest": written})
    assert "is no digest" in found.message
    assert fix in found.fix


def test_a_huge_value_is_not_dumped_back() -> None:
    (found,) = Schema({"not": {}}).complaints({"a": ["x" * 10_000]})
    assert len(found.message) < 200
