from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from gatehouse.evaluate.traffic.columns import EXPOSURES, KINDS, OUTCOMES, SHADOW, Kind, markdown
from tests.evaluate.traffic.made import outcome_rows, write

DOCS = Path(__file__).parents[3] / "docs" / "traffic.md"


def test_the_page_of_the_formats_is_made_from_them() -> None:
    assert DOCS.read_text() == markdown()


def test_every_column_stands_in_the_page() -> None:
    page = DOCS.read_text()

    assert all(f"| `{column.name}` | `{column.type}` |" in page for kind in KINDS for column in kind.columns)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_schema_has_the_columns_in_order_with_the_types_that_are_written(kind: Kind) -> None:
    schema = kind.schema()

    assert schema.names == [column.name for column in kind.columns]
    for column, found in zip(kind.columns, schema, strict=True):
        assert column.nullable == found.nullable
        assert column.type.replace("list<double>", "list<item: double>") == str(found.type)
        assert column.doc.endswith(".")


def test_groups_are_columns_of_text_with_a_prefix() -> None:
    found = SHADOW.schema(["region"]).field("group.region")

    assert (found.type, found.nullable) == (pa.string(), True)


def test_what_is_written_is_read_by_duckdb_as_it_is(tmp_path: Path) -> None:
    write(tmp_path, OUTCOMES, outcome_rows(["a", "b"], [0, 1], [0, 1]))

    found = duckdb.sql(f"SELECT request_id, label, epoch_us(observed) FROM '{tmp_path}/outcomes/*.parquet'").fetchall()

    assert [row[:2] for row in found] == [("a", 0.0), ("b", 1.0)]
    assert found[1][2] - found[0][2] == 3_600_000_000


def test_the_unit_and_its_arm_are_known_for_exposures() -> None:
    assert {"request_id", "unit", "experiment", "arm", "share", "version", "digest"} <= set(EXPOSURES.schema().names)
