from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest

from gatehouse.serve.arms import Split
from gatehouse.serve.bucket import key, place, prefix
from gatehouse.serve.replay import arm
from gatehouse.serve.replay import place as placed
from tests.serve import page
from tests.serve.routed import ready

UNITS = [*(f"user-{number}" for number in range(2000)), "müller@example.com", "用户-7", "🙂", "a'b", "a\0b", " ", "\\"]
EXPOSURES = pa.table({"unit": pa.array([*UNITS, None])})


def replayed(sql: str) -> dict[str, object]:
    exposures = EXPOSURES  # DuckDB finds the table by this name
    with duckdb.connect() as connection:
        connection.register("exposures", exposures)
        return dict(connection.sql(sql).fetchall())


def decided(made: Split) -> dict[str | None, str | None]:
    return {None: None, **{unit: str(made.of(key(unit)).arm.role) for unit in UNITS}}


@pytest.mark.parametrize("salt", ["s", "it's", "\\n", "kredit-risiko/größe"])
def test_duckdb_finds_the_same_places(salt: str) -> None:
    found = replayed(f"SELECT unit, {placed(salt)} FROM exposures WHERE unit IS NOT NULL")
    assert found == {unit: place(prefix(salt), key(unit)) for unit in UNITS}


@pytest.mark.parametrize(
    "shares", [(None, None), (5, None), (0, 0), (100, 0), (0, 100), (None, 25), (25, 50), (25, 75), (0.01, 99.99)]
)
def test_duckdb_finds_the_same_arms(shares: tuple[float | None, float | None]) -> None:
    made = ready(*shares)
    assert replayed(f"SELECT unit, {arm(made)} FROM exposures") == decided(made)


def test_the_query_of_the_page_finds_the_same_arms() -> None:
    (query,) = page.queries()
    found = replayed(query)
    assert {unit: role for unit, role in found.items() if unit is not None} == {
        unit: role for unit, role in decided(ready(5)).items() if unit is not None
    }
