from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from gatehouse.errors import GatehouseError, NotFound
from gatehouse.evaluate.engines.embedded import BATCH_ROWS, Embedded

TABLE = pa.table({"a": [1, 2, 3], "b": ["x", None, "z"]})


def opened(path: Path) -> pa.Table:
    return pa.Table.from_batches(Embedded().open(str(path), "data/it").batches())


def test_each_format_gives_the_same_rows(tmp_path: Path) -> None:
    pq.write_table(TABLE, tmp_path / "t.parquet")
    feather.write_feather(TABLE, tmp_path / "t.feather")
    (tmp_path / "t.csv").write_text("a,b\n1,x\n2,\n3,z\n")

    for name in ("t.parquet", "t.feather", "t.csv"):
        assert opened(tmp_path / name).to_pydict() == TABLE.to_pydict(), name


def test_a_folder_is_its_files_in_order_whatever_else_lies_there(tmp_path: Path) -> None:
    for part, rows in (("2", [3, 4]), ("1", [1, 2])):
        (tmp_path / part).mkdir()
        pq.write_table(pa.table({"a": rows}), tmp_path / part / "part.parquet")
    (tmp_path / "_SUCCESS").touch()

    table = Embedded().open(str(tmp_path))

    assert table.count() == 4
    assert [batch.column(0).to_pylist() for batch in table.batches()] == [[1, 2], [3, 4]]


def test_rows_come_in_batches_of_the_columns_asked_for_and_more_than_once(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": range(BATCH_ROWS + 5), "b": range(BATCH_ROWS + 5)}), tmp_path / "t.parquet")
    table = Embedded().open(str(tmp_path / "t.parquet"))

    for _ in range(2):
        batches = list(table.batches(["b"]))
        assert [batch.num_rows for batch in batches] == [BATCH_ROWS, 5]
        assert {tuple(batch.schema.names) for batch in batches} == {("b",)}
    # Not even one column still has rows.
    assert sum(batch.num_rows for batch in table.batches([])) == BATCH_ROWS + 5


@pytest.mark.parametrize("content", ["", "a,b\n"])
def test_an_empty_table_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "t.csv").write_text(content)

    with pytest.raises(GatehouseError, match="data/it: has no rows"):
        opened(tmp_path / "t.csv")


def test_an_empty_parquet_is_told(tmp_path: Path) -> None:
    pq.write_table(TABLE.slice(0, 0), tmp_path / "t.parquet")

    with pytest.raises(GatehouseError, match="data/it: has no rows"):
        opened(tmp_path / "t.parquet")


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="data/it: no such file or folder"):
        opened(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"t.xlsx": "x"}, "data/it: not a table that can be read"),
        ({"readme.md": "x"}, "data/it: not a table that can be read"),
        ({"a.csv": "a\n1\n", "b.parquet": "x"}, "data/it: holds csv and parquet files together"),
        ({"a.parquet": "this is no parquet"}, "data/it: cannot be read: "),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(tmp_path: Path, files: dict[str, str], why: str) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)

    with pytest.raises(GatehouseError) as raised:
        opened(tmp_path)
    assert raised.value.message.startswith(why)
    assert str(tmp_path) not in raised.value.message
    assert "\n" not in raised.value.message
    assert len(raised.value.message) < 250


def test_a_file_that_breaks_off_in_the_middle_is_told_when_it_is_reached(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n" + "1,2\n" * 300_000 + "1,2,3\n")

    with pytest.raises(GatehouseError, match="data/it: cannot be read: "):
        opened(tmp_path / "t.csv")
