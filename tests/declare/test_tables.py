"""Where tables come from: one place each, an engine that exists, and no secret in a file that everybody reads."""

from __future__ import annotations

import pytest

from gatehouse.declare.load import require
from gatehouse.declare.tables import is_database, is_spark, scheme
from gatehouse.declare.types import Data, Evaluation, Policy, Table, Where
from tests.declare.helpers import POLICY, Files, repository, said

POSTGRES = "postgresql://db.example.com/warehouse"
LOCAL = "data/eval.parquet"


def given(table: str = f"path: {LOCAL}", engine: str = "", kind: str = "evaluation") -> dict[str, str | bytes]:
    label = "label: y, " if kind == "evaluation" else ""
    head = f"engine: '{engine}'\n" if engine else ""
    return repository(policy=f"{POLICY}{head}data:\n  {kind}: {{{label}{table}}}\n")


def policy(**written: str) -> Policy:
    return require(Files(given(**written))).policies["credit-risk"]


def test_a_path_alone_needs_no_engine() -> None:
    read = policy()
    assert read.engine == ""
    assert read.data == Data(Evaluation(Where(LOCAL), "y"))


@pytest.mark.parametrize("kind", ["evaluation", "production"])
@pytest.mark.parametrize(
    ("written", "where"),
    [
        ("path: s3://b/eval.parquet?region=eu-west-1", Where("s3://b/eval.parquet?region=eu-west-1")),
        ("table: risk.eval", Where("risk.eval", "table")),
        ("query: SELECT 1 AS y", Where("SELECT 1 AS y", "query")),
    ],
)
def test_a_table_is_at_a_path_or_in_an_engine_or_what_a_query_answers(kind: str, written: str, where: Where) -> None:
    read = policy(table=written, engine=POSTGRES, kind=kind)
    assert read.engine == POSTGRES
    assert {name: table.where for name, table in read.data.tables().items()} == {kind: where}


@pytest.mark.parametrize(
    ("where", "named"),
    [
        (Where("data/a b.parquet"), "data/a b.parquet"),
        (Where("risk.eval", "table"), "table risk.eval"),
        (Where("SELECT *\n  FROM t", "query"), "query SELECT * FROM t"),
        (Where("x" * 60, "query"), f"query {'x' * 60}"),
        (Where("x" * 61, "query"), f"query {'x' * 59}…"),
    ],
)
def test_a_table_is_called_what_the_policy_calls_it_on_one_line(where: Where, named: str) -> None:
    assert where.named == named
    assert Evaluation(where, "y").named == Table(where).named == named


@pytest.mark.parametrize("kind", ["evaluation", "production"])
def test_a_table_that_is_nowhere_is_a_fault_that_shows_how_to_name_it(kind: str) -> None:
    label = ", label: y" if kind == "evaluation" else ""
    found = said(repository(policy=f"{POLICY}data:\n  {kind}: {{{label.removeprefix(', ')}}}\n"))
    assert f"policy.yaml:11: data.{kind}: one of `path`, `table`, `query` is missing; add `path: data/" in found


@pytest.mark.parametrize(
    ("two", "fault"),
    [
        ("path: a.csv, table: t", "evaluation.table: is named by `path` and `table` together"),
        ("path: a.csv, query: SELECT 1", "evaluation.query: is named by `path` and `query` together"),
        ("query: SELECT 1, table: t", "evaluation.query: is named by `table` and `query` together"),
        ("query: SELECT 1, table: t, path: p", "evaluation.query: is named by `path` and `table` and `query` together"),
    ],
)
def test_a_table_is_in_one_place(two: str, fault: str) -> None:
    found = said(given(two, POSTGRES))
    assert found == f"promotions/credit-risk/policy.yaml:12: data.{fault}; keep one of them"


def test_a_table_by_name_needs_an_engine_that_knows_it() -> None:
    found = said(given("table: risk.eval"))
    assert found.startswith("promotions/credit-risk/policy.yaml:11: data.evaluation.table: no engine says where")
    assert "add `engine: duckdb:///" in found
    assert said(given("query: SELECT 1 AS y")) == ""


@pytest.mark.parametrize(
    "engine",
    [
        "local", "local[1]", "local[16]", "local[*]", "spark://master:7077", "spark://10.0.0.1:7077",
        "duckdb:///data/w.db", "duckdb:////srv/w.db", "sqlite:///w.sqlite", POSTGRES, "postgresql://",
        "postgresql://ada@db:5433/w?sslmode=verify-full", "postgresql:///w?host=/run/postgresql",
    ],
)  # fmt: skip
def test_engines_that_there_are(engine: str) -> None:
    assert said(given(engine=engine)) == ""
    assert is_spark(engine) != is_database(engine)
    assert is_spark(engine) == engine.startswith(("local", "spark"))


