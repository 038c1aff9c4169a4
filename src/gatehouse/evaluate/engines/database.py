"""A snapshot of a database's table or query: a Parquet file that *evaluate* reads without network or credentials."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from gatehouse.declare.tables import scheme
from gatehouse.evaluate.engines import plain
from gatehouse.evaluate.engines.asked import Ask, Rows

if TYPE_CHECKING:
    import pyarrow as pa

# Rows a row group, and so rows in memory: thirty columns of doubles are 31 MB.
GROUP_ROWS = 131_072


def snapshot(ask: Ask, target: Path, progress: Callable[[int], None] = lambda _: None) -> None:
    """Writes the answer to ``target``, row group by row group; ``progress`` is told the rows so far.

    The same rows in the same order are the same bytes, with one version of pyarrow. Raises as the database's module
    does: NotFound, Unreachable, GatehouseError.
    """
    import pyarrow.parquet as pq
    import pyarrow.types as types

    with _rows(ask) as rows:
        schema = plain.schema(rows.schema, ask.where.named)
        # A dictionary of measured numbers is as long as they are, and takes most of the time.
        words = [field.name for field in schema if not types.is_floating(field.type)]
        with pq.ParquetWriter(target, schema, use_dictionary=words) as writer:
            written = 0
            for group in _groups(_plain(ask, rows, schema), schema):
                writer.write_table(group, row_group_size=GROUP_ROWS)
                written += group.num_rows
                progress(written)


def _rows(ask: Ask) -> AbstractContextManager[Rows]:
    from gatehouse.evaluate.engines import duck, postgres, sqlite

    return {"postgresql": postgres.rows, "sqlite": sqlite.rows}.get(scheme(ask.engine), duck.rows)(ask)


def _plain(ask: Ask, rows: Rows, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    for batch in rows.batches:
        try:
            yield plain.batch(batch, schema)
        except pa.ArrowException as error:
            raise ask.refused(f"a value does not fit its column: {str(error).splitlines()[0]}") from error


def _groups(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """The same rows in tables of exactly ``GROUP_ROWS``, the last one shorter, whatever the batches' sizes were.

    Each column is one piece of memory, as the writer's pages follow the pieces.
    """
    import pyarrow as pa

    held = schema.empty_table()
    for batch in batches:
        held = pa.concat_tables([held, pa.Table.from_batches([batch])])
        while held.num_rows >= GROUP_ROWS:
            yield held.slice(0, GROUP_ROWS).combine_chunks()
            held = held.slice(GROUP_ROWS)
    if held.num_rows:
        yield held.combine_chunks()
