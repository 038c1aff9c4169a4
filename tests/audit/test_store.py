from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatehouse.audit.chain import GENESIS, Link
from gatehouse.audit.record import Record
from gatehouse.audit.sqlite import SqliteStore
from gatehouse.audit.store import Moved, open_store, record_all
from gatehouse.errors import GatehouseError
from tests.support.records import record


def test_a_relative_path_starts_at_the_repository(tmp_path: Path) -> None:
    record_all(open_store("sqlite:///deep/audit.db", tmp_path), [record(1)])
    assert (tmp_path / "deep/audit.db").exists()


def test_an_absolute_path_is_taken_as_it_is(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'here.db'}", Path("/nowhere"))
    assert isinstance(store, SqliteStore)
    assert store.path == tmp_path / "here.db"


@pytest.mark.parametrize("url", ["redis://somewhere", "audit.db", "", "chain:///x"])
def test_an_unknown_scheme_names_those_that_are_supported(url: str) -> None:
    with pytest.raises(GatehouseError) as caught:
        open_store(url, Path())
    assert "no audit store" in caught.value.message
    assert "sqlite:///" in caught.value.fix


@pytest.mark.parametrize("url", ["sqlite:audit.db", "sqlite:///"])
def test_a_url_without_a_path_is_refused(url: str) -> None:
    with pytest.raises(GatehouseError, match="names no file"):
        open_store(url, Path())


class Busy:
    """A store into which somebody else appends between every look and every write, a few times."""

    def __init__(self, store: SqliteStore, times: int) -> None:
        self.store, self.times = store, times

    def head(self) -> str:
        head = self.store.head()
        if self.times:
            self.times -= 1
            self.store.append(record(100 + self.times), head)
        return head

    def append(self, added: Record, expect: str) -> Link:
        return self.store.append(added, expect)

    def read(self, model: str | None = None) -> Iterator[Link]:
        return self.store.read(model)


def test_an_append_that_lost_the_race_is_tried_again(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "audit.db")
    (added,) = record_all(Busy(store, 3), [record(1)])
    assert added.sequence == 4
    assert store.head() == added.hash


def test_an_append_that_always_loses_gives_up_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(Moved, match="100 times"):
        record_all(Busy(SqliteStore(tmp_path / "audit.db"), 100), [record(1)])


def test_appending_after_the_genesis_of_a_chain_that_has_moved_on_is_refused(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "audit.db")
    record_all(store, [record(1)])
    with pytest.raises(Moved):
        store.append(record(2), GENESIS)
