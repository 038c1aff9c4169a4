"""Records in a SQLite file: ``sqlite:///relative/to/the/repository.db`` or ``sqlite:////absolute.db``.

Triggers refuse every change but an append, so that a mistake cannot rewrite the past; against somebody who owns the
file they are no protection, and that is what the hash chain is for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import msgspec

from gatehouse.audit.chain import GENESIS, Link, link
from gatehouse.audit.record import Record
from gatehouse.audit.store import Moved
from gatehouse.errors import GatehouseError, Unreachable

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    sequence INTEGER PRIMARY KEY,
    previous TEXT NOT NULL,
    hash     TEXT NOT NULL UNIQUE,
    record   TEXT NOT NULL,
    -- Read from the record itself, so that neither can say something that the chain does not.
    key      TEXT NOT NULL GENERATED ALWAYS AS (json_extract(record, '$.key')) VIRTUAL UNIQUE,
    model    TEXT NOT NULL GENERATED ALWAYS AS (json_extract(record, '$.slot.model')) VIRTUAL
);
CREATE INDEX IF NOT EXISTS records_model ON records (model);
CREATE TRIGGER IF NOT EXISTS records_no_update BEFORE UPDATE ON records
BEGIN SELECT RAISE(ABORT, 'audit records are append-only'); END;
CREATE TRIGGER IF NOT EXISTS records_no_delete BEFORE DELETE ON records
BEGIN SELECT RAISE(ABORT, 'audit records are append-only'); END;
-- INSERT OR REPLACE deletes without firing a delete trigger, so an insert may only be the next link, under a new key.
CREATE TRIGGER IF NOT EXISTS records_next_only BEFORE INSERT ON records
WHEN NEW.sequence IS NOT (SELECT coalesce(max(sequence), 0) + 1 FROM records)
    OR NEW.previous IS NOT coalesce((SELECT hash FROM records ORDER BY sequence DESC LIMIT 1), '{genesis}')
    OR EXISTS (SELECT 1 FROM records WHERE key = json_extract(NEW.record, '$.key') OR hash = NEW.hash)
BEGIN SELECT RAISE(ABORT, 'audit records are append-only'); END;
""".replace("{genesis}", GENESIS)
_COLUMNS = "sequence, previous, hash, record"
# Long enough for any queue of writers that a person would wait for.
_PATIENCE_S = 30.0


def connect(url: str, root: Path) -> SqliteStore:
    """The store in the file that the URL names. Raises GatehouseError for a URL without a path."""
    path = url.removeprefix("sqlite:///")
    if path == url or not path:
        raise GatehouseError(
            f"promotions/stages.yaml: audit: {url!r} names no file",
            "write sqlite:///audit.db, or sqlite:////absolute/audit.db",
        )
    return SqliteStore(root / path)


class SqliteStore:
    """A Store in one file, made at the first append; many processes may write at the same time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def head(self) -> str:
        with self._open() as database:
            return _head(database)[1]

    def append(self, record: Record, expect: str) -> Link:
        with self._open(write=True) as database:
            # Takes the write lock before it reads, so that nobody can append between the comparison and the insert.
            database.execute("BEGIN IMMEDIATE")
            found = database.execute(f"SELECT {_COLUMNS} FROM records WHERE key = ?", (record.key,)).fetchone()  # noqa: S608, a constant
            if found:
                database.execute("ROLLBACK")
                return _link(found)
            sequence, head = _head(database)
            if head != expect:
                database.execute("ROLLBACK")
                raise Moved(
                    f"the head of {self.path} is {head[:12]}, not {expect[:12]}", "read the head, and try again"
                )
            added = link(record, sequence + 1, head)
            row = (added.sequence, head, added.hash, bytes(added.record).decode())
            database.execute(f"INSERT INTO records ({_COLUMNS}) VALUES (?, ?, ?, ?)", row)  # noqa: S608, a constant
            database.execute("COMMIT")
            return added

    def read(self, model: str | None = None) -> Iterator[Link]:
        where, values = ("WHERE model = ?", (model,)) if model else ("", ())
        with self._open() as database:
            rows = database.execute(f"SELECT {_COLUMNS} FROM records {where} ORDER BY sequence", values).fetchall()  # noqa: S608, constants
        yield from map(_link, rows)

    @contextmanager
    def _open(self, *, write: bool = False) -> Iterator[sqlite3.Connection]:
        """A connection for one call: cheap, and free of any thread's or fork's state. Reading creates no file."""
        name = self.path if write or self.path.exists() else ":memory:"
        try:
            if write:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(name, timeout=_PATIENCE_S, isolation_level=None)) as database:
                if write:
                    _write_ahead(database)
                    database.execute("PRAGMA synchronous = FULL")
                    database.executescript(_SCHEMA)
                elif not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'records'").fetchone():
                    # No file yet, or one whose first writer has not come to its tables.
                    database.execute("CREATE TEMP TABLE records (sequence, previous, hash, record, key, model)")
                yield database
        except (sqlite3.Error, OSError) as error:
            raise Unreachable(
                f"the audit store {self.path} cannot be used: {error}", "check the file and its permissions"
            ) from error


def _head(database: sqlite3.Connection) -> tuple[int, str]:
    row = database.execute("SELECT sequence, hash FROM records ORDER BY sequence DESC LIMIT 1").fetchone()
    return row or (0, GENESIS)


def _write_ahead(database: sqlite3.Connection) -> None:
    """Switches to a write-ahead log, once in the file's life: readers then never wait for a writer."""
    if database.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        # The switch does not wait for a lock by itself; a transaction of another writer may be under way.
        with suppress(sqlite3.OperationalError):
            database.execute("PRAGMA journal_mode = WAL")


def _link(row: tuple[int, str, str, str]) -> Link:
    sequence, previous, hashed, record = row
    return Link(sequence, previous, hashed, msgspec.Raw(record.encode()))
