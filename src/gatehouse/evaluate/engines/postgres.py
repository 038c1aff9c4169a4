"""PostgreSQL through ADBC: rows come as Arrow batches, in a transaction that can only read.

Who fetch is comes from libpq's environment (PGUSER, PGPASSWORD, PGPASSFILE, PGSSLMODE …); no secret stands in a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gatehouse.errors import GatehouseError, Unreachable
from gatehouse.evaluate.engines.asked import Ask, Rows

if TYPE_CHECKING:
    import pyarrow as pa
    from adbc_driver_postgresql.dbapi import Connection

# SQLSTATE classes and codes: the server is gone, starting, stopping or full; all pass by themselves.
_PASSING = ("08", "57P", "53")
_READ_ONLY, _FORBIDDEN = "25006", "42501"
_GONE = re.compile("server closed the connection|terminating connection|no connection to the server|SSL SYSCALL error")
_BUSY = re.compile("starting up|shutting down|too many clients|too many connections|remaining connection slots")


@contextmanager
def rows(ask: Ask) -> Iterator[Rows]:
    """The answer, streamed by the server's binary COPY, of one state of the database.

    Raises Unreachable where no server answers, or it goes away on the way, NotFound for a column that is not there,
    GatehouseError for what it refuses, and where the driver is not installed.
    """
    with _opened(ask) as connection, connection.cursor() as cursor:
        try:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            columns = cursor.adbc_execute_schema(ask.sql).names
            cursor.execute(ask.sorted(columns))
            reader = cursor.fetch_record_batch()
        except _errors() as error:
            raise _refused(ask, error) from error
        yield Rows(reader.schema, _guarded(ask, reader))


@contextmanager
def _opened(ask: Ask) -> Iterator[Connection]:
    try:
        from adbc_driver_postgresql import dbapi
    except ImportError as error:
        raise GatehouseError(
            f"{ask.engine}: no driver for PostgreSQL is installed", "install it: pip install 'gatehouse[postgres]'"
        ) from error
    try:
        connection = dbapi.connect(ask.engine)
    except _errors() as error:
        raise _unopened(ask.engine, str(error)) from error
    with connection:
        yield connection


def _guarded(ask: Ask, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    try:
        yield from reader
    except _errors() as error:
        raise _refused(ask, error) from error


def _errors() -> tuple[type[Exception], ...]:
    import adbc_driver_manager
    import pyarrow as pa

    return adbc_driver_manager.Error, pa.ArrowException, OSError


def _unopened(engine: str, text: str) -> GatehouseError:
    """A server that said FATAL has answered, and will say the same again, unless it is only busy."""
    why = text.strip().splitlines()[0].rpartition("failed: ")[2].removeprefix("FATAL:").strip()
    if ("FATAL:" in text or "no password" in text) and not _BUSY.search(text):
        fix = "check `engine:` in policy.yaml, and PGUSER and PGPASSWORD (or PGPASSFILE) where fetch runs"
        return GatehouseError(f"{engine}: the server lets nobody in: {why}", fix)
    return Unreachable(f"{engine}: the database does not answer: {why}", "try again when it does, or check `engine:`")


def _refused(ask: Ask, error: Exception) -> GatehouseError:
    code, why = _code(error), _why(error)
    if code.startswith(_PASSING) or _GONE.search(str(error)):
        return Unreachable(f"{ask.where.named}: the database went away: {why}", "try again when it is back")
    if code == _READ_ONLY or "cannot insert multiple commands" in why:
        return ask.refused("must be one statement that only reads", "write a SELECT")
    if code == _FORBIDDEN:
        return ask.refused(why, "grant SELECT on it to the role that fetch uses")
    return ask.refused(why)


def _code(error: Exception) -> str:
    """The SQLSTATE; errors that come out of the stream of rows carry it in their text alone."""
    found = re.search(r"SQLSTATE: (\w{5})", str(error))
    return getattr(error, "sqlstate", None) or (found[1] if found else "")


def _why(error: Exception) -> str:
    """The server's sentence alone."""
    found = re.search(r"(?:ERROR|FATAL):\s+(.*)", str(error))
    return found[1] if found else str(error).strip().splitlines()[0]
