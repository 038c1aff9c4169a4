"""PostgreSQL, a real one."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from gatehouse.errors import NotFound, Unreachable
from gatehouse.evaluate.engines import postgres as engine
from gatehouse.evaluate.engines.asked import Ask
from gatehouse.evaluate.engines.database import snapshot
from gatehouse.registry.digest import file_digest
from tests.evaluate.engines.helpers import query, refused, table, taken
from tests.support.postgres import PASSWORD, Postgres


@pytest.fixture(scope="module", autouse=True)
def rows(postgres: Postgres) -> None:
    postgres.run("CREATE SCHEMA risk; CREATE TABLE risk.eval (id bigint, income double precision, region text);")
    postgres.run("INSERT INTO risk.eval VALUES (2, 1.5, 'north'), (1, 'NaN', NULL), (3, NULL, 'south');")


def test_a_table_is_read_and_sorted_by_the_id(postgres: Postgres, tmp_path: Path) -> None:
    read = taken(postgres.url, table("risk.eval"), tmp_path, "id")
    assert read.schema.types == [pa.int64(), pa.float64(), pa.string()]
    assert read["id"].to_pylist() == [1, 2, 3]
    assert read["region"].to_pylist() == [None, "north", "south"]
    # NaN is a value and NULL is none, as in a file.
    assert read["income"].null_count == 1
    assert str(read["income"][0].as_py()) == "nan"


def test_a_query_is_read(postgres: Postgres, tmp_path: Path) -> None:
    where = query("WITH two AS (SELECT id * 2 AS twice FROM risk.eval) SELECT * FROM two -- all\n;")
    assert sorted(taken(postgres.url, where, tmp_path)["twice"].to_pylist()) == [2, 4, 6]
    assert taken(postgres.url, where, tmp_path, "twice")["twice"].to_pylist() == [2, 4, 6]


def test_an_answer_without_rows_is_a_table_without_rows(postgres: Postgres, tmp_path: Path) -> None:
    read = taken(postgres.url, query("SELECT * FROM risk.eval WHERE id > 3"), tmp_path, "id")
    assert (read.num_rows, read.schema.names) == (0, ["id", "income", "region"])


def test_types_become_those_of_files(postgres: Postgres, tmp_path: Path) -> None:
    read = taken(
        postgres.url,
        query(
            "SELECT 1.25::numeric(10, 2) AS price, 'Infinity'::numeric AS most, 7::smallint AS small, true AS yes, "
            "'6899d7b7-f1f5-42ab-a47d-4f748f782d36'::uuid AS key, '{\"a\": 1}'::jsonb AS extra, "
            "'2026-01-01 10:00+02'::timestamptz AS moment, '2026-01-01'::date AS day, ARRAY[1, 2] AS list"
        ),
        tmp_path,
    )
    assert [str(kind) for kind in read.schema.types[:8]] == [
        "double", "double", "int16", "bool", "string", "string", "timestamp[us, tz=UTC]", "date32[day]",
    ]  # fmt: skip
    row = read.to_pylist()[0]
    assert (row["price"], row["most"], row["small"], row["yes"]) == (1.25, float("inf"), 7, True)
    assert (row["key"], row["extra"]) == ("6899d7b7-f1f5-42ab-a47d-4f748f782d36", '{"a": 1}')
    assert row["moment"].isoformat() == "2026-01-01T08:00:00+00:00"
    assert row["list"] == [1, 2]


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("12.34::money", "money"),
        ("'1.2.3.4'::inet", "inet"),
        ("interval '1 day'", "interval"),
    ],
)
def test_a_type_that_would_lose_its_meaning_is_refused_by_its_columns_name(
    postgres: Postgres, tmp_path: Path, sql: str, told: str
) -> None:
    error = refused(postgres.url, query(f"SELECT {sql} AS odd"), tmp_path)
    assert f"column 'odd' is of type {told}, which no model takes" in error.message
    assert 'cast "odd" in a `query`' in error.fix


def test_the_same_rows_have_the_same_digest_here_as_in_another_database(postgres: Postgres, tmp_path: Path) -> None:
    postgres.run("CREATE TABLE many AS SELECT i::bigint AS id, i / 3.0::float8 AS x FROM generate_series(0, 199999) i;")
    postgres.run("CREATE TABLE shuffled AS SELECT * FROM many ORDER BY md5(id::text);")
    digests = set()
    for name in ("many", "shuffled"):
        snapshot(Ask(postgres.url, table(name), "id", tmp_path), tmp_path / f"{name}.parquet")
        digests.add(file_digest(tmp_path / f"{name}.parquet"))
    duck = query("SELECT range AS id, range / 3 AS x FROM range(200000)")
    snapshot(Ask("", duck, "id", tmp_path), tmp_path / "duck.parquet")
    assert digests == {file_digest(tmp_path / "duck.parquet")}


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT * FROM risk.none", 'relation "risk.none" does not exist'),
        ("SELECT * FROM none.eval", 'relation "none.eval" does not exist'),
        ("SELECT age FROM risk.eval", 'column "age" does not exist'),
        ("SELCT 1", 'syntax error at or near "SELCT"'),
        ("SELECT 1 / (id - 1) AS x FROM risk.eval", "division by zero"),
    ],
)
def test_what_the_server_refuses_is_told_in_its_one_sentence(
    postgres: Postgres, tmp_path: Path, sql: str, why: str
) -> None:
    error = refused(postgres.url, query(sql), tmp_path)
    assert error.message == f"query {sql}: {why}"
    assert error.fix == "mend `query:` in policy.yaml"


def test_an_error_in_the_middle_of_the_rows_is_told_too(postgres: Postgres, tmp_path: Path) -> None:
    sql = "SELECT 1 / (300000 - i) AS x FROM generate_series(1, 400000) i"
    assert refused(postgres.url, query(sql), tmp_path).message.endswith(": division by zero")


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM risk.eval",
        "INSERT INTO risk.eval VALUES (9, 9, 'x') RETURNING id",
        "WITH gone AS (DELETE FROM risk.eval RETURNING *) SELECT * FROM gone",
        "SELECT 1; DELETE FROM risk.eval",
        "CREATE TABLE risk.more AS SELECT 1",
    ],
)
@pytest.mark.parametrize("order", [None, "id"])
def test_a_query_that_writes_is_refused_and_writes_nothing(
    postgres: Postgres, tmp_path: Path, sql: str, order: str | None
) -> None:
    error = refused(postgres.url, query(sql), tmp_path, order)
    assert error.message.startswith("query ")
    assert "only reads" in error.message or order is not None
    count = query("SELECT count(*) AS n FROM risk.eval")
    assert taken(postgres.url, count, tmp_path)["n"].to_pylist() == [3]


def test_a_query_cannot_lift_the_ban_on_writing(postgres: Postgres, tmp_path: Path) -> None:
    error = refused(postgres.url, query("SELECT set_config('transaction_read_only', 'off', false) AS x"), tmp_path)
    assert "read-write mode" in error.message


def test_a_table_that_the_role_may_not_read_is_told_with_what_to_grant(postgres: Postgres, tmp_path: Path) -> None:
    postgres.run("GRANT USAGE ON SCHEMA risk TO reader;")
    error = refused(postgres.url_of("reader"), table("risk.eval"), tmp_path)
    assert error.message == "table risk.eval: permission denied for table eval"
    assert error.fix == "grant SELECT on it to the role that fetch uses"


def test_the_password_comes_from_the_environment(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert taken(postgres.url_of("locked"), query("SELECT 1 AS a"), tmp_path)["a"].to_pylist() == [1]


@pytest.mark.parametrize("password", ["wrong", None])
def test_wrong_credentials_are_told_as_such_and_never_repeated(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password: str | None
) -> None:
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))
    if password is None:
        monkeypatch.delenv("PGPASSWORD", raising=False)
    else:
        monkeypatch.setenv("PGPASSWORD", password)
    error = refused(postgres.url_of("locked"), query("SELECT 1 AS a"), tmp_path)
    assert not isinstance(error, Unreachable)
    assert "the server lets nobody in: " in error.message
    assert "PGPASSWORD" in error.fix


@pytest.mark.parametrize(
    ("user", "database", "what"),
    [("nobody", "postgres", 'role "nobody"'), ("postgres", "nowhere", 'database "nowhere"')],
)
def test_a_role_or_database_that_is_not_there_is_told(
    postgres: Postgres, tmp_path: Path, user: str, database: str, what: str
) -> None:
    error = refused(postgres.url_of(user, database), query("SELECT 1 AS a"), tmp_path)
    assert not isinstance(error, Unreachable)
    assert error.message.endswith(f"the server lets nobody in: {what} does not exist")


def test_an_id_that_the_table_lacks_is_told_with_those_that_it_has(postgres: Postgres, tmp_path: Path) -> None:
    error = refused(postgres.url, table("risk.eval"), tmp_path, "application_id")
    assert isinstance(error, NotFound)
    assert error.fix == "it has id, income, region"


@pytest.mark.usefixtures("postgres")
@pytest.mark.parametrize("host", ["127.0.0.1", "nowhere.invalid"])
def test_a_server_that_does_not_answer_is_unreachable(tmp_path: Path, host: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        error = refused(f"postgresql://{host}:{probe.getsockname()[1]}/w", table("t"), tmp_path)
    assert isinstance(error, Unreachable)
    assert error.message.startswith(f"postgresql://{host}:")
    assert "does not answer: " in error.message
    assert "\n" not in error.message


def test_a_server_that_goes_away_while_it_answers_is_unreachable(postgres: Postgres, tmp_path: Path) -> None:
    def kill(rows: int) -> None:
        postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid();")

    sql = "SELECT i, repeat('x', 100) AS words FROM generate_series(1, 3000000) i"
    with pytest.raises(Unreachable, match="the database went away"):
        taken(postgres.url, query(sql), tmp_path, progress=kill)


def test_a_database_that_is_full_passes_by_itself() -> None:
    text = "IO: [libpq] Failed to connect: connection to server failed: FATAL:  sorry, too many clients already\n"
    error = engine._unopened("postgresql://db/w", text)
    assert isinstance(error, Unreachable)
    assert error.message == "postgresql://db/w: the database does not answer: sorry, too many clients already"


def test_without_the_driver_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)
    error = refused("postgresql://db/w", table("t"), tmp_path)
    assert error.message == "postgresql://db/w: no driver for PostgreSQL is installed"
    assert error.fix == "install it: pip install 'gatehouse[postgres]'"
