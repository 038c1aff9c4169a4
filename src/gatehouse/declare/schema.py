"""The JSON Schemas of declared files and of gates' thresholds: a quick yes, and a full answer for what is not one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gatehouse.declare.explain import explain
from gatehouse.declare.fault import Complaint
from gatehouse.declare.formats import FORMATS, ends_exactly
from gatehouse.declare.quick import Check, compiled

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

Kind = Literal["promotion", "policy", "stages", "hold", "freeze"]
FOLDER = Path(__file__).parent / "schemas"


@dataclass(frozen=True)
class Schema:
    """A JSON Schema (draft 2020-12), compiled once.

    jsonschema is exact and slow, and most files are right: ``quick`` answers True only for values that jsonschema would
    find nothing wrong with, and everything else is asked again, in full. Tests hold the two against each other.
    """

    body: Mapping[str, Any]

    @cached_property
    def quick(self) -> Check:
        return compiled(self.body)

    @cached_property
    def full(self) -> Validator:
        return _validator(self.body)

    def complaints(self, value: Any) -> Iterator[Complaint]:
        """Everything that is wrong with a value, in sentences; nothing for a valid one."""
        if not self.quick(value):
            yield from explain(self.full, value)


@cache
def schema(kind: Kind) -> Schema:
    """The schema of one kind of declared file."""
    return Schema(json.loads((FOLDER / f"{kind}.json").read_text(encoding="utf-8")))


def thresholds(body: Mapping[str, Any]) -> Schema:
    """A gate's THRESHOLDS. A schema that is silent about further keys allows none: a misspelt limit is no limit."""
    return Schema(body if "additionalProperties" in body else {**body, "additionalProperties": False})


def unsound(body: Mapping[str, Any]) -> str:
    """Why a mapping is no JSON Schema, or an empty text when it is one."""
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema(body)
    except SchemaError as error:
        return f"{'.'.join(str(part) for part in error.absolute_path)}: {error.message}".lstrip(": ")
    return ""


def _validator(body: Mapping[str, Any]) -> Validator:
    # Imported when something is wrong, which is when a tenth of a second does not matter.
    from jsonschema import Draft202012Validator, FormatChecker
    from jsonschema.validators import extend
    from referencing import Registry

    strict: Any = extend(  # type: ignore[no-untyped-call] # typed nowhere
        Draft202012Validator,
        {"pattern": _pattern},
        # JSON Schema calls 47.0 an integer; a version, a count and a number of approvals are written 47.
        type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int),
    )
    formats = FormatChecker(formats=())
    for name, fits in FORMATS.items():
        formats.checks(name)(_text_only(fits))
    # An empty registry: a schema never makes us fetch another one over the network.
    validator: Validator = strict(body, format_checker=formats, registry=Registry())
    return validator


def _pattern(_: Any, pattern: str, value: Any, __: Any) -> Iterator[ValidationError]:
    from jsonschema import ValidationError

    if isinstance(value, str) and not ends_exactly(pattern).search(value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def _text_only(fits: Callable[[str], bool]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or fits(value)
