"""DuckDB: a database file, or files of the repository under a query. Reads only, and downloads no extension."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from gatehouse.errors import GatehouseError, NotFound
from gatehouse.evaluate.engines.asked import Ask, Rows

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_BATCH_ROWS = 65_536
# What sorting may take before it goes to disk.
_MEMORY = "512MB"


@contextmanager
def rows(ask: Ask) -> Iterator[Rows]:
    """The answer, streamed: what does not fit in memory while it is sorted goes to a temporary folder.

    Raises NotFound for a file or column that is not there, GatehouseError for what DuckDB refuses.
    """
    with TemporaryDirectory(prefix="gatehouse-") as spill, _opened(ask, Path(spill)) as connection:
        reader = _answer(ask, connection)
        yield Rows(reader.schema, _guarded(ask, reader))


@contextmanager
def _opened(ask: Ask, spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    if ask.engine and not ask.file.is_file():
        raise NotFound(f"{ask.engine}: no such database", "check `engine:` in policy.yaml")
    config = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "temp_directory": str(spill),
        "memory_limit": _MEMORY,
        # Relative names in a query start at the repository's root, wherever gatehouse was started.
        "file_search_path": str(ask.root),
    }
    try:
        connection = duckdb.connect(str(ask.file) if ask.engine else ":memory:", bool(ask.engine), config)
    except duckdb.Error as error:
        raise GatehouseError(
            f"{ask.engine}: cannot be opened as a DuckDB database: {_why(error)}",
            "check `engine:` in policy.yaml, and that fetch may read the file",
        ) from error
    with connection:
        yield connection


def _answer(ask: Ask, connection: duckdb.DuckDBPyConnection) -> pa.RecordBatchReader:
    import duckdb

    try:
        statements = connection.extract_statements(ask.sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise ask.refused("must be one statement that only reads", "write a SELECT")
        columns = connection.sql(ask.sql).columns
        return connection.sql(ask.sorted(columns)).to_arrow_reader(_BATCH_ROWS)
    except duckdb.Error as error:
        raise ask.refused(_why(error)) from error


def _guarded(ask: Ask, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    import duckdb
    import pyarrow as pa

    try:
        yield from reader
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise ask.refused(_why(error)) from error


def _why(error: Exception) -> str:
    """The sentence alone, without the kind of error in front and the marked line behind."""
    return re.sub(r"^([A-Z][A-Za-z ]*Error: )+", "", str(error).strip()).splitlines()[0]
