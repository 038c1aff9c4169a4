from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest

from gatehouse.errors import NotFound
from tests.evaluate.engines.helpers import query, refused, table, taken

ENGINE = "duckdb:///data/w.db"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with a database in it."""
    (tmp_path / "data").mkdir()
    with duckdb.connect(str(tmp_path / "data/w.db")) as connection:
        connection.execute("CREATE SCHEMA risk")
        connection.execute("CREATE TABLE risk.eval AS SELECT 3 - range AS id, range * 0.5 AS income FROM range(3)")
    return tmp_path


def test_a_table_is_read_by_its_name(root: Path) -> None:
    assert taken(ENGINE, table("risk.eval"), root).to_pydict() == {"id": [3, 2, 1], "income": [0.0, 0.5, 1.0]}
    assert taken(ENGINE, table('risk."eval"'), root).num_rows == 3


def test_a_query_is_read_and_sorted_by_the_id(root: Path) -> None:
    where = query("SELECT * FROM risk.eval WHERE id > 1;\n")
    assert taken(ENGINE, where, root, "id")["id"].to_pylist() == [2, 3]
    commented = query("SELECT * FROM risk.eval -- all of them")
    assert taken(ENGINE, commented, root, "id")["id"].to_pylist() == [1, 2, 3]


def test_a_query_without_an_engine_reads_files_from_the_repositorys_root(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    pq.write_table(pa.table({"a": [1]}), root / "data/one.parquet")
    csv.write_csv(pa.table({"a": [2]}), root / "data/two.csv")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))

    where = query("SELECT a FROM 'data/*.parquet' UNION ALL SELECT a FROM 'data/two.csv' ORDER BY a")

    assert taken("", where, root).to_pydict() == {"a": [1, 2]}


def test_an_absolute_path_of_a_database_is_taken_as_it_is(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    assert taken(f"duckdb:///{root / 'data/w.db'}", table("risk.eval"), elsewhere).num_rows == 3


def test_the_database_is_left_as_it_was(root: Path) -> None:
    before = (root / "data/w.db").read_bytes()
    taken(ENGINE, table("risk.eval"), root, "id")
    assert (root / "data/w.db").read_bytes() == before
    assert [path.name for path in (root / "data").iterdir()] == ["w.db"]


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT * FROM risk.none", "Table with name none does not exist!"),
        ("SELECT nothing FROM risk.eval", 'Referenced column "nothing" not found in FROM clause!'),
        ("SELCT 1", 'syntax error at or near "SELCT"'),
        ("SELECT error('boom')", "boom"),
        ("SELECT * FROM 'none.parquet'", 'No files found that match the pattern "none.parquet"'),
        ("SELECT 'a'::INT AS a", "Could not convert string 'a' to INT32"),
        ("SELECT * FROM 'https://example.com/t.parquet'", "requires the extension httpfs to be loaded"),
    ],
)
def test_what_duckdb_refuses_is_told_in_its_one_sentence(root: Path, sql: str, why: str) -> None:
    error = refused(ENGINE, query(sql), root)
    assert error.message.startswith(f"query {sql}: ")
    assert error.message.endswith(why)
    assert error.fix == "mend `query:` in policy.yaml"


def test_an_error_in_the_middle_of_the_rows_is_told_too(root: Path) -> None:
    sql = "SELECT CASE WHEN range = 900000 THEN error('boom') ELSE range END AS a FROM range(1000000)"
    assert refused("", query(sql), root).message.endswith(": boom")


def test_a_table_that_is_not_there_is_told_by_its_name(root: Path) -> None:
    error = refused(ENGINE, table("risk.none"), root)
    assert error.message == "table risk.none: Table with name none does not exist!"
    assert error.fix == "mend `table:` in policy.yaml"


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM risk.eval",
        "SELECT 1; DROP TABLE risk.eval",
        "COPY risk.eval TO 'data/stolen.csv'",
        "ATTACH 'data/new.db'",
        "INSTALL httpfs",
        "CREATE TABLE t AS SELECT 1",
        "SET autoinstall_known_extensions = true",
        "",
    ],
)
@pytest.mark.parametrize("engine", [ENGINE, ""])
def test_only_one_select_is_run(root: Path, sql: str, engine: str) -> None:
    error = refused(engine, query(sql), root)
    assert error.message.endswith("must be one statement that only reads")
    assert error.fix == "write a SELECT"
    assert sorted(path.name for path in (root / "data").iterdir()) == ["w.db"]


def test_a_database_that_is_not_there_is_not_made(root: Path) -> None:
    error = refused("duckdb:///data/none.db", table("t"), root)
    assert isinstance(error, NotFound)
    assert error.message == "duckdb:///data/none.db: no such database"
    assert not (root / "data/none.db").exists()


def test_a_file_that_is_no_database_is_told(root: Path) -> None:
    (root / "data/words.db").write_text("words " * 9_000)
    error = refused("duckdb:///data/words.db", table("t"), root)
    assert error.message.startswith("duckdb:///data/words.db: cannot be opened as a DuckDB database: ")


def test_a_database_that_somebody_is_writing_to_is_told(root: Path) -> None:
    writes = "import duckdb, sys; held = duckdb.connect('data/w.db'); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", writes], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "held\n"
        said = refused(ENGINE, table("risk.eval"), root)
        writer.communicate()
    assert said.message.startswith(f"{ENGINE}: cannot be opened as a DuckDB database: Could not set lock on file")


def test_an_id_that_the_table_lacks_is_told_with_those_that_it_has(root: Path) -> None:
    error = refused(ENGINE, table("risk.eval"), root, "application_id")
    assert isinstance(error, NotFound)
    assert error.message == "table risk.eval: no column 'application_id', which `id` names"
    assert error.fix == "it has id, income"


def test_an_id_may_have_any_name(root: Path) -> None:
    where = query('SELECT 3 - range AS "a ""b"" c" FROM range(3)')
    assert taken("", where, root, 'a "b" c').to_pydict() == {'a "b" c': [1, 2, 3]}