@pytest.mark.parametrize(
    ("engine", "fault"),
    [
        ("postgres://db/w", "there is no engine `postgres`; did you mean `postgresql`?"),
        ("duckbd:///w.db", "there is no engine `duckbd`; did you mean `duckdb`?"),
        ("locale[2]", "there is no engine `locale`; did you mean `local`?"),
        ("bigquery://p/d", "there is no engine `bigquery`; choose from duckdb, local, postgresql, spark, sqlite"),
        ("/data/w.db", "there is no engine ``; choose from duckdb, local, postgresql, spark, sqlite"),
        ("local[0]", '"local[0]" is not written as it must be; write it like local[2]'),
        ("local[2", '"local[2" is not written as it must be; write it like local[2]'),
        ("spark://master", '"spark://master" is not written as it must be; write it like spark://master.'),
        ("duckdb://w.db", '"duckdb://w.db" is not written as it must be; write it like duckdb:///'),
        ("duckdb:///", '"duckdb:///" is not written as it must be; write it like duckdb:///'),
        ("sqlite:w.db", '"sqlite:w.db" is not written as it must be; write it like sqlite:///'),
    ],
)
def test_engines_that_there_are_not(engine: str, fault: str) -> None:
    found = said(given(engine=engine))
    assert found.startswith(f"promotions/credit-risk/policy.yaml:10: engine: {fault}")
    assert found.count("\n") == 0


def test_no_engine_at_all_is_neither_spark_nor_a_database() -> None:
    assert not is_spark("")
    assert not is_database("")


@pytest.mark.parametrize(
    "engine", ["postgresql://ada:hunter2@db/w", "postgresql://db/w?user=ada&password=hunter2", "postgresql://ada:@db/w"]
)
def test_a_password_in_the_engine_is_a_fault_that_does_not_repeat_it(engine: str) -> None:
    found = said(given(engine=engine))
    assert "policy.yaml:10: engine: a password stands in a file that everybody reads; take it out" in found
    assert "PGPASSWORD" in found
    assert "hunter2" not in found


@pytest.mark.parametrize(
    "url",
    [
        "s3://key:hunter2@bucket/eval.parquet",
        "https://ada:hunter2@example.com/eval.parquet",
        "https://example.com/eval.parquet?X-Amz-Signature=hunter2",
        "https://example.com/eval.parquet?token=hunter2",
    ],
)
def test_a_secret_in_a_url_is_a_fault_that_does_not_repeat_it(url: str) -> None:
    found = said(given(f"path: '{url}'"))
    assert "policy.yaml:11: data.evaluation.path: a secret stands in a file that everybody reads; take it out" in found
    assert "hunter2" not in found


@pytest.mark.parametrize("url", ["s3", "gs", "file", "http", "https", "S3"])
def test_urls_that_fetch_reads(url: str) -> None:
    assert said(given(f"path: '{url}://bucket/eval.parquet'")) == ""
    assert scheme(f"{url}://bucket/eval.parquet") == url.lower()


def test_a_url_that_fetch_does_not_read_is_a_fault_unless_a_cluster_reads_it() -> None:
    assert "path: no table is read from `htps://`; did you mean `https`?" in said(given("path: htps://host/eval"))
    assert "path: no table is read from `hdfs://`; choose from file, gs" in said(given("path: hdfs://n/eval"))
    assert "hdfs://" in said(given("path: hdfs://n/eval", POSTGRES))
    assert said(given("path: hdfs://n/eval", "local[2]")) == ""


@pytest.mark.parametrize("path", ["data/eval.parquet", "../beside/x.csv", "/srv/x.csv", "a:b/c.csv"])
def test_what_is_no_url_is_a_path(path: str) -> None:
    assert scheme(path) == ""
    assert said(given(f"path: '{path}'")) == ""


@pytest.mark.parametrize(
    "query",
    [
        "select 1",
        "WITH t AS (SELECT 1) SELECT * FROM t",
        "FROM t",
        "(SELECT 1)",
        "values (1)",
        "-- why\n/* so */ SELECT 1",
    ],
)
def test_queries_that_read(query: str) -> None:
    assert said(given(f"query: {query!r}".replace("'", '"'), POSTGRES)) == ""


@pytest.mark.parametrize(
    "query", ["DELETE FROM t", "selection", "/* SELECT */ drop table t", "-- SELECT 1", "INSTALL httpfs", " "]
)
def test_a_query_that_does_more_than_read_is_a_fault(query: str) -> None:
    found = said(given(f'query: "{query}"', POSTGRES))
    assert "policy.yaml:12: data.evaluation.query: is no query: it must only read; write a SELECT" in found


@pytest.mark.parametrize(
    "name", ["t", "risk.eval", "lake.risk.eval_2026", 'risk."Eval 2"', "`my-lake`.risk.eval", "größe.t$1"]
)
def test_names_of_tables(name: str) -> None:
    assert said(given(f"table: '{name}'", POSTGRES)) == ""


@pytest.mark.parametrize(
    "name", ["t; DROP TABLE t", "t WHERE id = 1", "1t", "risk.", ".t", '"t', "(SELECT 1)", "a.b.c.d.e"]
)
def test_what_is_no_name_of_a_table_is_a_fault(name: str) -> None:
    found = said(given(f"table: '{name}'", POSTGRES))
    assert "policy.yaml:12: data.evaluation.table: " in found
    assert "is no table's name; write it like risk.evaluation" in found
