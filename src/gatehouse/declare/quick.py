"""JSON Schema compiled to closures that know a valid value when they see one.

One-sided on purpose: True means that jsonschema would accept the value too; False means "not sure", and costs a look by
jsonschema. So a keyword or a case that is not handled here makes answers slower, never wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gatehouse.declare.formats import FORMATS, ends_exactly

Check = Callable[[Any], bool]
_TYPES: Mapping[str, frozenset[type]] = {
    "object": frozenset({dict}),
    "array": frozenset({list}),
    "string": frozenset({str}),
    "integer": frozenset({int}),
    "number": frozenset({int, float}),
    "boolean": frozenset({bool}),
    "null": frozenset({type(None)}),
}
# These describe, and decide nothing.
_ANNOTATIONS = frozenset({
    "$schema", "$id", "$comment", "$defs", "title", "description", "default", "examples", "deprecated", "readOnly",
    "writeOnly",
})  # fmt: skip
_OBJECT = frozenset(
    {"properties", "required", "additionalProperties", "propertyNames", "minProperties", "maxProperties"}
)
_ARRAY = frozenset({"items", "minItems", "maxItems"})
_STRING = frozenset({"pattern", "minLength", "maxLength", "format"})
_NUMBER = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})
_ANY = frozenset({"type", "enum", "anyOf", "allOf", "$ref"})


def compiled(schema: Mapping[str, Any] | bool) -> Check:
    """A function that says True only of values that the schema accepts."""
    return _compiled(schema, schema if isinstance(schema, Mapping) else {})


def _compiled(schema: Mapping[str, Any] | bool, root: Mapping[str, Any]) -> Check:
    if isinstance(schema, bool):
        return _yes if schema else _unsure
    if schema.keys() - _ANNOTATIONS - _OBJECT - _ARRAY - _STRING - _NUMBER - _ANY:
        return _unsure
    checks = list(_checks(schema, root))
    if len(checks) == 1:
        return checks[0]
    return lambda value: all(check(value) for check in checks)


def _checks(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Iterator[Check]:
    if "$ref" in schema:
        yield _referred(schema["$ref"], root)
    if "type" in schema:
        yield _typed(schema["type"])
    if "enum" in schema:
        yield _listed(schema["enum"])
    if "anyOf" in schema:
        branches = [_compiled(branch, root) for branch in schema["anyOf"]]
        yield lambda value: any(branch(value) for branch in branches)
    if "allOf" in schema:
        yield from [_compiled(branch, root) for branch in schema["allOf"]]
    if schema.keys() & _OBJECT:
        yield _only(dict, _mapping(schema, root))
    if schema.keys() & _ARRAY:
        yield _only(list, _array(schema, root))
    if schema.keys() & _STRING:
        yield from (_only(str, check) for check in _text(schema))
    if schema.keys() & _NUMBER:
        yield _number(schema)


def _yes(_: Any) -> bool:
    return True


def _unsure(_: Any) -> bool:
    return False


def _only(kind: type, check: Check) -> Check:
    """A keyword says nothing about values of other types."""
    return lambda value: type(value) is not kind or check(value)


def _referred(reference: str, root: Mapping[str, Any]) -> Check:
    """A reference into ``$defs`` of the same schema, compiled when first asked, so that it may refer to itself."""
    name = reference.removeprefix("#/$defs/")
    if "/" in name or "~" in name or "%" in name or not isinstance(root.get("$defs", {}).get(name), Mapping):
        return _unsure
    found: list[Check] = []

    def check(value: Any) -> bool:
        if not found:
            found.append(_compiled(root["$defs"][name], root))
        return found[0](value)

    return check


def _typed(names: str | list[str]) -> Check:
    listed = [names] if isinstance(names, str) else names
    allowed = frozenset(kind for name in listed for kind in _TYPES.get(name, ()))
    return lambda value: type(value) in allowed


def _listed(choices: list[Any]) -> Check:
    # 1 == True in Python and not in JSON, so only texts are compared here.
    words = frozenset(choice for choice in choices if isinstance(choice, str))
    return lambda value: type(value) is str and value in words


def _mapping(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Check:
    known = {key: _compiled(below, root) for key, below in schema.get("properties", {}).items()}
    required = frozenset(schema.get("required", ()))
    other = _compiled(schema.get("additionalProperties", True), root)
    names = _compiled(schema.get("propertyNames", True), root)
    fewest, most = schema.get("minProperties", 0), schema.get("maxProperties", float("inf"))

    def check(value: dict[str, Any]) -> bool:
        return (
            required <= value.keys()
            and fewest <= len(value) <= most
            and (names is _yes or all(names(key) for key in value))
            and all(known.get(key, other)(item) for key, item in value.items())
        )

    return check


def _array(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Check:
    each = _compiled(schema.get("items", True), root)
    fewest, most = schema.get("minItems", 0), schema.get("maxItems", float("inf"))
    return lambda value: fewest <= len(value) <= most and all(each(item) for item in value)


def _text(schema: Mapping[str, Any]) -> Iterator[Check]:
    if "pattern" in schema:
        search = ends_exactly(schema["pattern"]).search
        yield lambda value: search(value) is not None
    if "format" in schema:
        # jsonschema ignores a format that it has no check for.
        yield FORMATS.get(schema["format"], _yes)
    fewest, most = schema.get("minLength", 0), schema.get("maxLength", float("inf"))
    yield lambda value: fewest <= len(value) <= most


def _number(schema: Mapping[str, Any]) -> Check:
    low, high = schema.get("minimum", float("-inf")), schema.get("maximum", float("inf"))
    above, below = schema.get("exclusiveMinimum", float("-inf")), schema.get("exclusiveMaximum", float("inf"))

    def check(value: Any) -> bool:
        kind = type(value)
        # An infinity would have to be compared by jsonschema itself; the reader lets none through.
        return (kind is not int and kind is not float) or (low <= value <= high and above < value < below)

    return check
