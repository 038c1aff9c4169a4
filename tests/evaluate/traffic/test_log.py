from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.traffic.columns import EXPOSURES, KINDS, OUTCOMES, SHADOW, Kind
from gatehouse.evaluate.traffic.log import read
from tests.evaluate.traffic.made import exposure_rows, outcome_rows, put, shadow_rows, write

MODEL = "credit-risk"


def table(kind: Kind = OUTCOMES, rows: dict[str, Any] | None = None) -> pa.Table:
    rows = rows or outcome_rows(["a", "b"], [0, 1], [0, 1])
    return pa.table({one.name: rows.get(one.name, pa.nulls(2, one.type)) for one in kind.schema()}, kind.schema())


def replaced(found: pa.Table, column: str, values: pa.Array) -> pa.Table:
    return found.set_column(found.schema.get_field_index(column), column, values)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_folder_and_an_empty_folder_are_logs_without_rows(tmp_path: Path, kind: Kind) -> None:
    assert read(tmp_path, kind, MODEL).files == ()
    (tmp_path / kind.name).mkdir()

    found = read(tmp_path, kind, MODEL)

    assert (found.files, found.skipped) == ((), ())
    assert found.dataset().count_rows() == 0
    assert found.dataset().schema == kind.schema()


def test_files_are_read_together_in_a_fixed_order_also_from_folders_below(tmp_path: Path) -> None:
    for name in ("b", "day=2/a", "a"):
        put(tmp_path, OUTCOMES, table(), name)

    found = read(tmp_path, OUTCOMES, MODEL)

    assert [path.relative_to(tmp_path).as_posix() for path in found.files] == [
        "outcomes/a.parquet",
        "outcomes/b.parquet",
        "outcomes/day=2/a.parquet",
    ]
    assert found.dataset().count_rows() == 6


def test_what_is_still_being_written_is_not_looked_at(tmp_path: Path) -> None:
    path = put(tmp_path, OUTCOMES, table())
    (path.parent / ".2.parquet").write_bytes(b"PAR1 half a file")
    (path.parent / ".3.tmp").write_bytes(b"PAR1 half a file")

    found = read(tmp_path, OUTCOMES, MODEL)

    assert (len(found.files), found.skipped) == (1, ())


@pytest.mark.parametrize("left", [0, 3, 100, -1])
def test_a_file_that_a_crash_cut_off_is_skipped_and_named(tmp_path: Path, left: int) -> None:
    put(tmp_path, OUTCOMES, table(), "1")
    whole = put(tmp_path, OUTCOMES, table(), "2").read_bytes()
    (tmp_path / "outcomes/2.parquet").write_bytes(whole[:left])

    found = read(tmp_path, OUTCOMES, MODEL)

    assert found.skipped == ("outcomes/2.parquet",)
    assert found.dataset().count_rows() == 2


def test_a_column_that_is_missing_unknown_or_misspelt_is_refused_by_name(tmp_path: Path) -> None:
    for wrong, said in (
        (table().drop_columns("label"), "has no column 'label'"),
        (table().append_column("extra", pa.array([1, 2])), "has an unknown column 'extra'"),
        (table().append_column("labels", pa.array([1, 2])), "did you mean 'label'"),
        (table().append_column("group.region", pa.array(["a", "b"])), "has an unknown column 'group.region'"),
    ):
        put(tmp_path, OUTCOMES, wrong)
        with pytest.raises(GatehouseError) as error:
            read(tmp_path, OUTCOMES, MODEL)
        assert error.value.message.startswith("outcomes/1.parquet: ")
        assert said in error.value.message
        assert "docs/traffic.md" in error.value.fix


