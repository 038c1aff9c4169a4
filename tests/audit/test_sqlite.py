from __future__ import annotations

import multiprocessing
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gatehouse.audit.chain import GENESIS, verify
from gatehouse.audit.sqlite import SqliteStore
from gatehouse.audit.store import record_all
from gatehouse.errors import Unreachable
from tests.support.records import record


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path / "audit.db")


def test_records_come_back_as_they_were_written_oldest_first(store: SqliteStore) -> None:
    links = record_all(store, [record(1), record(2), record(3)])
    assert list(store.read()) == links
    assert [found.content.key for found in links] == [record(number).key for number in (1, 2, 3)]
    assert store.head() == links[-1].hash
    assert verify(store.read(), [store.head()]) is None


def test_reading_a_store_that_is_not_there_finds_nothing_and_makes_no_file(store: SqliteStore) -> None:
    assert store.head() == GENESIS
    assert list(store.read()) == []
    assert not store.path.exists()


def test_the_same_key_twice_writes_one_record_and_returns_the_first(store: SqliteStore) -> None:
    first, second = record_all(store, [record(1), record(1)])
    assert first == second
    assert len(list(store.read())) == 1


def test_the_records_of_one_model_are_read_by_its_name(store: SqliteStore) -> None:
    record_all(store, [record(1), record(2, "churn"), record(3)])
    assert [found.sequence for found in store.read("credit-risk")] == [1, 3]
    assert list(store.read("nobody")) == []


ATTACKS = [
    "UPDATE records SET record = '{}' WHERE sequence = 1",
    "UPDATE records SET hash = 'x'",
    "DELETE FROM records",
    "DELETE FROM records WHERE sequence = 2",
    "INSERT OR REPLACE INTO records (sequence, previous, hash, record) VALUES (1, 'p', 'h', '{}')",
    "INSERT OR REPLACE INTO records (sequence, previous, hash, record) "
    "SELECT 3, hash, 'h', record FROM records WHERE sequence = 2",
    "INSERT INTO records (sequence, previous, hash, record) SELECT 4, hash, 'h', '{}' FROM records WHERE sequence = 2",
    "INSERT INTO records (sequence, previous, hash, record) SELECT 3, 'p', 'h', '{}' FROM records WHERE sequence = 2",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_database_itself_refuses_everything_but_the_next_record(store: SqliteStore, attack: str) -> None:
    before = record_all(store, [record(1), record(2)])
    with (
        closing(sqlite3.connect(store.path)) as database,
        pytest.raises(sqlite3.IntegrityError, match=r"append-only|NOT NULL"),
    ):
        database.execute(attack)
    assert list(store.read()) == before


def unlocked(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None)
    for trigger in ("records_no_update", "records_no_delete", "records_next_only"):
        database.execute(f"DROP TRIGGER {trigger}")
    return database


@pytest.mark.parametrize(
    ("attack", "first_bad"),
    [
        ("UPDATE records SET record = replace(record, 'Ada', 'Eve') WHERE sequence = 2", 2),
        ("DELETE FROM records WHERE sequence = 2", 2),
        ("DELETE FROM records WHERE sequence = 4", 4),
        ("UPDATE records SET sequence = CASE sequence WHEN 2 THEN -3 ELSE -2 END WHERE sequence IN (2, 3);"
         "UPDATE records SET sequence = -sequence WHERE sequence < 0", 2),
    ],
    ids=["edit", "delete", "truncate", "reorder"],
)  # fmt: skip
def test_what_the_owner_of_the_file_changes_is_found(store: SqliteStore, attack: str, first_bad: int) -> None:
    head = record_all(store, [record(number) for number in (1, 2, 3, 4)])[-1].hash
    with closing(unlocked(store.path)) as database:
        database.executescript(attack)
    broken = verify(store.read(), [head])
    assert broken is not None
    assert broken.sequence == first_bad


def append_some(path: Path, writer: int) -> None:
    record_all(SqliteStore(path), [record(writer * 100 + number) for number in range(1, 6)])


def test_writers_at_the_same_time_make_one_chain(store: SqliteStore) -> None:
    spawn = multiprocessing.get_context("fork")
    writers = [spawn.Process(target=append_some, args=(store.path, writer)) for writer in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0] * 4
    links = list(store.read())
    assert len({found.content.key for found in links}) == 20
    assert verify(links) is None


def test_a_file_that_is_no_database_is_a_clear_error(store: SqliteStore) -> None:
    store.path.write_text("not a database, " * 100)
    with pytest.raises(Unreachable, match="cannot be used"):
        store.head()
