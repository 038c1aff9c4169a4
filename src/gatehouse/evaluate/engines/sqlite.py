"""SQLite, by Python's own module: opened for reading, and let do nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

from gatehouse.errors import GatehouseError, NotFound
from gatehouse.evaluate.engines.asked import Ask, Rows, name

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS = 65_536
_READING = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE})


@contextmanager
def rows(ask: Ask) -> Iterator[Rows]:
    """The answer, streamed. Columns of SQLite have no types, their values do, so a first pass looks at them.

    Raises NotFound for a file or column that is not there, GatehouseError for what SQLite refuses, and for a column
    whose values are of several kinds.
    """
    with closing(_opened(ask)) as connection:
        try:
            columns = [column[0] for column in connection.execute(ask.sql).description]
            schema = _schema(ask, connection, columns)
            cursor = connection.execute(ask.sorted(columns))
        except sqlite3.Error as error:
            raise _refused(ask, error) from error
        yield Rows(schema, _batches(ask, cursor, schema))


def _opened(ask: Ask) -> sqlite3.Connection:
    if not ask.file.is_file():
        raise NotFound(f"{ask.engine}: no such database", "check `engine:` in policy.yaml")
    try:
        connection = sqlite3.connect(f"file:{quote(str(ask.file))}?mode=ro", uri=True, isolation_level=None)
        # Both passes see one state, whoever writes meanwhile.
        connection.execute("BEGIN")
        connection.execute("SELECT 1 FROM sqlite_schema").fetchall()
    except sqlite3.Error as error:
        raise GatehouseError(
            f"{ask.engine}: cannot be opened as an SQLite database: {error}",
            "check `engine:` in policy.yaml, and that fetch may read the file",
        ) from error
    connection.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY)
    return connection


def _schema(ask: Ask, connection: sqlite3.Connection, columns: Sequence[str]) -> pa.Schema:
    import pyarrow as pa

    # By position: an expression's column has no name that can be repeated.
    places = ", ".join(f"c{at}" for at in range(len(columns)))
    kinds = [f"nullif(typeof(c{at}), 'null')" for at in range(len(columns))]
    asked = ", ".join(f"min({kind}), max({kind})" for kind in kinds)
    sql = f"WITH asked({places}) AS (\n{ask.sql}) SELECT {asked} FROM asked"  # noqa: S608 # read-only, see _READING
    found = connection.execute(sql).fetchone()
    return pa.schema(
        [(column, _type(ask, column, found[2 * at], found[2 * at + 1])) for at, column in enumerate(columns)]
    )


def _type(ask: Ask, column: str, first: str | None, last: str | None) -> pa.DataType:
    """The type of a column by the first and last name of its values' kinds: blob, integer, real, text."""
    import pyarrow as pa

    types = {
        (None, None): pa.null(),
        ("integer", "integer"): pa.int64(),
        ("real", "real"): pa.float64(),
        ("integer", "real"): pa.float64(),
        ("text", "text"): pa.string(),
        ("blob", "blob"): pa.binary(),
    }
    if (first, last) not in types:
        raise ask.refused(
            f"column {column!r} holds {first} and {last} values together", f"cast {name(column)} in a `query`"
        )
    return types[first, last]


def _batches(ask: Ask, cursor: sqlite3.Cursor, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    try:
        while read := cursor.fetchmany(_BATCH_ROWS):
            values = zip(*read, strict=True)
            yield pa.record_batch(
                [pa.array(column, kind) for column, kind in zip(values, schema.types, strict=True)], schema=schema
            )
    except sqlite3.Error as error:
        raise _refused(ask, error) from error


def _refused(ask: Ask, error: sqlite3.Error) -> GatehouseError:
    if "authorized" in str(error) or "prohibited" in str(error) or "one statement" in str(error):
        return ask.refused("must be one statement that only reads", "write a SELECT")
    return ask.refused(str(error))
