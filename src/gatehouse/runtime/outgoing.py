"""What is sent to a model: rows as one plain Arrow record batch."""

from __future__ import annotations

from typing import Any

from gatehouse.errors import GatehouseError
from gatehouse.runtime import wire


class Outgoing:
    """Makes a pyarrow.Table or RecordBatch ready to send. Raises GatehouseError for one too large for one message.

    Schema metadata is dropped, and a dictionary-encoded column becomes what it encodes: a record batch travels without
    its dictionaries, and a model's signature knows no categories.
    """

    def __init__(self) -> None:
        self._plain: Any = None

    def __call__(self, table: Any) -> Any:
        batch = _one_batch(table)
        # Looking at every column takes longer than all the rest of sending a row, so a schema is looked at once.
        if self._plain is None or not batch.schema.equals(self._plain, check_metadata=True):
            batch = _stripped(batch)
            self._plain = batch.schema
        if batch.nbytes > wire.BODY_LIMIT:
            raise _too_large(f"{batch.num_rows:,} rows take {batch.nbytes:,} bytes, more than {wire.BODY_LIMIT:,}")
        return batch


def _one_batch(table: Any) -> Any:
    """The rows of a pyarrow.Table or RecordBatch as one RecordBatch."""
    import pyarrow as pa

    if not isinstance(table, pa.Table):
        return table
    batches = table.to_batches() or [pa.RecordBatch.from_pylist([], schema=table.schema)]
    if len(batches) == 1:
        return batches[0]
    try:
        return pa.concat_batches(batches)
    except pa.ArrowInvalid as error:  # more than 2 GB of text in a column, say
        raise _too_large(f"{table.num_rows:,} rows do not fit one batch: {error}") from error


def _stripped(batch: Any) -> Any:
    """A RecordBatch without metadata and dictionaries."""
    import pyarrow as pa

    for place, field in enumerate(batch.schema):
        if pa.types.is_dictionary(field.type):
            batch = batch.set_column(place, field.name, batch.column(place).cast(field.type.value_type))
    return batch.replace_schema_metadata(None)


def _too_large(what: str) -> GatehouseError:
    return GatehouseError(what, "send fewer rows at a time")
