"""SQL over one table in memory: one SELECT at a time, in a DuckDB that reaches neither files nor network.

What a query may do is what it can undo: it runs in a transaction that is read-only (a SELECT can hide a DELETE) and is
rolled back, within a time and a memory limit. Errors name the place in the query and never quote a value of the table.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from gatehouse.errors import GatehouseError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

IDS = 5
# Errors that speak of the query and the table's columns. Any other may quote a cell: "could not convert 'Ann Smith'".
_SAFE = {"Parser", "Binder", "Catalog", "TransactionContext"}
_UNQUOTED = {
    "Permission": "it reaches for files or the network, which rules cannot",
    "Conversion": "some value cannot be converted",
    "Out of Range": "some number is out of range",
}
_EXPLAIN = "explain "
_CONFIG = {
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "errors_as_json": "true",
    # A sum of floats depends on the order, and several threads have none.
    "threads": "1",
    # What does not fit in memory is refused, and never written to a disk.
    "temp_directory": "",
}
# What answers something else the next time: a verdict is kept under what it rests on, and the day is no part of that.
_FICKLE = re.compile(
    r"\b(?:(?:random|uuid|uuidv4|uuidv7|gen_random_uuid|setseed|now|today|get_current_time|get_current_timestamp"
    r"|transaction_timestamp|current_setting|sleep_ms|write_log)(?=\s*\()"
    r"|current_date|current_time|current_timestamp|localtime|localtimestamp|tablesample|using\s+sample)\b",
    re.IGNORECASE,
)
_TEXT = re.compile(r"'(?:[^']|'')*'")
_LOCKS = ("set enable_external_access = false", "set lock_configuration = true")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one query may take: seconds, and megabytes for table and query together."""

    seconds: float
    memory_mb: int


@dataclass(frozen=True, slots=True)
class Answer:
    """How many rows a query gives and the first ``ids`` among them; ``columns`` are its columns.

    ``figure`` is the number, where the answer is one column and one row that holds one: NaN and infinities as they
    come, None for NULL and for anything else.
    """

    rows: int
    columns: tuple[str, ...]
    ids: tuple[str, ...] = ()
    figure: float | None = None


