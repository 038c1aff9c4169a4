"""jsonschema's errors as sentences: what was expected, what stands there, what to write."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gatehouse.declare.fault import Complaint, Keys, meant, quoted

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

# A jsonschema ValidationError that came out of a validator; its types call every field possibly unset, which none is.
Error = Any

_TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "a text",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}


def explain(validator: Validator, value: Any) -> Iterator[Complaint]:
    """Every error that the validator finds, each once."""
    said = (complaint for error in validator.iter_errors(value) for complaint in _sentences(error))
    yield from dict.fromkeys(said)


def _sentences(error: Error) -> Iterator[Complaint]:
    keys = tuple(error.absolute_path)
    if error.validator in ("anyOf", "oneOf"):
        yield from _branches(error, keys)
    elif error.validator == "additionalProperties":
        yield from _unknown(error, keys)
    elif error.validator == "required":
        yield from _missing(error, keys)
    else:
        say = _SENTENCES.get(str(error.validator), _rule)
        yield Complaint(keys, *say(error))


def _branches(error: Error, keys: Keys) -> Iterator[Complaint]:
    """The faults of the branch that the author was writing: the one of the right type."""
    branches: dict[Any, list[Error]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.relative_schema_path[0], []).append(inner)
    if all(inner.validator == "required" for found in branches.values() for inner in found) and len(branches) > 1:
        yield _none_of(
            [name for found in branches.values() for inner in found for name in inner.validator_value], error
        )
        return
    fitting = [found for found in branches.values() if not any(_mistyped(inner) for inner in found)]
    if fitting:
        yield from (said for inner in fitting[0] for said in _sentences(inner))
        return
    wanted = {name for found in branches.values() for inner in found if _mistyped(inner) for name in _names(inner)}
    if wanted:
        yield Complaint(keys, f"expected {_either(wanted)}, got {quoted(error.instance)}", _like(error.schema))
    else:
        yield Complaint(keys, f"{quoted(error.instance)} fits more than one form", _like(error.schema))


def _none_of(names: list[str], error: Error) -> Complaint:
    """Where each branch asks for a key of its own, any of them will do; the first is shown with its example."""
    listed = ", ".join(f"`{name}`" for name in dict.fromkeys(names))
    return Complaint(tuple(error.absolute_path), f"one of {listed} is missing", _adding(names[0], error.schema))


def _mistyped(error: Error) -> bool:
    return error.validator == "type" and not error.relative_path


def _names(error: Error) -> list[str]:
    return [error.validator_value] if isinstance(error.validator_value, str) else list(error.validator_value)


def _either(names: set[str] | list[str]) -> str:
    return " or ".join(_TYPES.get(name, name) for name in sorted(names))


def _unknown(error: Error, keys: Keys) -> Iterator[Complaint]:
    known, patterns = _properties(error.schema), error.schema.get("patternProperties", ())
    for key in error.instance:
        if key not in known and not any(re.search(pattern, key) for pattern in patterns):
            yield Complaint((*keys, key), "unknown key", meant(key, known) or "take it away")


def _missing(error: Error, keys: Keys) -> Iterator[Complaint]:
    for key in error.validator_value:
        if key not in error.instance:
            yield Complaint(keys, f"`{key}` is missing", _adding(key, error.schema))


def _adding(key: str, schema: Any) -> str:
    return f"add `{key}: {_example(_properties(schema).get(key)) or '…'}`"


def _type(error: Error) -> tuple[str, str]:
    names, value = _names(error), error.instance
    fix = _retyped(set(names), value) or _like(error.schema)
    if not fix and "string" in names and isinstance(value, bool | int | float):
        fix = f'put it in quotes: "{str(value).lower()}"'
    return f"expected {_either(names)}, got {quoted(value)}", fix


def _retyped(names: set[str], value: Any) -> str:
    """What to write instead, where the right value can be told from the wrong one."""
    if value is None:
        return "write a value, or take the line away"
    if names & {"integer", "number"} and isinstance(value, str) and _is_number(value):
        return f"take the quotes off: {value}"
    if "integer" in names and isinstance(value, float) and value.is_integer():
        return f"write {int(value)}"
    if names == {"array"} and isinstance(value, str | int | float):
        return f"write a list: [{value}]"
    return ""


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text)) and "_" not in text
    except ValueError:
        return False


def _enum(error: Error) -> tuple[str, str]:
    choices = [str(choice) for choice in error.validator_value]
    hint = meant(error.instance, choices) if isinstance(error.instance, str) else ""
    return f"expected one of {', '.join(choices)}; got {quoted(error.instance)}", hint if hint.startswith("did") else ""


def _pattern(error: Error) -> tuple[str, str]:
    if "sha256" in error.validator_value:
        return f"{quoted(error.instance)} is no digest", _digest(error.instance)
    return f"{quoted(error.instance)} is not written as it must be", _like(error.schema)


def _digest(text: str) -> str:
    digits = text.strip().removeprefix("sha256:")
    if "…" in digits or "..." in digits or (digits and not digits.strip("0123456789abcdef") and len(digits) != 64):
        return f"write sha256: and all 64 hex digits, not {len(digits)}; `gatehouse propose` fills it in"
    return "write sha256: and 64 lower-case hex digits; `gatehouse propose` fills it in"


def _format(error: Error) -> tuple[str, str]:
    if error.validator_value == "date":
        return f"{quoted(error.instance)} is no day", "write it like 2026-09-01"
    if error.validator_value == "date-time":
        return f"{quoted(error.instance)} is no moment", "write it with its zone, like 2026-12-20T18:00:00+01:00"
    return _rule(error)


def _bound(words: str) -> Callable[[Error], tuple[str, str]]:
    return lambda error: (f"expected {words} {error.validator_value}, got {quoted(error.instance)}", "")


def _size(words: str) -> Callable[[Error], tuple[str, str]]:
    def say(error: Error) -> tuple[str, str]:
        have = len(error.instance)
        return f"expected {words} {error.validator_value}, got {have}" if have else "is empty", _like(error.schema)

    return say


def _rule(error: Error) -> tuple[str, str]:
    """A rule that has no sentence of its own; gates may use all of JSON Schema."""
    return f"{quoted(error.instance)} breaks the rule {error.validator}: {quoted(error.validator_value)}", _like(
        error.schema
    )


_SENTENCES: Mapping[str, Callable[[Error], tuple[str, str]]] = {
    "type": _type,
    "enum": _enum,
    "pattern": _pattern,
    "format": _format,
    "minimum": _bound("at least"),
    "maximum": _bound("at most"),
    "exclusiveMinimum": _bound("more than"),
    "exclusiveMaximum": _bound("less than"),
    "minLength": _size("a length of at least"),
    "maxLength": _size("a length of at most"),
    "minItems": _size("a number of items of at least"),
    "maxItems": _size("a number of items of at most"),
    "minProperties": _size("a number of keys of at least"),
    "maxProperties": _size("a number of keys of at most"),
}


def _properties(schema: Any) -> Mapping[str, Any]:
    return schema.get("properties", {}) if isinstance(schema, Mapping) else {}


def _example(schema: Any) -> str:
    if not isinstance(schema, Mapping):
        return ""
    if schema.get("examples"):
        return _written(schema["examples"][0])
    return "{" + ", ".join(f"{key}: …" for key in schema["required"]) + "}" if schema.get("required") else ""


def _like(schema: Any) -> str:
    example = _example(schema)
    return f"write it like {example}" if example else ""


def _written(value: Any) -> str:
    """A value in YAML's flow style, for a line of advice."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(_written(item) for item in value)}]"
    if isinstance(value, str):
        return value if value[:1].isalnum() and ": " not in value else f'"{value}"'
    return quoted(value)
