"""A model's signature: what it takes and what it gives, as frozen values that travel through JSON.

The format is that of MLflow's ``MLmodel`` file: each of ``inputs``, ``outputs`` and ``params`` is JSON inside YAML.
"""

from __future__ import annotations

import json
from typing import Any, Literal

import msgspec

from gatehouse.errors import GatehouseError

ScalarName = Literal[
    "boolean", "integer", "long", "float", "double", "string", "binary", "datetime", "any", "sparkml_vector"
]
_SCALARS = frozenset(ScalarName.__args__)  # type: ignore[attr-defined] # what a Literal lists
# Deeper than any real table, and far from Python's own limit.
_MAX_DEPTH = 32


class Scalar(msgspec.Struct, frozen=True, tag_field="kind", tag="scalar"):
    """A single value. ``long`` and ``double`` have 64 bits, ``integer`` and ``float`` 32; ``any`` takes what comes."""

    name: ScalarName

    def __str__(self) -> str:
        return self.name


class Array(msgspec.Struct, frozen=True, tag_field="kind", tag="array"):
    items: DataType

    def __str__(self) -> str:
        return f"array of {self.items}"


class Map(msgspec.Struct, frozen=True, tag_field="kind", tag="map"):
    """Strings to values of one type."""

    values: DataType

    def __str__(self) -> str:
        return f"map of {self.values}"


class Field(msgspec.Struct, frozen=True):
    name: str
    type: DataType
    required: bool = True

    def __str__(self) -> str:
        return f"{self.name}: {self.type}{'' if self.required else ' (optional)'}"


class Object(msgspec.Struct, frozen=True, tag_field="kind", tag="object"):
    fields: tuple[Field, ...]

    def __str__(self) -> str:
        return f"object with {', '.join(map(str, self.fields))}"


DataType = Scalar | Array | Map | Object


class Column(msgspec.Struct, frozen=True, tag_field="kind", tag="column"):
    """A column of a table; ``name`` is None in signatures that go by position."""

    name: str | None
    type: DataType
    required: bool = True


class Tensor(msgspec.Struct, frozen=True, tag_field="kind", tag="tensor"):
    """An array of numpy type ``dtype``; -1 in ``shape`` is any length."""

    name: str | None
    dtype: str
    shape: tuple[int, ...]


class Param(msgspec.Struct, frozen=True):
    """A parameter of ``predict``; ``shape`` is None for a single value and ``(-1,)`` for a list. ``defaulted`` is False
    where the file gives no default at all; MLflow writes ``null`` for a parameter that can be left out."""

    name: str
    type: DataType
    default: Any = None
    shape: tuple[int, ...] | None = None
    defaulted: bool = True


class Signature(msgspec.Struct, frozen=True):
    """``inputs`` and ``outputs`` are all columns or all tensors; None where the model does not say."""

    inputs: tuple[Column | Tensor, ...] | None = None
    outputs: tuple[Column | Tensor, ...] | None = None
    params: tuple[Param, ...] = ()

    def columns(self) -> tuple[Column, ...]:
        """The input columns that have a name, none for a tensor signature."""
        return tuple(spec for spec in self.inputs or () if isinstance(spec, Column) and spec.name is not None)

    def tensors(self) -> tuple[Tensor, ...]:
        """The input tensors, none for a signature of columns."""
        return tuple(spec for spec in self.inputs or () if isinstance(spec, Tensor))


class Malformed(GatehouseError):
    """The signature is not one that MLflow writes. The message names the place within it."""


def parse(inputs: str | None, outputs: str | None, params: str | None) -> Signature:
    """A signature from its three JSON texts. Raises Malformed."""
    return Signature(
        inputs=_specs(inputs, "inputs"),
        outputs=_specs(outputs, "outputs"),
        params=tuple(_param(raw, f"params[{at}]") for at, raw in enumerate(_list(params, "params") or ())),
    )


