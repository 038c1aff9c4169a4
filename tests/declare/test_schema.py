"""The quick look and jsonschema agree, and the schemas are fit for an editor."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, get_args

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gatehouse.declare.schema import FOLDER, Kind, Schema, schema, thresholds, unsound
from tests.declare.helpers import A, B
from tests.support.thousand import GATES, files

KINDS: tuple[Kind, ...] = get_args(Kind)
VALID: dict[Kind, Any] = {
    "promotion": {
        "version": 47,
        "digest": A,
        "canary": {"version": 48, "digest": B, "percent": 5},
        "challenger": {"version": 49, "digest": B, "percent": 0.5, "experiment": "gbm-q4"},
        "shadow": {"version": 50, "digest": B, "percent": 100},
    },
    "policy": {**yaml.safe_load(files("m")["policy.yaml"]), "reviewed": "2026-09-01"},
    "stages": {
        "stages": [
            {"name": "staging", "registry": "${URI}", "review": "none", "legacy_stages": True},
            {
                "name": "production",
                "registry": "sqlite:///x.db",
                "serving": {"target": "kserve", "branch": "serving", "options": {"namespace": "models"}},
            },
        ],
        "audit": "sqlite:///audit.db",
        "evidence": {"keys": [".github/evidence.pem", "gates/keys/2027.pem"]},
        "people": {"olga": ["olga.k@acme.example", "Olga Krüger"], "marek-2": ["mk"]},
        "notifications": [{"slack": "${SLACK}"}],
        "webhooks": [{"name": "ci", "events": ["model_version.created"]}],
    },
    "hold": {"versions": [{"version": 48, "digest": A, "reason": "declines", "since": "2026-03-03"}]},
    "freeze": {
        "windows": [
            {
                "start": "2026-12-20T18:00:00+01:00",
                "end": "2027-01-02T08:00:00Z",
                "reason": "close",
                "models": ["credit-risk"],
            }
        ],
        "holidays": "US-CA",
        "weekends": True,
        "hours": {"days": ["mon", "fri"], "from": "09:00", "to": "24:00"},
        "oncall": ["@olga"],
        "timezone": "America/Los_Angeles",
        "stop_the_line": "incident 4711",
    },
}
VALID["policy"]["prediction"] = {"method": "predict_proba", "threshold": 0.4}
VALID["policy"]["data"]["evaluation"] |= {"positive": "bad", "cluster": "customer"}
# All three at once are refused where values must fit each other, not by the schema.
VALID["policy"]["data"]["production"] |= {"table": "t", "query": "SELECT 1"}
VALID["policy"]["data"]["traffic"] = {"path": "traffic"}
VALID["policy"]["engine"] = "local[2]"
VALID["policy"]["sandbox"] = {"minimum": "cluster", "memory_mb": 4096, "processes": 32, "seconds": 600}
VALID["policy"]["review"] |= {
    "questions": [
        {"id": "appeals", "ask": "Can appeals explain it?", "answers": ["yes", "no"], "required": False},
        {"id": "free", "ask": "x"},
    ],
    "pool": ["@olga", "@marek-2"],
    "teams": "distinct",
}
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 200), st.floats(allow_nan=False), st.sampled_from(
        ["", "x", "high", A, A + "\n", A.upper(), "30s", "30s\n", "2026-09-01", "2026-02-30", "2026-12-20T18:00:00Z",
         "2026-12-20T18:00:00", "staging", "auto", "DE", "@me", "09:00",
         "24:00", "mon", "x\n", "UTC", "distinct"]
    ),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "version", "x"]), inner)
)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(item, (*at, key))


@st.composite
def damaged(draw: st.DrawFn, kind: Kind) -> Any:
    """A valid document with up to three places replaced, taken away, or joined by an unknown key."""
    value = copy.deepcopy(VALID[kind])
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.sampled_from(list(places(value))))
        if not at:
            continue
        parent = value
        for key in at[:-1]:
            parent = parent[key]
        action = draw(st.sampled_from(["replace", "remove", "add"]))
        if action == "replace":
            parent[at[-1]] = draw(VALUES)
        elif action == "remove":
            del parent[at[-1]]
        elif isinstance(parent, dict):
            parent[draw(st.sampled_from(["version", "extra"]))] = draw(VALUES)
    return value


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_uses_every_key_is_valid(kind: Kind) -> None:
    assert schema(kind).quick(VALID[kind])
    assert schema(kind).full.is_valid(VALID[kind])
    used = {str(key) for at in places(VALID[kind]) for key in at}
    assert set(_property_names(schema(kind).body)) - used == ({"p99_ms"} if kind == "policy" else set())


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_the_quick_look_agrees_with_jsonschema_on_every_damaged_file(kind: Kind, data: st.DataObject) -> None:
    value = data.draw(damaged(kind))
    assert schema(kind).quick(value) == schema(kind).full.is_valid(value)
    assert bool(list(schema(kind).complaints(value))) != schema(kind).quick(value)


@pytest.mark.parametrize("gate", GATES)
@given(value=st.dictionaries(st.sampled_from(["metric", "minimum", "confidence", "min_group_size", "x"]), SCALARS))
def test_the_quick_look_agrees_on_thresholds(gate: str, value: Any) -> None:
    closed = thresholds(GATES[gate])
    assert closed.quick(value) == closed.full.is_valid(value)


LEAVES = st.fixed_dictionaries({}, optional={
    "type": st.sampled_from(["object", "array", "string", "integer", "number", "null", ["boolean", "integer"]]),
    "enum": st.lists(st.sampled_from([1, True, "a", "b", None, 0, 1.0]), min_size=1),
    "const": st.sampled_from([1, True, "a"]),
    "minimum": st.integers(-2, 2),
    "exclusiveMaximum": st.integers(-2, 2),
    "multipleOf": st.just(2),
    "minLength": st.integers(0, 2),
    "pattern": st.sampled_from(["^a$", "a", "b\\$"]),
    "format": st.sampled_from(["date", "date-time", "email"]),
    "minItems": st.integers(0, 2),
    "uniqueItems": st.just(True),
    "minProperties": st.integers(0, 2),
    "required": st.lists(st.sampled_from(["a", "b"]), unique=True),
    "dependentRequired": st.just({"a": ["b"]}),
    "description": st.just("words"),
})  # fmt: skip
SCHEMAS = st.recursive(
    LEAVES | st.booleans(),
    lambda inner: st.fixed_dictionaries({}, optional={
        "properties": st.dictionaries(st.sampled_from("ab"), inner),
        "additionalProperties": inner,
        "patternProperties": st.dictionaries(st.just("^a"), inner),
        "propertyNames": inner,
        "items": inner,
        "anyOf": st.lists(inner, min_size=1, max_size=2),
        "allOf": st.lists(inner, min_size=1, max_size=2),
        "oneOf": st.lists(inner, min_size=1, max_size=2),
        "not": inner,
        "$ref": st.just("#/$defs/a"),
        "$defs": st.dictionaries(st.just("a"), LEAVES, min_size=1, max_size=1),
    }),
    max_leaves=4,
)  # fmt: skip
ANY = st.recursive(
    st.sampled_from([None, True, False, 0, 1, -1, 1.0, 2.5, "a", "a\n", "", "b", "2026-09-01"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=5,
)


@given(body=SCHEMAS.filter(lambda body: isinstance(body, dict)), value=ANY)
def test_the_quick_look_never_passes_what_jsonschema_refuses_whatever_the_schema(body: Any, value: Any) -> None:
    if "$ref" in json.dumps(body):
        body = {**body, "$defs": {"a": {"type": "string"}}}
    checked = Schema(body)
    if checked.quick(value):
        assert checked.full.is_valid(value)


def test_a_schema_may_refer_to_itself() -> None:
    tree = Schema({"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}})
    assert tree.quick([[], [[]]])
    assert not tree.quick([["x"]])


@pytest.mark.parametrize("kind", KINDS)
def test_each_schema_is_itself_valid_and_stands_alone(kind: Kind) -> None:
    body = json.loads((FOLDER / f"{kind}.json").read_text())
    Draft202012Validator.check_schema(body)
    assert body["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    references = [at["$ref"] for at in _schemas(body) if "$ref" in at]
    assert all(reference.removeprefix("#/$defs/") in body["$defs"] for reference in references)


@pytest.mark.parametrize("kind", KINDS)
def test_an_editor_finds_a_title_and_a_description_on_everything(kind: Kind) -> None:
    for body in _schemas(schema(kind).body):
        assert body["title"], body
        assert body["description"].endswith("."), body
        assert kind_of_object(body), body


def kind_of_object(body: Any) -> bool:
    """Objects are closed, but for those whose keys are names, and those of a notifier, a gate or a target."""
    opened = {"Gates", "Stages", "Thresholds", "Notification", "Webhook", "People", "Options"}
    return body.get("type") != "object" or body.get("additionalProperties") is False or body["title"] in opened


@pytest.mark.parametrize("kind", KINDS)
def test_the_examples_of_a_schema_are_valid(kind: Kind) -> None:
    root = schema(kind).body
    for body in _schemas(root):
        for example in body.get("examples", []):
            assert Schema({**body, "$defs": root.get("$defs", {})}).quick(example), (body["title"], example)


def test_thresholds_are_closed_unless_they_say_otherwise() -> None:
    assert not thresholds({"properties": {"a": {}}}).quick({"b": 1})
    assert thresholds({"properties": {"a": {}}, "additionalProperties": True}).quick({"b": 1})


def test_a_schema_that_is_none_says_where() -> None:
    assert unsound({"type": "object", "properties": {"a": {"type": "nmber"}}}).startswith("properties.a.type: 'nmber'")
    assert unsound({"type": "object"}) == ""


def test_a_reference_to_another_place_is_never_fetched() -> None:
    foreign = Schema({"properties": {"a": {"$ref": "http://127.0.0.1:9/schema.json"}}})
    with pytest.raises(Exception, match="Unresolvable"):
        list(foreign.complaints({"a": 1}))


def test_reading_valid_files_imports_neither_jsonschema_nor_ruamel() -> None:
    code = (
        "import sys; from tests.declare.helpers import *; assert not faults(repository(staging=promotion(1)));"
        "print([name for name in ('jsonschema', 'ruamel', 'mlflow', 'pandas', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _schemas(body: Any) -> Iterator[dict[str, Any]]:
    """Every subschema that describes a value."""
    yield body
    below = [*body.get("properties", {}).values(), *body.get("$defs", {}).values(), *body.get("anyOf", [])]
    below += [item for key in ("items", "additionalProperties") if isinstance(item := body.get(key), dict)]
    for item in below:
        yield from _schemas(item)


def _property_names(body: Any) -> Iterator[str]:
    for inner in _schemas(body):
        yield from inner.get("properties", {})
