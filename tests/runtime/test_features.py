from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema, TensorSpec
from mlflow.types.schema import Array as ArrayType

from gatehouse.runtime.features import converter


def signature(*columns: tuple[str, Any]) -> ModelSignature:
    return ModelSignature(Schema([ColSpec(kind, name) for name, kind in columns]))


def converted(table: pa.Table, asked: ModelSignature | None = None) -> Any:
    batch = table.combine_chunks().to_batches()[0]
    return converter(asked, batch.schema)(batch)


def tensor(shape: tuple[int, ...], kind: str = "float32", name: str | None = None) -> TensorSpec:
    return TensorSpec(np.dtype(kind), shape, name)


def test_without_a_signature_a_table_is_what_pandas_would_have_read() -> None:
    table = pa.table({"b": [1, None], "a": ["x", None], "c": [True, False], "d": [[1, 2], [3]], "e": [{"k": 1}] * 2})

    frame = converted(table)

    pd.testing.assert_frame_equal(frame, table.to_pandas())
    assert list(frame.columns) == ["b", "a", "c", "d", "e"]


def test_an_index_kept_in_the_metadata_stays_a_column() -> None:
    table = pa.Table.from_pandas(pd.DataFrame({"x": [1.0, 2.0], "key": ["a", "b"]}).set_index("key"))

    assert sorted(converted(table).columns) == ["key", "x"]


def test_columns_come_in_the_order_of_the_signature_without_the_others() -> None:
    table = pa.table({"c": [1], "b": [2.0], "a": [3.0]})

    assert list(converted(table, signature(("a", DataType.double), ("b", DataType.double))).columns) == ["a", "b"]


def test_a_missing_column_is_left_for_pyfunc_to_name() -> None:
    assert list(converted(pa.table({"b": [1.0]}), signature(("a", DataType.double), ("b", DataType.double)))) == ["b"]


@pytest.mark.parametrize(
    ("given", "asked", "kind"),
    [
        (pa.int64(), DataType.double, "float64"),
        (pa.uint64(), DataType.double, "float64"),
        (pa.int8(), DataType.float, "float32"),
        (pa.int64(), DataType.integer, "int32"),
        (pa.uint8(), DataType.long, "int64"),
        (pa.float32(), DataType.double, "float32"),
        (pa.float64(), DataType.float, "float64"),
        (pa.float64(), DataType.long, "float64"),
        (pa.int64(), DataType.boolean, "int64"),
    ],
)
def test_only_whole_numbers_are_converted_where_no_value_changes(given: pa.DataType, asked: Any, kind: str) -> None:
    frame = converted(pa.table({"x": pa.array([0, 1, 7], given)}), signature(("x", asked)))

    assert str(frame["x"].dtype) == kind
    assert frame["x"].tolist() == [0, 1, 7]


@pytest.mark.parametrize(
    ("value", "asked"), [(2**31, DataType.integer), (2**53 + 1, DataType.double), (2**24 + 1, DataType.float)]
)
def test_a_whole_number_that_would_change_is_refused(value: int, asked: Any) -> None:
    with pytest.raises(pa.ArrowInvalid, match=str(value)):
        converted(pa.table({"x": [value]}), signature(("x", asked)))


@pytest.mark.parametrize(
    ("asked", "kind"), [(DataType.double, "float64"), (DataType.string, "str"), (DataType.boolean, "object")]
)
def test_a_column_with_nothing_in_it_takes_the_type_asked_for(asked: Any, kind: str) -> None:
    frame = converted(pa.table({"x": pa.nulls(2)}), signature(("x", asked)))

    assert str(frame["x"].dtype) == kind
    assert frame["x"].isna().all()


def test_whole_numbers_with_gaps_become_floats_for_pyfunc_to_judge() -> None:
    frame = converted(pa.table({"x": [1, None]}), signature(("x", DataType.long)))

    assert str(frame["x"].dtype) == "float64"


def test_columns_without_names_are_taken_by_their_place() -> None:
    unnamed = ModelSignature(Schema([ColSpec(DataType.double), ColSpec(DataType.string)]))

    frame = converted(pa.table({"x": [1, 2], "y": ["a", "b"]}), unnamed)

    assert [str(kind) for kind in frame.dtypes] == ["float64", "str"]


def test_nested_columns_are_left_as_they_are() -> None:
    frame = converted(pa.table({"x": [[1.0, 2.0], [3.0]]}), signature(("x", ArrayType(DataType.double))))

    assert [row.tolist() for row in frame["x"]] == [[1.0, 2.0], [3.0]]


def test_a_tensor_is_made_of_columns_side_by_side() -> None:
    table = pa.table({"a": [1.0, 2.0], "b": [3, 4]})

    array = converted(table, ModelSignature(Schema([tensor((-1, 2))])))

    assert array.dtype == np.float32
    assert array.tolist() == [[1.0, 3.0], [2.0, 4.0]]


@pytest.mark.parametrize("kind", [pa.list_(pa.float64()), pa.list_(pa.float64(), 4), pa.large_list(pa.float64())])
def test_a_tensor_is_made_of_a_column_of_lists(kind: pa.DataType) -> None:
    table = pa.table({"pixels": pa.array([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]], kind)})

    array = converted(table, ModelSignature(Schema([tensor((-1, 2, 2), "float64")])))

    assert array.tolist() == [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]


def test_a_slice_of_a_tensor_column_is_that_slice() -> None:
    table = pa.table({"pixels": pa.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], pa.list_(pa.float64(), 2))})

    assert converted(table.slice(1, 1), ModelSignature(Schema([tensor((-1, 2))]))).tolist() == [[3.0, 4.0]]


def test_named_tensors_are_a_dictionary() -> None:
    table = pa.table({"b": [1, 2], "a": [[1.0, 2.0], [3.0, 4.0]]})

    found = converted(table, ModelSignature(Schema([tensor((-1, 2), name="a"), tensor((-1,), "int64", "b")])))

    assert {name: array.tolist() for name, array in found.items()} == {"a": [[1.0, 2.0], [3.0, 4.0]], "b": [1, 2]}


@pytest.mark.parametrize("rows", [[[1.0], [1.0, 2.0]], [[1.0], None]])
def test_lists_of_different_lengths_are_no_tensor(rows: list[Any]) -> None:
    with pytest.raises(ValueError, match="shape"):
        converted(pa.table({"x": rows}), ModelSignature(Schema([tensor((-1, 2))])))


def test_a_tensor_that_is_missing_is_named() -> None:
    with pytest.raises(ValueError, match="lack the tensors a"):
        converted(pa.table({"x": [1.0]}), ModelSignature(Schema([tensor((-1,), name="a")])))
