"""A table in a database and the same rows in a file are judged alike, from the command line to the report."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from gatehouse.evaluate.statistics.profile import Profile
from tests.support import models
from tests.support import postgres as servers
from tests.support.company import MODEL, Cli, Company
from tests.support.postgres import Postgres

POLICY = """\
owner: "@acme/credit-risk"
risk: low
task: binary
reviewed: 2026-03-01
{engine}
data:
  evaluation: {{{evaluation}, label: defaulted, id: id, groups: [region]}}
  production: {{{production}}}
gates:
  accuracy: {{metric: roc_auc, minimum: 0.6}}
  fairness: {{metric: roc_auc, max_disparity: 0.5, min_group_size: 10}}
stages:
  staging: {{gates: [schema, accuracy, fairness, drift]}}
"""
pytestmark = pytest.mark.slow
ASKED = ("schema", "accuracy", "fairness", "drift")
GATES = Path(__file__).parents[2] / "gates"


@pytest.fixture
def rows(company: Company) -> pd.DataFrame:
    """600 rows, in order in a file and shuffled in databases beside it, and a model that knows them as version 4."""
    rows = models.frame(600, seed=1).assign(id=range(600)).sample(frac=1, random_state=2)
    profile = Profile.of(pa.Table.from_pandas(models.features(400), preserve_index=False).to_batches())
    models.register(company.registry, MODEL, models.train(), profile=profile.to_json())
    (company.repo.root / "data").mkdir()
    ordered = rows.sort_values("id")
    ordered.to_parquet(company.repo.root / "data/eval.parquet", index=False)
    ordered[["income", "age", "region"]].to_parquet(company.repo.root / "data/features.parquet", index=False)
    with duckdb.connect(str(company.repo.root / "data/w.db")) as connection:
        connection.register("given", pa.Table.from_pandas(rows, preserve_index=False))
        connection.execute("CREATE TABLE eval AS SELECT * FROM given")
    with closing(sqlite3.connect(company.repo.root / "data/w.sqlite")) as database:
        rows.to_sql("eval", database, index=False)
    return rows


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with servers.started() as server:
        yield server


def judged(company: Company, cli: Cli, engine: str, evaluation: str, production: str) -> Mapping[str, Any]:
    """The result of checking version 4 under a policy with these tables."""
    text = POLICY.format(engine=f'engine: "{engine}"' if engine else "", evaluation=evaluation, production=production)
    gates = {f"gates/{name}.py": (GATES / f"{name}.py").read_text() for name in ASKED}
    company.repo.commit({f"promotions/{MODEL}/policy.yaml": text, **gates})
    company.repo.pull()
    ran = cli("check", MODEL, "--to", "staging", "--version", "4", json=True)
    assert ran.code in (0, 1), ran.err
    (result,) = ran.document["results"]
    assert isinstance(result, dict)
    return result


def verdicts(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    assert [verdict["outcome"] for verdict in result["verdicts"]] == ["PASS"] * 5
    # The figures of the gate that always runs are times, which no two runs share.
    found: list[Mapping[str, Any]] = result["verdicts"]
    assert found[-1]["gate"] == "conduct"
    return found[:-1]


QUERY = "query: 'SELECT income, age, region FROM eval ORDER BY id'"


@pytest.mark.usefixtures("rows")
def test_a_database_is_judged_as_a_file_of_the_same_rows_is(company: Company, cli: Cli) -> None:
    file = judged(company, cli, "", "path: data/eval.parquet", "path: data/features.parquet")
    assert file["rows"] == 600
    for engine in ("duckdb:///data/w.db", "sqlite:///data/w.sqlite"):
        assert verdicts(judged(company, cli, engine, "table: eval", QUERY)) == verdicts(file), engine


def test_postgres_is_judged_as_a_file_of_the_same_rows_is(
    company: Company, cli: Cli, rows: pd.DataFrame, postgres: Postgres
) -> None:
    columns = ("income", "age", "region", "defaulted", "id")
    values = ", ".join(str(tuple(row)) for row in rows[list(columns)].itertuples(index=False, name=None))
    postgres.run("CREATE TABLE eval (income float8, age float8, region text, defaulted bigint, id bigint);")
    postgres.run(f"INSERT INTO eval VALUES {values};")
    file = judged(company, cli, "", "path: data/eval.parquet", "path: data/features.parquet")
    assert verdicts(judged(company, cli, postgres.url, "table: eval", QUERY)) == verdicts(file)


@pytest.mark.usefixtures("rows")
def test_a_snapshot_is_held_to_the_digest_that_was_agreed_on(company: Company, cli: Cli) -> None:
    first = judged(company, cli, "duckdb:///data/w.db", "table: eval", QUERY)
    digest = first["data"]["evaluation"]
    again = judged(company, cli, "duckdb:///data/w.db", f"table: eval, digest: '{digest}'", QUERY)
    assert verdicts(again) == verdicts(first)

    with duckdb.connect(str(company.repo.root / "data/w.db")) as connection:
        connection.execute("UPDATE eval SET defaulted = 1 - defaulted WHERE id = 7")
    changed = judged(company, cli, "duckdb:///data/w.db", f"table: eval, digest: '{digest}'", QUERY)

    accuracy = next(verdict for verdict in changed["verdicts"] if verdict["gate"] == "accuracy")
    assert accuracy["outcome"] == "ERROR"
    assert f"the policy names {digest}" in str(accuracy)


@pytest.mark.parametrize(
    ("engine", "evaluation", "said"),
    [
        ("duckdb:///data/w.db", "query: 'SELECT * FROM eval WHERE id < 0'", "has no rows"),
        ("duckdb:///data/w.db", "query: 'SELECT id, income, age, region FROM eval'", "no column 'defaulted'"),
        ("duckdb:///data/w.db", "table: none", "Table with name none does not exist!"),
        (
            "sqlite:///data/w.sqlite",
            "query: 'SELECT id, income, age, region, nullif(defaulted, 1) AS defaulted FROM eval'",
            "missing",
        ),
    ],
)
@pytest.mark.usefixtures("rows")
def test_what_cannot_be_judged_blocks_and_says_why(
    company: Company, cli: Cli, engine: str, evaluation: str, said: str
) -> None:
    result = judged(company, cli, engine, evaluation, QUERY)
    assert [verdict["outcome"] for verdict in result["verdicts"] if verdict["gate"] in ("fetch", "accuracy")] == [
        "ERROR"
    ]
    assert said in str(result["verdicts"])
