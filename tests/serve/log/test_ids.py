"""Request ids and file names: in order of time, also where the clock goes backwards."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from gatehouse.serve.log.ids import Ids, row_id
from gatehouse.serve.log.names import Names, here, host, stamped

NOW = 1_772_438_400_123_456_789


def test_an_id_is_a_uuid_of_version_7_that_tells_its_time() -> None:
    made = uuid.UUID(Ids(lambda: NOW).new())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == NOW // 1_000_000
    # The fraction of the millisecond, in 4096ths (RFC 9562, section 6.2, method 3).
    assert (made.int >> 64) & 0xFFF == 456_789 * 4096 // 1_000_000


def test_ids_are_in_order_though_the_clock_stands_still_or_goes_backwards() -> None:
    clock = iter([NOW, NOW, NOW, NOW - 10**12, NOW + 10**6, NOW + 10**6 - 1])
    ids = Ids(lambda: next(clock))
    made = [ids.new() for _ in range(6)]
    assert made == sorted(set(made))


def test_ids_of_many_threads_are_all_different() -> None:
    ids = Ids(lambda: NOW)
    made: list[str] = []

    def make() -> None:
        made.extend(ids.new() for _ in range(2_000))

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8_000


def test_two_processes_at_the_same_moment_make_different_ids() -> None:
    assert Ids(lambda: NOW).new() != Ids(lambda: NOW).new()


@pytest.mark.parametrize("given", ["a", "order-17/3", "x" * 128, "!~"])
def test_a_callers_id_is_kept_where_it_is_fit_for_a_log(given: str) -> None:
    assert Ids().of(given) == given


@pytest.mark.parametrize("given", [None, "", "x" * 129, "a b", "a\n", "a\x00", "é", "\x7f", "\ud800"])
def test_any_other_gets_an_id_of_ours(given: str | None) -> None:
    assert uuid.UUID(Ids().of(given)).version == 7


def test_a_request_of_one_row_is_its_own_id_and_of_several_each_row_has_one() -> None:
    assert row_id("r", 0, 1) == "r"
    assert [row_id("r", at, 2) for at in range(2)] == ["r.0", "r.1"]


def test_file_names_sort_by_time_though_the_clock_goes_backwards() -> None:
    clock = iter([NOW, NOW, NOW - 10**15, NOW + 10**9])
    names = Names(lambda: next(clock))
    made = [names.next() for _ in range(4)]
    assert made == sorted(set(made))
    assert stamped(f"{made[0]}.parquet") == datetime.fromtimestamp(NOW // 10**9, UTC) + timedelta(microseconds=123_456)
    assert host(f".{made[0]}.journal") == here()


def test_two_writers_at_the_same_moment_give_different_names() -> None:
    assert Names(lambda: NOW).next() != Names(lambda: NOW).next()


@pytest.mark.parametrize("name", ["1.parquet", "", ".x.tmp", f"20261399T000000000000Z-00000000-{'0' * 16}.parquet"])
def test_a_name_of_another_making_tells_no_time(name: str) -> None:
    assert stamped(name) is None
