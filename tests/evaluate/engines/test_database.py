"""A snapshot is one plain Parquet file: the same rows in the same order are the same bytes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gatehouse.evaluate.engines import plain
from gatehouse.evaluate.engines.asked import Ask
from gatehouse.evaluate.engines.database import GROUP_ROWS, snapshot
from gatehouse.registry.digest import file_digest
from tests.evaluate.engines.helpers import query, refused, table, taken


@pytest.mark.parametrize(
    ("rows", "groups"),
    [
        (0, []),
        (1, [1]),
        (GROUP_ROWS, [GROUP_ROWS]),
        (GROUP_ROWS + 1, [GROUP_ROWS, 1]),
        (2 * GROUP_ROWS + 5, [GROUP_ROWS, GROUP_ROWS, 5]),
    ],
)
def test_row_groups_are_of_one_size_and_progress_tells_the_rows_so_far(
    tmp_path: Path, rows: int, groups: list[int]
) -> None:
    said: list[int] = []
    read = taken("", query(f"SELECT range AS a FROM range({rows})"), tmp_path, progress=said.append)
    found = pq.ParquetFile(tmp_path / "snapshot.parquet").metadata
    assert [found.row_group(at).num_rows for at in range(found.num_row_groups)] == groups
    assert said == [sum(groups[: at + 1]) for at in range(len(groups))]
    assert read["a"].to_pylist() == list(range(rows))


def test_the_same_rows_have_the_same_digest_however_the_database_keeps_them(tmp_path: Path) -> None:
    def digest(rows: list[tuple[int, float]], order: str | None) -> str:
        (tmp_path / "w.sqlite").unlink(missing_ok=True)
        with closing(sqlite3.connect(tmp_path / "w.sqlite")) as connection, connection:
            connection.execute("CREATE TABLE t (id INTEGER, x REAL)")
            connection.executemany("INSERT INTO t VALUES (?, ?)", rows)
        taken("sqlite:///w.sqlite", table("t"), tmp_path, order)
        return file_digest(tmp_path / "snapshot.parquet")

    rows = [(at, at * 0.5) for at in range(100)]
    assert digest(rows, "id") == digest(rows[::-1], "id")
    assert digest(rows, None) != digest(rows[::-1], None)
    assert digest(rows, "id") != digest([*rows[:-1], (99, 0.0)], "id")


def test_every_database_gives_the_same_rows_the_same_digest(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "w.sqlite")) as connection, connection:
        connection.execute("CREATE TABLE t (id INTEGER, x REAL, s TEXT)")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", [(at, at / 3, f"s{at % 7}") for at in range(200_000)])
    snapshot(Ask("sqlite:///w.sqlite", table("t"), "id", tmp_path), tmp_path / "sqlite.parquet")
    duck = query("SELECT range AS id, range / 3 AS x, concat('s', range % 7) AS s FROM range(200000)")
    snapshot(Ask("", duck, "id", tmp_path), tmp_path / "duck.parquet")
    assert file_digest(tmp_path / "sqlite.parquet") == file_digest(tmp_path / "duck.parquet")


def test_types_become_those_of_files(tmp_path: Path) -> None:
    sql = """SELECT 1.25::DECIMAL(10, 2) AS price, 7::HUGEINT AS huge, 'x'::ENUM('x', 'y') AS kind,
      uuid() AS key, '{"a": 1}'::JSON AS extra, TIMESTAMPTZ '2026-01-01 10:00:00+02' AS moment,
      DATE '2026-01-01' AS day, true AS yes, 'NaN'::DOUBLE AS nan, NULL AS none, [1, 2] AS list, 3::TINYINT AS small"""
    read = taken("", query(sql), tmp_path)
    kinds = dict(zip(read.schema.names, map(str, read.schema.types), strict=True))
    assert (kinds["price"], kinds["huge"], kinds["kind"], kinds["key"], kinds["extra"]) == (
        "double", "double", "string", "string", "string",
    )  # fmt: skip
    assert kinds["moment"] == "timestamp[us, tz=UTC]"
    assert (kinds["day"], kinds["yes"], kinds["small"]) == ("date32[day]", "bool", "int8")
    row = read.to_pylist()[0]
    assert (row["price"], row["huge"], row["kind"], row["none"], row["list"]) == (1.25, 7.0, "x", None, [1, 2])
    assert row["moment"].isoformat() == "2026-01-01T08:00:00+00:00"
    assert row["nan"] != row["nan"]


def test_nan_and_null_stay_two_things(tmp_path: Path) -> None:
    read = taken("", query("SELECT unnest(['NaN'::DOUBLE, NULL, 1.5]) AS x"), tmp_path)
    assert read["x"].null_count == 1
    assert [value != value for value in read["x"].drop_null().to_pylist()] == [True, False]


def test_a_type_that_would_lose_its_meaning_is_refused_by_its_columns_name(tmp_path: Path) -> None:
    error = refused("", query("SELECT INTERVAL 1 DAY AS age"), tmp_path)
    assert "column 'age' is of type month_day_nano_interval, which no model takes" in error.message
    assert error.fix == 'cast "age" in a `query`, or leave it out'


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(Exception, match="query q: two columns are called 'a'"):
        plain.schema(pa.schema([("a", pa.int64()), ("b", pa.int64()), ("a", pa.int64())]), "query q")


def test_a_value_that_does_not_fit_its_column_raises() -> None:
    held = pa.record_batch({"a": pa.array(["words"])})
    with pytest.raises(pa.ArrowInvalid):
        plain.batch(held, pa.schema([("a", pa.float64())]))
