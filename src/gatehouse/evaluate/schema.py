"""A model's signature held against the table that the production feature pipeline makes, column by column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from gatehouse.registry.signature import (
    Array,
    Column,
    DataType,
    Field,
    Map,
    Object,
    Scalar,
    ScalarName,
    Signature,
    Tensor,
)

if TYPE_CHECKING:
    import pyarrow as pa


class Fit(StrEnum):
    """How a column suits the model; MISSING, MISTYPED and NULLS are what a model cannot be served with."""

    SAME = "same"
    WIDENED = "widened"  # another type, every value of which the wanted one can hold
    OPTIONAL = "optional, absent"
    EXTRA = "extra"
    NULLS = "nulls"  # values are missing where the wanted type has no way to say so
    MISTYPED = "mistyped"
    MISSING = "missing"

    @property
    def breaks(self) -> bool:
        return self in (Fit.NULLS, Fit.MISTYPED, Fit.MISSING)


@dataclass(frozen=True, slots=True)
class Finding:
    """One column: what the model wants (None: nothing), what the pipeline makes (None: nothing), and how they suit."""

    column: str
    fit: Fit
    wanted: str | None
    found: str | None


# Widening that loses nothing. A 64-bit integer is not a double: above 2**53 neighbours become equal.
_WIDER = {
    "boolean": {"integer", "long", "float", "double"},
    "integer": {"long", "double"},
    "float": {"double"},
}
# Whole numbers and booleans turn into something else when a value is missing.
_NEVER_NULL = {"boolean", "integer", "long"}


def compare(signature: Signature, table: pa.Schema, nulls: Mapping[str, int]) -> tuple[Finding, ...]:
    """Every column of either side, in the signature's order and then the table's.

    ``nulls`` counts the missing values of each table column. A tensor signature wants one column a named tensor, or one
    column in all; a column without a name is matched by position.
    """
    wanted = _wanted(signature, table)
    findings = [_finding(column, table, nulls) for column in wanted]
    known = {column.name for column in wanted}
    extra = (name for name in table.names if name not in known)
    return (*findings, *(Finding(name, Fit.EXTRA, None, _shown(table.field(name).type)) for name in extra))


def _wanted(signature: Signature, table: pa.Schema) -> list[Column]:
    specs = signature.inputs or ()
    columns = [_as_column(spec) if isinstance(spec, Tensor) else spec for spec in specs]
    return [
        column if column.name is not None else Column(_at(table, position, column.type), column.type, column.required)
        for position, column in enumerate(columns)
    ]


def _at(table: pa.Schema, position: int, kind: DataType) -> str:
    """The column that one without a name means: the table's one list column for a tensor, else the one in its place."""
    lists = list_columns(table)
    if isinstance(kind, Array) and len(lists) == 1:
        return lists[0]
    return str(table.names[position]) if position < len(table.names) else f"column {position + 1}"


def list_columns(table: pa.Schema) -> list[str]:
    """The columns whose rows are lists."""
    return [field.name for field in table if isinstance(_described(field.type), Array)]


def _as_column(tensor: Tensor) -> Column:
    """A tensor as rows carry it: the first dimension counts rows, each further one is a list."""
    kind: DataType = Scalar(NUMPY.get(tensor.dtype, "any"))
    for _ in tensor.shape[1:]:
        kind = Array(kind)
    return Column(tensor.name, kind)


NUMPY: Mapping[str, ScalarName] = {
    "bool": "boolean",
    "int32": "integer",
    "int64": "long",
    "float32": "float",
    "float64": "double",
    "str": "string",
    "object": "any",
}


def _finding(column: Column, table: pa.Schema, nulls: Mapping[str, int]) -> Finding:
    name = column.name or ""
    if name not in table.names:
        fit = Fit.MISSING if column.required else Fit.OPTIONAL
        return Finding(name, fit, str(column.type), None)
    kind = table.field(name).type
    fit, found = suits(column.type, _described(kind)), _shown(kind)
    if not fit.breaks and column.required and nulls.get(name, 0) and str(column.type) in _NEVER_NULL:
        return Finding(name, Fit.NULLS, str(column.type), f"{found} with {nulls[name]:,} missing")
    return Finding(name, fit, str(column.type), found)


def _shown(kind: pa.DataType) -> str:
    """An Arrow type for people: in the signature's words where it has one."""
    words = str(_described(kind))
    return str(kind) if words == "any" else words


def suits(wanted: DataType, found: DataType) -> Fit:
    """How one type suits another; of a nested one, its worst part decides."""
    match wanted, found:
        case Scalar(name="any"), _:
            return Fit.SAME
        case Scalar(), Scalar():
            if wanted.name == found.name:
                return Fit.SAME
            return Fit.WIDENED if wanted.name in _WIDER.get(found.name, ()) else Fit.MISTYPED
        case Array(), Array():
            return suits(wanted.items, found.items)
        case Map(), Map():
            return suits(wanted.values, found.values)
        case Object(), Object():
            return max(_fields(wanted, found), key=list(Fit).index, default=Fit.SAME)
    return Fit.MISTYPED


def _fields(wanted: Object, found: Object) -> Iterator[Fit]:
    there = {field.name: field.type for field in found.fields}
    for field in wanted.fields:
        if field.name in there:
            yield suits(field.type, there[field.name])
        elif field.required:
            yield Fit.MISTYPED


def _described(kind: pa.DataType) -> DataType:
    """An Arrow type in the signature's words."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return _described(kind.value_type)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return Array(_described(kind.value_type))
    if pa.types.is_map(kind):
        return Map(_described(kind.item_type))
    if pa.types.is_struct(kind):
        return Object(
            tuple(Field(kind.field(at).name, _described(kind.field(at).type)) for at in range(kind.num_fields))
        )
    return _scalar(kind)


def _scalar(kind: pa.DataType) -> Scalar:
    import pyarrow as pa

    types = pa.types
    for test, name in (
        (types.is_boolean, "boolean"),
        (lambda k: types.is_integer(k) and (k.bit_width < 32 or types.is_int32(k)), "integer"),
        (lambda k: types.is_integer(k) and not types.is_uint64(k), "long"),
        (lambda k: types.is_float16(k) or types.is_float32(k), "float"),
        (types.is_float64, "double"),
        (lambda k: types.is_string(k) or types.is_large_string(k) or types.is_string_view(k), "string"),
        (lambda k: types.is_binary(k) or types.is_large_binary(k), "binary"),
        (lambda k: types.is_timestamp(k) or types.is_date(k), "datetime"),
    ):
        if test(kind):
            return Scalar(name)  # type: ignore[arg-type] # each is one of Scalar's names
    # Decimals, times, unsigned 64-bit numbers: types for which a signature has no word.
    return Scalar("any")
