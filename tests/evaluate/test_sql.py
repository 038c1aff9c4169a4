"""Rules are somebody's text: what they cannot do is tried here, on a real DuckDB."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.sql import IDS, Answer, Asked, Bounds, answers

BOUNDS = Bounds(seconds=20, memory_mb=200)
PERSON = "Ann Smith"


def batch(**more: Any) -> pa.RecordBatch:
    columns = {"id": ["a1", "a2", "a3"], "age": [17, 30, None], "name": [PERSON, "Bo", "Cy"], "score": [0.1, 0.5, 0.9]}
    return pa.RecordBatch.from_pydict({**columns, **more})


@pytest.fixture(scope="module")
def asked() -> Iterator[Asked]:
    rows = batch()
    with Asked(rows.schema, [rows.slice(0, 1), rows.slice(1)], BOUNDS, "id") as table:
        yield table


def refused(asked: Asked, query: str) -> GatehouseError:
    with pytest.raises(GatehouseError) as raised:
        asked.ask(query)
    return raised.value


@pytest.mark.parametrize(
    ("query", "rows", "ids"),
    [
        ("select * from scored where age < 18", 1, ("a1",)),
        ("select * from scored where age < 17", 0, ()),
        ("select * from scored;", 3, ("a1", "a2", "a3")),
        ("from scored order by id desc", 3, ("a3", "a2", "a1")),
        ("select name from scored", 3, ()),
        ("with old as (select * from scored where age >= 30) select * from old -- done", 1, ("a2",)),
        ("select a.id from scored a join scored b using (id)", 3, ("a1", "a2", "a3")),
        ("(select id from scored where score > 0.5)", 1, ("a3",)),
    ],
)
def test_rows_are_counted_and_called_by_their_id(asked: Asked, query: str, rows: int, ids: tuple[str, ...]) -> None:
    found = asked.ask(query)
    assert (found.rows, tuple(sorted(found.ids))) == (rows, tuple(sorted(ids)))


def test_no_more_than_a_few_ids_are_shown() -> None:
    rows = pa.RecordBatch.from_pydict({"id": range(100)})
    with Asked(rows.schema, [rows], BOUNDS, "id") as asked:
        found = asked.ask("select * from scored")
    assert (found.rows, found.ids) == (100, tuple(map(str, range(IDS))))


def test_without_an_id_column_nobody_is_named() -> None:
    assert answers(["select * from scored"], batch().schema, [batch()], BOUNDS) == [
        Answer(3, ("id", "age", "name", "score"))
    ]


@pytest.mark.parametrize(
    ("query", "figure"),
    [
        ("select avg(age) from scored", 23.5),
        ("select count(*) from scored where score >= 0.5", 2.0),
        ("select sum(age) from scored", 47.0),
        ("select 0.25::decimal(4, 2)", 0.25),
        ("select max(score) > 0.8 from scored", 1.0),
        ("select null", None),
        ("select avg(age) from scored where age > 99", None),
        ("select age from scored where age > 99", None),
        ("select 'many'", None),
        ("select 1, 2", None),
        ("select score from scored", None),
        ("select 1e308 * 10", math.inf),
    ],
)
def test_a_figure_is_one_number_in_one_row(asked: Asked, query: str, figure: float | None) -> None:
    assert asked.ask(query).figure == figure


def test_a_figure_that_is_no_number_stays_none(asked: Asked) -> None:
    found = asked.ask("select 'nan'::double").figure
    assert found is not None
    assert math.isnan(found)


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("select 1; select 2", "SELECT and SELECT"),
        ("select 1; drop table scored", "SELECT and DROP"),
        ("copy scored to 'out.csv'", "COPY"),
        ("copy (select * from scored) to 'out.csv'", "COPY"),
        ("attach 'other.db'", "ATTACH"),
        ("pragma database_size", "PRAGMA"),
        ("set memory_limit = '100GB'", "SET"),
        ("insert into scored values ('a4', 1, 'x', 0.0)", "INSERT"),
        ("update scored set age = 40", "UPDATE"),
        ("delete from scored", "DELETE"),
        ("drop table scored", "DROP"),
        ("create table mine as select 1", "CREATE"),
        ("install httpfs", "LOAD"),
        ("load httpfs", "LOAD"),
        ("export database 'out'", "EXPORT"),
        ("explain analyze select 1", "EXPLAIN"),
        ("begin", "TRANSACTION"),
        ("rollback", "TRANSACTION"),
        ("call pragma_version()", "CALL"),
        ("", "nothing"),
        ("-- select 1", "nothing"),
        (";", "nothing"),
    ],
)
def test_a_rule_is_one_select_and_nothing_else(asked: Asked, query: str, what: str) -> None:
    assert refused(asked, query).message == f"a rule is one SELECT, and this is {what}"


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_csv('{file}')",
        "select * from read_text('{file}')",
        "select * from read_parquet('{file}')",
        "select * from '{file}'",
        "select * from glob('{folder}/*')",
        "select * from read_csv('https://example.com/x.csv')",
        "select * from sniff_csv('{file}')",
        "select * from duckdb_secrets()",
        "select * from query('select * from read_text(''{file}'')')",
        "select * from rows",
        "select * from incoming",
        "select getenv('HOME')",
    ],
)
def test_nothing_is_read_but_the_table(asked: Asked, tmp_path: Path, query: str) -> None:
    rows = batch()  # a local variable, which DuckDB would otherwise find under its name
    file = tmp_path / "secret.csv"
    file.write_text("secret\n1\n")

    said = refused(asked, query.format(file=file, folder=tmp_path))

    assert "secret\n" not in said.message
    assert rows.num_rows == asked.ask("select * from scored").rows


def test_nothing_is_written_by_a_select_that_hides_a_delete(asked: Asked) -> None:
    said = refused(asked, "with gone as (delete from scored returning *) select * from gone")

    assert "read-only" in said.message
    assert asked.ask("select * from scored").rows == 3


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("select * from scored where random() < 0.5", "random"),
        ("select NOW ( )", "NOW"),
        ("select * from scored where age > date_part('year', today())", "today"),
        ("select current_date", "current_date"),
        ("select * from scored using sample 10", "using sample"),
        ("select * from scored tablesample 10%", "tablesample"),
        ("select sleep_ms(100000)", "sleep_ms"),
        ("select current_setting('threads')", "current_setting"),
    ],
)
def test_the_same_question_has_the_same_answer(asked: Asked, query: str, what: str) -> None:
    said = refused(asked, query)
    assert said.message == f"`{what}` would make the same question have another answer the next time"


def test_words_that_only_look_fickle_are_let_through(asked: Asked) -> None:
    query = (
        """with t as (select id, age as random, 'now() current_date' as said from scored) select random, id from t"""
    )
    assert asked.ask(query).rows == 3


@pytest.mark.parametrize(
    ("query", "place", "why"),
    [
        ("select * form scored", "line 1, column 15: ", "syntax error"),
        ("select *\nform scored", "line 2, column 6: ", "syntax error"),
        ("select 'é', agee from scored", "line 1, column 13: ", '"agee" not found'),
        ("select *\n  from scored\n where agge < 3", "line 3, column 8: ", '"agge" not found'),
        ("select * from score", "line 1, column 15: ", "score does not exist"),
        ("select nothing(1)", "line 1, column 8: ", "nothing does not exist"),
        ("select (1", "line 1, column 9: ", "syntax error"),
        ("select * from read_csv('x')", "line 1, column 15: ", "files or the network"),
    ],
)
def test_an_error_says_where_in_the_query_it_is(asked: Asked, query: str, place: str, why: str) -> None:
    said = refused(asked, query)
    assert said.message.startswith(place)
    assert why in said.message


@pytest.mark.parametrize(
    "query",
    [
        "select * from scored where name::int > 3",
        "select sum(name::int) from scored",
        "select max(error(name)) from scored",
        "select * from scored where error(name) is null",
        "select * from scored where strptime(name, '%Y') > '2020-01-01'",
    ],
)
def test_an_error_never_quotes_a_value_of_the_table(asked: Asked, query: str) -> None:
    said = refused(asked, query)
    assert PERSON not in said.message + said.fix
    assert "Ann" not in said.message


@pytest.mark.parametrize(
    "query",
    [
        "select count(*) from range(10000000) a, range(10000000) b where a.range * b.range % 7 = 3",
        "select a.range from range(10000000) a, range(10000000) b",
        "with recursive t as (select 1 n union all select n + 1 from t) select count(*) from t",
    ],
)
def test_a_rule_that_would_run_forever_is_stopped_and_the_next_one_runs(query: str) -> None:
    slow, quick = answers([query, "select id from scored"], batch().schema, [batch()], Bounds(0.3, 200), "id")

    assert isinstance(slow, GatehouseError)
    assert slow.message == "took longer than 0.3 s and was stopped"
    assert isinstance(quick, Answer)


def test_a_rule_that_needs_more_memory_than_it_may_is_stopped_and_the_next_one_runs() -> None:
    greedy, modest = answers(
        ["select len(list(range)) from range(100000000)", "select id from scored"], batch().schema, [batch()], BOUNDS
    )

    assert isinstance(greedy, GatehouseError)
    assert greedy.message == "takes more than 200 MB"
    assert isinstance(modest, Answer)


def test_a_table_that_needs_more_memory_than_it_may_is_told() -> None:
    rows = pa.RecordBatch.from_pydict({"text": [f"{n:>1000}" for n in range(20_000)]})

    with pytest.raises(GatehouseError) as raised:
        Asked(rows.schema, [rows] * 10, Bounds(20, 50))
    assert raised.value.message == "takes more than 50 MB"
    assert "under `columns`" in raised.value.fix


def test_what_the_rows_raise_is_told_as_it_is() -> None:
    def rows() -> Iterator[pa.RecordBatch]:
        yield batch()
        raise GatehouseError("the file ends in the middle", "fetch it again")

    with pytest.raises(GatehouseError, match="the file ends in the middle"):
        Asked(batch().schema, rows(), BOUNDS)