def _specs(text: str | None, where: str) -> tuple[Column | Tensor, ...] | None:
    raws = _list(text, where)
    if raws is None:
        return None
    if tensors := [raw for raw in raws if isinstance(raw, dict) and raw.get("type") == "tensor"]:
        if len(tensors) != len(raws):
            raise Malformed(f"{where} mixes columns and tensors")
        return tuple(_tensor(raw, f"{where}[{at}]") for at, raw in enumerate(raws))
    columns = tuple(_column(raw, f"{where}[{at}]") for at, raw in enumerate(raws))
    names = [column.name for column in columns if column.name is not None]
    if len(set(names)) != len(names):
        raise Malformed(f"{where} names a column twice")
    return columns


def _list(text: str | None, where: str) -> list[Any] | None:
    if text is None:
        return None
    try:
        # Not msgspec's decoder: MLflow writes NaN, which is no JSON, for a default that is not a number.
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"{where} is not JSON: {error}") from error
    if not isinstance(raw, list):
        raise Malformed(f"{where} is not a list")
    return raw


def _column(raw: Any, where: str) -> Column:
    spec = _object(raw, where)
    return Column(_name(spec, where), _type(spec, where), _required(spec, where))


def _tensor(raw: Any, where: str) -> Tensor:
    spec = _object(raw, where)
    info = _object(spec.get("tensor-spec"), f"{where}.tensor-spec")
    if not isinstance(info.get("dtype"), str):
        raise Malformed(f"{where}.tensor-spec has no dtype")
    return Tensor(_name(spec, where), info["dtype"], _shape(info.get("shape"), where))


def _param(raw: Any, where: str) -> Param:
    # Older files say dtype.
    spec = {"type": _object(raw, where).get("dtype"), **raw}
    name = _name(spec, where)
    if name is None:
        raise Malformed(f"{where} has no name")
    shape = None if spec.get("shape") is None else _shape(spec["shape"], where)
    return Param(name, _type(spec, where), spec.get("default"), shape, "default" in spec)


def _type(spec: Any, where: str, depth: int = 0) -> DataType:
    """The type that ``spec`` describes in MLflow's words: a scalar's name, or one of the nested kinds."""
    if depth > _MAX_DEPTH:
        raise Malformed(f"{where} is nested more than {_MAX_DEPTH} types deep")
    spec = _object(spec, where)
    match spec.get("type"):
        case "array":
            return Array(_type(spec.get("items"), f"{where}.items", depth + 1))
        case "map":
            return Map(_type(spec.get("values"), f"{where}.values", depth + 1))
        case "object":
            properties = _object(spec.get("properties"), f"{where}.properties")
            return Object(tuple(_field(name, raw, where, depth) for name, raw in properties.items()))
        case str(name) if name in _SCALARS:
            return Scalar(name)  # type: ignore[arg-type] # one of the literals, as just checked
        case other:
            raise Malformed(f"{where} has the unknown type {other!r:.60}")


def _field(name: str, raw: Any, where: str, depth: int) -> Field:
    place = f"{where}.{name:.60}"
    return Field(name, _type(raw, place, depth + 1), _required(_object(raw, place), place))


def _object(raw: Any, where: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise Malformed(f"{where} is not an object")
    return raw


def _name(spec: dict[str, Any], where: str) -> str | None:
    name = spec.get("name")
    if name is not None and not isinstance(name, str):
        raise Malformed(f"{where} has a name that is no text")
    return name


def _required(spec: dict[str, Any], where: str) -> bool:
    required = spec.get("required", True)
    if not isinstance(required, bool):
        raise Malformed(f"{where}.required is neither true nor false")
    return required


def _shape(raw: Any, where: str) -> tuple[int, ...]:
    if not isinstance(raw, list) or not all(type(length) is int and length >= -1 for length in raw):
        raise Malformed(f"{where} has a shape that is no list of lengths")
    return tuple(raw)
