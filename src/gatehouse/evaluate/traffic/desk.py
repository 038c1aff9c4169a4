"""DuckDB over the logs: joins of millions of rows in bounded memory, what does not fit goes to a temporary folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.traffic.log import Log

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

MEMORY = "600MB"
BATCH_ROWS = 65_536
MICROSECONDS = 1_000_000
HOUR = 3_600 * MICROSECONDS
DAY = 24 * HOUR


class Desk:
    """A connection on which each log is a table under its kind's name. Times are microseconds since 1970."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def keep(self, table: str, query: str, **values: Any) -> None:
        """Keeps a query's answer as a table; ``$name`` in it is one of ``values``."""
        self._connection.execute(f"CREATE TEMP TABLE {table} AS {query}", values or None)

    def row(self, query: str, **values: Any) -> tuple[Any, ...]:
        """The only row of an answer."""
        found = self.rows(query, **values)
        assert len(found) == 1
        return found[0]

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self._connection.execute(query, values or None).fetchall()
        return found

    def batches(self, query: str) -> Iterator[pa.RecordBatch]:
        """A long answer, a batch at a time."""
        yield from self._connection.sql(query).to_arrow_reader(BATCH_ROWS)

    def once(self, table: str) -> int:
        """Leaves the earliest row of each ``id`` in a kept table, by ``ts``: a retry is no second request.

        Returns how many rows went.
        """
        turns = (  # the names are this package's own
            f"SELECT rowid AS place, row_number() OVER (PARTITION BY id ORDER BY ts, rowid) AS turn FROM {table} "  # noqa: S608
            f"WHERE id IN (SELECT id FROM {table} GROUP BY id HAVING count(*) > 1)"
        )
        late = f"SELECT place FROM ({turns}) WHERE turn > 1"  # noqa: S608
        found = self.rows(f"DELETE FROM {table} WHERE rowid IN ({late})")  # noqa: S608
        return int(found[0][0])

    def latest(self, query: str, **values: Any) -> None:
        """Keeps as ``labels`` the latest observation of each ``id`` of a query's ``id``, ``ts`` and ``label``: its
        smallest and largest label ``lo`` and ``hi``, which are one where nothing contradicts it.

        Hardly any id is observed twice, so that only those are grouped by time.
        """
        self.keep("observations", query, **values)
        self.keep("twice", "SELECT id FROM observations GROUP BY id HAVING count(*) > 1")
        self.keep(
            "labels",
            "SELECT id, label AS lo, label AS hi FROM observations WHERE id NOT IN (SELECT id FROM twice) "
            "UNION ALL SELECT id, arg_max(lo, ts), arg_max(hi, ts) FROM ("
            "SELECT id, ts, min(label) AS lo, max(label) AS hi FROM observations "
            "WHERE id IN (SELECT id FROM twice) GROUP BY id, ts) GROUP BY id",
        )


@contextmanager
def desk(logs: Sequence[Log]) -> Iterator[Desk]:
    """Raises GatehouseError for a log that does not read though its footers do."""
    import duckdb
    import pyarrow as pa

    with TemporaryDirectory(prefix="gatehouse-") as spill:
        config: dict[str, Any] = {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": MEMORY,
            "temp_directory": spill,
        }
        with duckdb.connect(":memory:", config=config) as connection:
            for log in logs:
                connection.register(log.kind.name, log.dataset())
            try:
                yield Desk(connection)
            except (duckdb.Error, pa.ArrowException, OSError) as error:
                raise _unreadable(logs, error) from error


def _unreadable(logs: Sequence[Log], error: Exception) -> GatehouseError:
    """Names the file that is damaged behind its footer; only where something went wrong is every file read for it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for log in logs:
        for file in log.files:
            try:
                with pq.ParquetFile(file) as opened:
                    for _ in opened.iter_batches():
                        pass
            except (pa.ArrowException, OSError):
                return GatehouseError(
                    f"{log.kind.name}/{file.name}: does not read, though its footer does",
                    "take the damaged file out of the log, or write it again",
                )
    why = str(error).splitlines()[0]
    return GatehouseError(f"the log of live traffic cannot be judged: {why}", "report it; every file of it reads")
