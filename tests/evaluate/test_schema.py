from __future__ import annotations

from typing import Any, cast

import pyarrow as pa
import pytest

from gatehouse.evaluate.schema import Finding, Fit, compare
from gatehouse.registry.signature import Array, Column, DataType, Field, Map, Object, Scalar, Signature, Tensor


def fit(wanted: Any, found: Any, nulls: int = 0, required: bool = True) -> Fit:
    kind: DataType = Scalar(cast(Any, wanted)) if isinstance(wanted, str) else wanted
    signature = Signature((Column("x", kind, required),))
    (finding,) = compare(signature, pa.schema([("x", found)]), {"x": nulls})
    return finding.fit


@pytest.mark.parametrize(
    ("wanted", "found", "expected"),
    [
        ("double", pa.float64(), Fit.SAME),
        ("double", pa.float32(), Fit.WIDENED),
        ("double", pa.int32(), Fit.WIDENED),
        ("double", pa.int64(), Fit.MISTYPED),  # above 2**53 neighbours become equal
        ("float", pa.float64(), Fit.MISTYPED),
        ("long", pa.int64(), Fit.SAME),
        ("long", pa.int8(), Fit.WIDENED),
        ("long", pa.uint32(), Fit.SAME),
        ("long", pa.uint64(), Fit.MISTYPED),
        ("integer", pa.int64(), Fit.MISTYPED),
        ("integer", pa.uint16(), Fit.SAME),
        ("integer", pa.bool_(), Fit.WIDENED),
        ("boolean", pa.bool_(), Fit.SAME),
        ("boolean", pa.int32(), Fit.MISTYPED),
        ("string", pa.string(), Fit.SAME),
        ("string", pa.large_string(), Fit.SAME),
        ("string", pa.dictionary(pa.int8(), pa.string()), Fit.SAME),
        ("string", pa.int32(), Fit.MISTYPED),
        ("double", pa.null(), Fit.MISTYPED),
        ("double", pa.decimal128(9, 2), Fit.MISTYPED),
        ("datetime", pa.timestamp("us"), Fit.SAME),
        ("datetime", pa.date32(), Fit.SAME),
        ("binary", pa.binary(), Fit.SAME),
        ("any", pa.decimal128(9, 2), Fit.SAME),
    ],
)
def test_a_type_suits_where_nothing_is_lost(wanted: str, found: Any, expected: Fit) -> None:
    assert fit(wanted, found) is expected


@pytest.mark.parametrize("wanted", ["boolean", "integer", "long"])
@pytest.mark.parametrize(("nulls", "required", "bad"), [(0, True, False), (1, True, True), (1, False, False)])
def test_a_type_that_cannot_be_missing_is_not_to_be(wanted: str, nulls: int, required: bool, bad: bool) -> None:
    found = {"boolean": pa.bool_(), "integer": pa.int32(), "long": pa.int64()}[wanted]

    assert (fit(wanted, found, nulls, required) is Fit.NULLS) == bad


def test_floats_and_text_can_be_missing() -> None:
    assert fit("double", pa.float64(), 5) is Fit.SAME
    assert fit("string", pa.string(), 5) is Fit.SAME


def test_how_many_are_missing_is_said() -> None:
    (found,) = compare(Signature((Column("n", Scalar("long")),)), pa.schema([("n", pa.int32())]), {"n": 1_200})

    assert found == Finding("n", Fit.NULLS, "long", "integer with 1,200 missing")


OBJECT = Object((Field("a", Scalar("double")), Field("b", Scalar("string"), required=False)))


@pytest.mark.parametrize(
    ("wanted", "found", "expected"),
    [
        (Array(Scalar("double")), pa.list_(pa.float64()), Fit.SAME),
        (Array(Scalar("double")), pa.large_list(pa.float32()), Fit.WIDENED),
        (Array(Scalar("double")), pa.list_(pa.string()), Fit.MISTYPED),
        (Array(Scalar("double")), pa.float64(), Fit.MISTYPED),
        (Array(Array(Scalar("long"))), pa.list_(pa.list_(pa.int64(), 3)), Fit.SAME),
        (Map(Scalar("long")), pa.map_(pa.string(), pa.int64()), Fit.SAME),
        (Map(Scalar("long")), pa.map_(pa.string(), pa.string()), Fit.MISTYPED),
        (OBJECT, pa.struct([("a", pa.float64()), ("b", pa.string())]), Fit.SAME),
        (OBJECT, pa.struct([("a", pa.float32())]), Fit.WIDENED),
        (OBJECT, pa.struct([("b", pa.string())]), Fit.MISTYPED),
        (OBJECT, pa.struct([("a", pa.float64()), ("b", pa.int64())]), Fit.MISTYPED),
    ],
)
def test_of_a_nested_type_the_worst_part_decides(wanted: Any, found: Any, expected: Fit) -> None:
    assert fit(wanted, found) is expected


def test_columns_of_either_side_are_found_in_order() -> None:
    signature = Signature(
        (Column("a", Scalar("double")), Column("b", Scalar("string"), required=False), Column("c", Scalar("long")))
    )
    table = pa.schema([("z", pa.bool_()), ("c", pa.int64())])

    assert compare(signature, table, {}) == (
        Finding("a", Fit.MISSING, "double", None),
        Finding("b", Fit.OPTIONAL, "string", None),
        Finding("c", Fit.SAME, "long", "long"),
        Finding("z", Fit.EXTRA, None, "boolean"),
    )


def test_columns_without_names_go_by_position() -> None:
    signature = Signature((Column(None, Scalar("double")), Column(None, Scalar("string"))))

    found = compare(signature, pa.schema([("income", pa.float64())]), {})

    assert [(one.column, one.fit) for one in found] == [("income", Fit.SAME), ("column 2", Fit.MISSING)]


@pytest.mark.parametrize(
    ("shape", "dtype", "found", "expected"),
    [
        ((-1,), "float64", pa.float64(), Fit.SAME),
        ((-1, 28), "float32", pa.list_(pa.float32()), Fit.SAME),
        ((-1, 28, 28), "float64", pa.list_(pa.list_(pa.float32())), Fit.WIDENED),
        ((-1, 28), "float32", pa.float32(), Fit.MISTYPED),
        ((-1, 28), "int64", pa.list_(pa.float64()), Fit.MISTYPED),
        ((-1,), "complex128", pa.float64(), Fit.SAME),  # a type that a table has no word for
    ],
)
def test_a_tensor_is_a_column_of_lists(shape: tuple[int, ...], dtype: str, found: Any, expected: Fit) -> None:
    (finding,) = compare(Signature((Tensor("image", dtype, shape),)), pa.schema([("image", found)]), {})

    assert finding.fit is expected


def test_a_tensor_without_a_name_is_the_tables_one_list_column() -> None:
    table = pa.schema([("id", pa.int64()), ("image", pa.list_(pa.float64()))])

    found = compare(Signature((Tensor(None, "float64", (-1, 4)),)), table, {})

    assert found[0] == Finding("image", Fit.SAME, "array of double", "array of double")
