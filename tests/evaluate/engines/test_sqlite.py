from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest

from gatehouse.errors import NotFound
from tests.evaluate.engines.helpers import query, refused, table, taken

ENGINE = "sqlite:///w.sqlite"


def write(root: Path, *statements: str) -> None:
    with closing(sqlite3.connect(root / "w.sqlite")) as connection, connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(
        tmp_path,
        "CREATE TABLE eval (id INTEGER, income, region TEXT, photo BLOB, none)",
        "INSERT INTO eval VALUES (2, 1, 'north', x'00ff', NULL), (1, 2.5, NULL, NULL, NULL)",
    )
    return tmp_path


def test_columns_have_the_type_that_all_of_their_values_have(root: Path) -> None:
    read = taken(ENGINE, table("eval"), root)
    assert read.schema.types == [pa.int64(), pa.float64(), pa.string(), pa.binary(), pa.null()]
    assert read.to_pydict() == {
        "id": [2, 1],
        "income": [1.0, 2.5],
        "region": ["north", None],
        "photo": [b"\x00\xff", None],
        "none": [None, None],
    }


def test_a_query_is_read_and_sorted_by_the_id(root: Path) -> None:
    assert taken(ENGINE, query("SELECT id FROM eval;"), root, "id").to_pydict() == {"id": [1, 2]}
    assert taken(ENGINE, query("SELECT id, 1 + 1 FROM eval -- why"), root, "id").to_pydict() == {
        "id": [1, 2],
        "1 + 1": [2, 2],
    }


def test_a_value_far_behind_counts_for_the_type_of_its_column(root: Path) -> None:
    write(
        root,
        "CREATE TABLE long AS WITH RECURSIVE n(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM n WHERE a < 200000) "
        "SELECT a FROM n",
        "UPDATE long SET a = 0.5 WHERE a = 200000",
    )
    read = taken(ENGINE, table("long"), root)
    assert read.schema.types == [pa.float64()]
    assert read["a"][199_999].as_py() == 0.5


def test_numbers_and_words_in_one_column_are_refused_by_its_name(root: Path) -> None:
    write(root, "INSERT INTO eval (id, income) VALUES (3, 'plenty')")
    error = refused(ENGINE, table("eval"), root)
    assert error.message == "table eval: column 'income' holds integer and text values together"
    assert error.fix == 'cast "income" in a `query`'
    assert taken(ENGINE, query("SELECT CAST(income AS REAL) AS income FROM eval"), root)["income"].to_pylist() == [
        1.0,
        2.5,
        0.0,
    ]


@pytest.mark.parametrize("pair", [("1", "x'00'"), ("0.5", "x'00'"), ("x'00'", "'a'"), ("0.5", "'a'"), ("1", "'a'")])
def test_no_two_kinds_meet_but_two_of_numbers(root: Path, pair: tuple[str, str]) -> None:
    def sql(one: str, other: str) -> str:
        return f"SELECT NULL AS a UNION ALL SELECT {one} UNION ALL SELECT {other}"

    for values in (pair, pair[::-1]):
        assert "column 'a' holds" in refused(ENGINE, query(sql(*values)), root).message
    assert taken(ENGINE, query(sql("1", "0.5")), root).to_pydict() == {"a": [None, 1.0, 0.5]}


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT * FROM none_such", "no such table: none_such"),
        ("SELECT age FROM eval", "no such column: age"),
        ("SELCT 1", 'near "SELCT": syntax error'),
        ("SELECT abs(-9223372036854775808) AS a", "integer overflow"),
    ],
)
def test_what_sqlite_refuses_is_told_in_its_one_sentence(root: Path, sql: str, why: str) -> None:
    error = refused(ENGINE, query(sql), root)
    assert error.message == f"query {sql}: {why}"
    assert error.fix == "mend `query:` in policy.yaml"


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM eval",
        "INSERT INTO eval (id) VALUES (9) RETURNING id",
        "DROP TABLE eval",
        "SELECT 1; DELETE FROM eval",
        "ATTACH 'other.sqlite' AS other",
        "PRAGMA query_only = 0",
        "COMMIT",
    ],
)
def test_only_one_select_is_run(root: Path, sql: str) -> None:
    before = (root / "w.sqlite").read_bytes()
    error = refused(ENGINE, query(sql), root)
    assert error.message.endswith("must be one statement that only reads")
    assert (root / "w.sqlite").read_bytes() == before
    assert not (root / "other.sqlite").exists()


def test_a_database_that_is_not_there_is_not_made(root: Path) -> None:
    error = refused("sqlite:///none.sqlite", table("eval"), root)
    assert isinstance(error, NotFound)
    assert error.message == "sqlite:///none.sqlite: no such database"
    assert not (root / "none.sqlite").exists()


def test_a_file_that_is_no_database_is_told(root: Path) -> None:
    (root / "words.sqlite").write_text("words " * 1_000)
    error = refused("sqlite:///words.sqlite", table("eval"), root)
    assert error.message.endswith("cannot be opened as an SQLite database: file is not a database")


def test_a_path_with_odd_characters_is_a_path(root: Path) -> None:
    (root / "w.sqlite").rename(root / "w? mode=rwc#%20.sqlite")
    assert taken("sqlite:///w? mode=rwc#%20.sqlite", table("eval"), root).num_rows == 2


def test_an_id_that_the_table_lacks_is_told_with_those_that_it_has(root: Path) -> None:
    error = refused(ENGINE, table("eval"), root, "application_id")
    assert isinstance(error, NotFound)
    assert error.message == "table eval: no column 'application_id', which `id` names"
    assert error.fix == "it has id, income, region, photo, none"
