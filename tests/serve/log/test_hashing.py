"""The features' hash: held against vectors.json, whose contents were put together by hand."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.serve.log.hashing import hashes

VECTORS = {one["rule"]: one for one in json.loads(Path(__file__).with_name("vectors.json").read_text())}
NOTHING = pa.RecordBatch.from_struct_array(pa.array([{}], pa.struct([])))
_BERLIN = pa.timestamp("s", "Europe/Berlin")
COLUMNS: dict[str, list[dict[str, Any]]] = {
    "one number": [{"amount": pa.array([1.5])}, {"amount": pa.array([1.5], pa.float32())}],
    "a whole number in any type": [
        {"amount": pa.array([2], kind)} for kind in (pa.int8(), pa.uint64(), pa.int64(), pa.float32(), pa.float64())
    ]
    + [{"amount": pa.array([Decimal("2.00")])}],
    "zero, also where it is negative": [{"amount": pa.array([-0.0])}, {"amount": pa.array([0])}],
    "infinity": [{"amount": pa.array([math.inf])}],
    "a number that no double holds": [
        {"amount": pa.array([2**53 + 1])},
        {"amount": pa.array([2**53 + 1], pa.uint64())},
        {"amount": pa.array([Decimal(2**53 + 1)])},
    ],
    "a decimal that no double holds": [
        {"amount": pa.array([Decimal("0.1")])},
        {"amount": pa.array([Decimal("0.100")])},
    ],
    "order and what is missing do not matter": [
        {"a": pa.array([True]), "b": pa.array(["é"])},
        {"b": pa.array(["é"]).dictionary_encode(), "a": pa.array([True])},
        {
            "nan": pa.array([math.nan]),
            "none": pa.array([None], pa.int64()),
            "null": pa.nulls(1),
            "b": pa.array(["é"], pa.large_string()),
            "a": pa.array([True]),
        },
    ],
    "bytes": [{"raw": pa.array([b"\0\xff"])}],
    "a moment": [
        {"at": pa.array([datetime(2026, 3, 2, 8, tzinfo=UTC)], kind)} for kind in (_BERLIN, pa.timestamp("ns", "UTC"))
    ],
    "a wall clock": [{"at": pa.array([datetime(2026, 3, 2, 8)], pa.timestamp("ms"))}],  # noqa: DTZ001
    "a date": [{"on": pa.array([date(2026, 3, 2)], kind)} for kind in (pa.date32(), pa.date64())],
    "a time of day": [{"at": pa.array([time(1)], kind)} for kind in (pa.time32("s"), pa.time64("us"))],
    "a duration": [{"took": pa.array([timedelta(milliseconds=1)], pa.duration("us"))}],
    "a list": [
        {"x": pa.array([[1.0, None, 3.0]])},
        {"x": pa.array([[1, None, 3]], pa.large_list(pa.int16()))},
        {"x": pa.array([[1, math.nan, 3]], pa.list_(pa.float64(), 3))},
    ],
    "an object, and a map of the same": [
        {"o": pa.array([{"b": 2, "n": None, "a": 1.0}])},
        {"o": pa.array([[("b", 2.0), ("n", None), ("a", 1.0)]], pa.map_(pa.string(), pa.float64()))},
    ],
}


@pytest.mark.parametrize("rule", [rule for rule in VECTORS if rule != "no features"])
@pytest.mark.parametrize("rows", [1, 3, 9])
def test_the_hash_is_that_of_the_contents_put_together_by_hand(rule: str, rows: int) -> None:
    vector = VECTORS[rule]
    assert blake2b(bytes.fromhex(vector["content"]), digest_size=16).hexdigest() == vector["hash"]
    for columns in COLUMNS[rule]:
        repeated = {name: pa.concat_arrays([array] * rows) for name, array in columns.items()}
        assert hashes(pa.record_batch(repeated)) == [vector["hash"]] * rows


def test_no_features_have_a_hash_too() -> None:
    assert hashes(NOTHING) == [VECTORS["no features"]["hash"]]
    assert hashes(pa.record_batch({"a": pa.nulls(2)})) == [VECTORS["no features"]["hash"]] * 2
    assert hashes(pa.record_batch({"a": pa.array([], pa.int64())})) == []


def test_other_values_names_and_kinds_have_other_hashes() -> None:
    columns = [
        {"a": pa.array([value])} for value in (1, 1.5, True, "1", b"1", date(1970, 1, 2), [1.0], {"a": 1.0}, "", [None])
    ]
    columns += [{"b": pa.array([1])}, {"a": pa.array([1]), "b": pa.array([1])}, {"ab": pa.array([1])}]
    columns += [{"a": pa.array(["b"]), "c": pa.array(["d"])}, {"a": pa.array(["bc"]), "": pa.array(["d"])}]
    found = [hashes(pa.record_batch(one))[0] for one in columns]
    assert len(set(found)) == len(found)


def test_json_and_csv_of_the_same_row_agree() -> None:
    typed = pa.schema([("amount", pa.float64()), ("n", pa.int64()), ("region", pa.string())])
    rows = [{"region": "north", "n": 3, "amount": 2.5}, {"amount": None, "region": "", "n": 4}]
    csv = pa.csv.read_csv(
        pa.BufferReader(b"n,region,amount\n3,north,2.5\n4,,\n"),
        convert_options=pa.csv.ConvertOptions(column_types=typed),
    )
    assert hashes(pa.RecordBatch.from_pylist(rows, typed)) == hashes(csv.to_batches()[0])


@pytest.mark.parametrize(
    "array",
    [
        pa.array([[(1, 2.0)]], pa.map_(pa.int64(), pa.float64())),
        pa.array([(1, 2, 3)], pa.month_day_nano_interval()),
    ],
)
def test_a_type_that_no_feature_has_is_refused(array: pa.Array) -> None:
    with pytest.raises(ValueError, match=r"no text|no feature"):
        hashes(pa.record_batch({"a": array}))


def test_a_column_named_twice_and_bottomless_nesting_are_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        hashes(pa.RecordBatch.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]))
    deep = pa.array([1.0])
    for _ in range(40):
        deep = pa.ListArray.from_arrays([0, 1], deep)
    with pytest.raises(ValueError, match="deep"):
        hashes(pa.record_batch({"a": deep}))


@given(
    st.lists(st.tuples(st.floats(), st.integers(-(2**63), 2**63 - 1), st.text()), min_size=1, max_size=12), st.data()
)
@settings(max_examples=50, deadline=None)
def test_a_row_hashes_alone_as_among_others_and_in_any_order_of_columns(
    rows: list[tuple[float, int, str]], data: st.DataObject
) -> None:
    names = data.draw(st.permutations(["x", "n", "t", "l", "o"]))
    columns = {
        "x": pa.array([row[0] for row in rows]),
        "n": pa.array([row[1] for row in rows], pa.int64()),
        "t": pa.array([row[2] for row in rows]),
        "l": pa.array([[row[0], row[1] % 7] if row[1] % 2 else None for row in rows], pa.list_(pa.float64())),
        "o": pa.array([{"a": row[0], "b": row[2]} if row[1] % 3 else None for row in rows]),
    }
    columns["o"] = columns["o"].cast(pa.struct([("a", pa.float64()), ("b", pa.string())]))
    whole = pa.record_batch(columns)

    together = hashes(whole.select(names))

    assert together == [hashes(whole.slice(at, 1))[0] for at in range(len(rows))]
    assert together == hashes(pa.record_batch(dict(reversed(columns.items()))))


@pytest.mark.parametrize("kind", [pa.list_(pa.float64()), pa.list_(pa.float64(), 2), pa.large_list(pa.float64())])
def test_a_missing_list_shifts_no_other(kind: pa.DataType) -> None:
    rows = [[1.0, 2.0], None, [3.0, 4.0]]
    found = hashes(pa.record_batch({"x": pa.array(rows, kind)}))
    assert found == [hashes(pa.record_batch({"x": pa.array([row], pa.list_(pa.float64()))}))[0] for row in rows]