class Asked:
    """The table ``scored`` and whoever asks about it; a context manager, because it holds the table in memory.

    ``identity`` is the column that names a row for people, None where there is none. Raises GatehouseError where the
    rows do not fit.
    """

    def __init__(
        self, schema: pa.Schema, batches: Iterable[pa.RecordBatch], bounds: Bounds, identity: str | None = None
    ) -> None:
        import duckdb

        self._bounds, self._identity = bounds, identity
        self._connection = duckdb.connect(":memory:", config={**_CONFIG, "memory_limit": f"{bounds.memory_mb}MB"})
        try:
            self._load(schema, batches)
            for lock in _LOCKS:
                self._connection.execute(lock)
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, sql: str) -> Answer:
        """What one SELECT answers. Raises GatehouseError for anything that is not one, does not run, or takes too
        long; the message begins with the place in the query where it is known."""
        with self._told(sql):
            self._only_select(sql)
        with _Limited(self._connection, self._bounds.seconds):
            # Only what is executed says where in the query its fault is; this executes nothing else.
            with self._told(sql, len(_EXPLAIN)):
                self._connection.execute(_EXPLAIN + sql)
            with self._told(sql):
                return self._answer(self._connection.sql(sql))

    @contextmanager
    def _told(self, sql: str, shift: int = 0) -> Iterator[None]:
        """DuckDB's errors as ours; ``shift`` is how far the query was moved by what stands before it."""
        import duckdb

        try:
            yield
        except duckdb.Error as error:
            raise self._refused(error, sql, shift) from None

    def _load(self, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
        import duckdb
        import pyarrow as pa

        kept = _Kept()
        reader = pa.RecordBatchReader.from_batches(schema, kept.through(batches))
        self._connection.register("incoming", reader)
        try:
            self._connection.execute("create table scored as select * from incoming")
        except duckdb.Error as error:
            # What the rows themselves raised comes back from DuckDB as an error of its own.
            raise kept.error or self._refused(error) from error
        self._connection.unregister("incoming")

    def _only_select(self, sql: str) -> None:
        import duckdb

        statements = self._connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            found = " and ".join(statement.type.name for statement in statements) or "nothing"
            raise GatehouseError(f"a rule is one SELECT, and this is {found}", "write one SELECT over `scored`")
        fickle = _FICKLE.search(_TEXT.sub("''", sql))
        if fickle is not None:
            raise GatehouseError(
                f"`{fickle.group()}` would make the same question have another answer the next time",
                "write the day, or the number, into the rule",
            )

    def _answer(self, relation: duckdb.DuckDBPyRelation) -> Answer:
        columns = tuple(relation.columns)
        ((rows,),) = relation.aggregate("count(*)").fetchall()
        figure = _figure(relation.fetchall()) if rows == 1 and len(columns) == 1 else None
        ids = self._ids(relation) if rows else ()
        return Answer(rows, columns, ids, figure)

    def _ids(self, relation: duckdb.DuckDBPyRelation) -> tuple[str, ...]:
        if self._identity is None or self._identity not in relation.columns:
            return ()
        quoted = '"' + self._identity.replace('"', '""') + '"'
        return tuple(str(row[0]) for row in relation.project(quoted).limit(IDS).fetchall())

    def _refused(self, error: duckdb.Error, sql: str = "", shift: int = 0) -> GatehouseError:
        """The error in words that are safe to publish."""
        told = _details(error)
        kind = str(told.get("exception_type", "unknown"))
        if kind == "INTERRUPT":
            return GatehouseError(
                f"took longer than {self._bounds.seconds:g} s and was stopped", "make it simpler, or raise timeout_s"
            )
        if kind == "Out of Memory":
            return GatehouseError(
                f"takes more than {self._bounds.memory_mb} MB",
                "name the columns that the rules read under `columns`, or raise memory_mb",
            )
        said = str(told.get("exception_message", "")) if kind in _SAFE else _UNQUOTED.get(kind, "it fails on some row")
        return GatehouseError(f"{_place(sql, told, shift)}{' '.join(said.split())}", "mend the query")


def answers(
    queries: Sequence[str],
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
    bounds: Bounds,
    identity: str | None = None,
) -> list[Answer | GatehouseError]:
    """Each query's answer from a table of these batches, or its own error. Raises GatehouseError where there is no
    table to ask."""
    found: list[Answer | GatehouseError] = []
    with Asked(schema, batches, bounds, identity) as asked:
        for query in queries:
            try:
                found.append(asked.ask(query))
            except GatehouseError as error:
                found.append(error)
    return found


class _Kept:
    """Remembers what rows raised while another library was drawing them."""

    error: GatehouseError | None = None

    def through(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        try:
            yield from batches
        except GatehouseError as error:
            self.error = error
            raise


class _Limited:
    """A read-only transaction, interrupted when its time is up and rolled back in any case."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, seconds: float) -> None:
        self._connection = connection
        self._timer = threading.Timer(seconds, connection.interrupt)

    def __enter__(self) -> None:
        self._connection.execute("begin transaction read only")
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        # An interrupt that is under way would stop the rollback instead.
        self._timer.join()
        self._connection.execute("rollback")


def _figure(rows: Sequence[Sequence[Any]]) -> float | None:
    from decimal import Decimal

    ((value,),) = rows
    return float(value) if isinstance(value, int | float | Decimal) else None


def _details(error: duckdb.Error) -> dict[str, Any]:
    """DuckDB's own account of an error: its kind, its message, the position in the query."""
    text = str(error)
    try:
        told = json.loads(text[text.index("{") :])
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _place(sql: str, told: dict[str, Any], shift: int) -> str:
    """``line 1, column 15: `` from a byte position; empty where there is none."""
    position = str(told.get("position", ""))
    if not position.isdigit() or not sql:
        return ""
    before = sql.encode()[: int(position) - shift].decode(errors="ignore")
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    return f"line {line}, column {column}: "