def test_a_column_named_twice_is_refused(tmp_path: Path) -> None:
    found = table()
    put(tmp_path, OUTCOMES, pa.Table.from_arrays([*found.columns, found.columns[1]], [*found.schema.names, "label"]))

    with pytest.raises(GatehouseError, match="twice"):
        read(tmp_path, OUTCOMES, MODEL)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("label", pa.array([0, 1])),
        ("label", pa.array(["0", "1"])),
        ("request_id", pa.array([1, 2])),
        ("observed", pa.array([0, 1], pa.timestamp("us"))),  # no zone: it could be any of 26 hours
        ("observed", pa.array([0, 1], pa.timestamp("us", "Europe/Berlin"))),
        ("observed", pa.array([0, 1], pa.timestamp("ms", "UTC"))),
    ],
)
def test_a_column_of_another_type_is_refused(tmp_path: Path, column: str, values: pa.Array) -> None:
    put(tmp_path, OUTCOMES, replaced(table(), column, values))

    with pytest.raises(GatehouseError, match=f"column '{column}' is {values.type}, not ".replace("[", r"\[")):
        read(tmp_path, OUTCOMES, MODEL)


def test_how_text_is_encoded_and_list_items_are_called_does_not_matter(tmp_path: Path) -> None:
    found = table(SHADOW, shadow_rows([0, 1]))
    found = replaced(found, "model", found["model"].dictionary_encode())
    found = replaced(found, "request_id", found["request_id"].cast(pa.large_string()))
    items = pa.list_(pa.field("element", pa.float64()))
    put(tmp_path, SHADOW, replaced(found, "champion_prediction", found["champion_prediction"].cast(items)))

    rows = read(tmp_path, SHADOW, MODEL).dataset().to_table()

    assert rows.schema == SHADOW.schema()
    assert rows["model"].to_pylist() == [MODEL, MODEL]


@pytest.mark.parametrize("statistics", [True, False])
@pytest.mark.parametrize("column", ["request_id", "observed", "label"])
def test_a_missing_value_where_every_row_has_one_is_refused(tmp_path: Path, column: str, statistics: bool) -> None:
    path = put(tmp_path, OUTCOMES, table())
    type_ = table().schema.field(column).type
    wrong = replaced(table(), column, pa.array([table()[column][0].as_py(), None], type_))
    pq.write_table(wrong, path, write_statistics=statistics)

    with pytest.raises(GatehouseError, match=f"column '{column}' lacks values"):
        read(tmp_path, OUTCOMES, MODEL)


@pytest.mark.parametrize("statistics", [True, False])
def test_another_models_rows_are_refused(tmp_path: Path, statistics: bool) -> None:
    rows = exposure_rows(["u1", "u2"], [True, False], [0, 1], model=[MODEL, "churn"])
    pq.write_table(table(EXPOSURES, rows), put(tmp_path, EXPOSURES, table()), write_statistics=statistics)

    with pytest.raises(
        GatehouseError, match=r"exposures/1\.parquet holds rows of 'churn', in the folder of 'credit-ri"
    ):
        read(tmp_path, EXPOSURES, MODEL)


def test_a_file_without_rows_is_no_fault(tmp_path: Path) -> None:
    put(tmp_path, EXPOSURES, EXPOSURES.schema().empty_table())

    assert read(tmp_path, EXPOSURES, MODEL).dataset().count_rows() == 0


def test_a_group_that_one_file_lacks_is_unknown_there(tmp_path: Path) -> None:
    write(tmp_path, SHADOW, shadow_rows([0, 1], **{"group.region": ["north", None]}), "1")
    write(tmp_path, SHADOW, shadow_rows([2, 3], **{"group.age": ["old", "young"]}), "2")

    found = read(tmp_path, SHADOW, MODEL)

    assert found.groups == ("age", "region")
    assert found.dataset().to_table()["group.region"].to_pylist() == ["north", None, None, None]


def test_a_link_is_refused(tmp_path: Path) -> None:
    path = put(tmp_path, OUTCOMES, table())
    (path.parent / "2.parquet").symlink_to(path)

    with pytest.raises(GatehouseError, match=r"2\.parquet is a link"):
        read(tmp_path, OUTCOMES, MODEL)


def test_times_keep_their_moment(tmp_path: Path) -> None:
    write(tmp_path, OUTCOMES, {**outcome_rows(["a"], [1], [0]), "observed": [datetime(2026, 1, 2, 3, tzinfo=UTC)]})

    assert read(tmp_path, OUTCOMES, MODEL).dataset().to_table()["observed"][0].as_py() == datetime(
        2026, 1, 2, 3, tzinfo=UTC
    )
