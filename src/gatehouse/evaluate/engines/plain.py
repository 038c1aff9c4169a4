"""Column types of databases as those that tables of files have: one kind of number, one kind of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.engines.asked import name

if TYPE_CHECKING:
    import pyarrow as pa


def schema(found: pa.Schema, named: str) -> pa.Schema:
    """The schema that a snapshot has: the names as they are, plain types, and nothing of the driver's own notes.

    NUMERIC and DECIMAL become doubles, since models and statistics count in doubles; enumerations, UUID and JSON become
    text; moments with a zone are told in UTC. Raises GatehouseError for two columns of one name, and for a type that
    would lose its meaning (an interval, money, an address): the query says how it is to be read.
    """
    import pyarrow as pa

    twice = next((column for column in found.names if found.names.count(column) > 1), None)
    if twice is not None:
        raise GatehouseError(f"{named}: two columns are called {twice!r}", "name the columns in a `query`, each once")
    return pa.schema([(field.name, _plain(field, named)) for field in found])


def batch(found: pa.RecordBatch, wanted: pa.Schema) -> pa.RecordBatch:
    """The rows with the types that ``schema`` made of theirs. Raises pyarrow's errors for a value that does not fit."""
    import pyarrow as pa

    columns = [
        _storage(column).cast(field.type) for column, field in zip(found.columns, wanted, strict=True)
    ]  # fmt: skip
    return pa.record_batch(columns, schema=wanted)


def _plain(field: pa.Field, named: str) -> pa.DataType:
    import pyarrow as pa
    import pyarrow.types as types

    kind = field.type
    if getattr(kind, "extension_name", "") in ("arrow.uuid", "arrow.json") or _is_text(kind):
        return pa.string()
    if types.is_decimal(kind) or getattr(kind, "type_name", "") == "numeric":
        return pa.float64()
    if types.is_timestamp(kind) and kind.tz is not None:
        return pa.timestamp(kind.unit, "UTC")
    # Money comes as a number of cents, an interval as months and days: neither is the number that it looks like.
    odd = isinstance(kind, pa.BaseExtensionType) or types.is_interval(kind) or types.is_duration(kind)
    if odd or (field.metadata or {}).get(b"POSTGRESQL:type") == b"money":
        told = getattr(kind, "type_name", "") or (field.metadata or {}).get(b"POSTGRESQL:type", b"").decode() or kind
        raise GatehouseError(
            f"{named}: column {field.name!r} is of type {told}, which no model takes",
            f"cast {name(field.name)} in a `query`, or leave it out",
        )
    return kind


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow.types as types

    if types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _storage(column: pa.Array) -> pa.Array:
    """What an extension type is stored as; a UUID is stored as 16 bytes, and is read as text."""
    import pyarrow as pa

    if getattr(column.type, "extension_name", "") == "arrow.uuid":
        return pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())
    return column.storage if isinstance(column.type, pa.BaseExtensionType) else column
