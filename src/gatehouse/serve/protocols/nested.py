"""Columns of arrays, objects and maps: their Arrow types, and values checked against them as MLflow does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from gatehouse.registry.signature import Array, DataType, Map, Object, Scalar
from gatehouse.serve.protocols import values
from gatehouse.serve.protocols.errors import Unfit, quoted
from gatehouse.serve.protocols.values import Fill

_MAY_LACK = frozenset({"float", "double", "string"})
_BITS = {"integer": 32, "long": 64}


def filler(kind: DataType, required: bool) -> Fill | None:
    """How a column of arrays, objects or maps is filled; each value is one row's. A Fill raises Unfit.

    None where some part of the type takes any value.
    """
    arrow = arrow_type(kind)
    if arrow is None:
        return None

    def fill(given: list[Any]) -> pa.Array:
        conformed = [_conformed(value, kind, required) for value in given]
        try:
            return pa.array(conformed, arrow)
        except values.MISFITS as error:
            raise Unfit(f"does not fit {kind}") from error

    return fill


def arrow_type(kind: DataType) -> pa.DataType | None:
    """The Arrow type; None where some part of it takes any value, so that only the values can tell."""
    match kind:
        case Scalar():
            return values.TYPES.get(kind.name)
        case Array():
            items = arrow_type(kind.items)
            return None if items is None else pa.list_(items)
        case Map():
            items = arrow_type(kind.values)
            return None if items is None else pa.map_(pa.string(), items)
    fields = [(field.name, arrow_type(field.type)) for field in kind.fields]
    return None if any(found is None for _, found in fields) else pa.struct(fields)


def _conformed(value: Any, kind: DataType, required: bool) -> Any:
    """The value as Arrow takes it. As deep as the signature, which is bounded where it is read."""
    if value is None and not required:
        return None
    match kind:
        case Scalar():
            return _scalar(value, kind.name)
        case Array() if isinstance(value, list):
            return [_item(item, kind.items, required) for item in value]
        case Map() if isinstance(value, Mapping):
            return [(values.text(key), _conformed(item, kind.values, required)) for key, item in value.items()]
        case Object() if isinstance(value, Mapping):
            return _object(value, kind)
    raise Unfit(f"{quoted(value)} is no {type(kind).__name__.lower()}")


def _item(value: Any, kind: DataType, required: bool) -> Any:
    """One of an array's: a number or text in it may be missing, as MLflow has it, though the array may not."""
    missing = value is None and isinstance(kind, Scalar) and kind.name in _MAY_LACK
    return None if missing else _conformed(value, kind, required)


def _object(value: Mapping[str, Any], kind: Object) -> dict[str, Any]:
    known = {field.name for field in kind.fields}
    if unknown := sorted(value.keys() - known):
        raise Unfit(f"holds {quoted(unknown[0])}, which the signature does not name")
    if missing := [field.name for field in kind.fields if field.required and field.name not in value]:
        raise Unfit(f"lacks {quoted(missing[0])}")
    return {
        field.name: _conformed(value[field.name], field.type, field.required)
        for field in kind.fields
        if field.name in value
    }


def _scalar(value: Any, name: str) -> Any:
    """Stricter than a plain column, as MLflow is here: no number is read out of text, and nothing out of nothing."""
    if name in _BITS and isinstance(value, int | float) and not isinstance(value, bool):
        return values.whole(value, _BITS[name])
    if name in ("float", "double") and isinstance(value, int | float) and not isinstance(value, bool):
        return values.number(value)
    if name == "boolean" and isinstance(value, bool):
        return value
    if name in ("string", "binary") and isinstance(value, str):
        found = values.text(value)
        return found if name == "string" else str(found).encode()
    if name == "datetime" and isinstance(value, str):
        return values.instants([value])[0]
    raise Unfit(f"{quoted(value)} is no {name}")
