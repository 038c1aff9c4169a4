"""The same rows come to the same batch, however they are written, alone or with others."""

from __future__ import annotations

import csv
import io
import json
import math
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.registry.signature import Column, Scalar, Signature, Tensor
from gatehouse.serve.protocols import inference, packed
from gatehouse.serve.protocols.scoring import Reader
from tests.serve.protocols import peer
from tests.serve.protocols.peer import CSV, JSON, body

TYPES = {"d": "double", "n": "long", "i": "integer", "s": "string", "t": "boolean"}
SIGNATURE = Signature(tuple(Column(name, Scalar(kind)) for name, kind in TYPES.items()))  # type: ignore[arg-type] # names of types
SCHEMA = pa.schema([("d", pa.float64()), ("n", pa.int64()), ("i", pa.int32()), ("s", pa.string()), ("t", pa.bool_())])
READER = Reader(SIGNATURE)
V2 = inference.Reader(SIGNATURE, ("predict",))
DATATYPES = {"d": "FP64", "n": "INT64", "i": "INT32", "s": "BYTES", "t": "BOOL"}
LONG, INTEGER = st.integers(-(2**63), 2**63 - 1), st.integers(-(2**31), 2**31 - 1)
# In CSV some words mean that nothing is there, and pandas' own line ends come back as others.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1, max_size=8).map(
    lambda text: f"_{text}"
)
ROW = st.tuples(st.floats(allow_nan=False, allow_infinity=False), LONG, INTEGER, TEXT, st.booleans())
FEW = settings(max_examples=100, deadline=None)


@FEW
@given(st.lists(ROW, min_size=1, max_size=4))
def test_every_form_of_the_same_rows_is_the_same_batch(rows: list[Any]) -> None:
    names = list(TYPES)
    records = [dict(zip(names, row, strict=True)) for row in rows]
    columns = {name: [record[name] for record in records] for name in names}
    expected = pa.RecordBatch.from_pydict(columns, schema=SCHEMA)
    tensors = [
        {"name": name, "shape": [len(rows)], "datatype": DATATYPES[name], "data": columns[name]} for name in names
    ]
    split = {"columns": names, "data": rows}
    backwards = {"columns": names[::-1], "data": [row[::-1] for row in rows]}
    for sent in (
        body("dataframe_split", split),
        body("dataframe_split", backwards),
        body("dataframe_records", records),
        body("instances", records),
        body("inputs", records),
        body("inputs", columns),
    ):
        assert READER.read(sent, JSON).batch.equals(expected)
    assert READER.read(written(names, rows), CSV).batch.equals(expected)
    assert V2.read(json.dumps({"inputs": tensors}).encode(), JSON).rows.batch.equals(expected)


def written(names: list[str], rows: list[Any]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([names, *rows])
    return out.getvalue().encode()


@FEW
@given(st.lists(st.lists(ROW, min_size=1, max_size=2), min_size=2, max_size=3))
def test_rows_of_several_requests_may_be_predicted_as_one_batch(requests: list[list[Any]]) -> None:
    names = list(TYPES)
    read = [READER.read(body("dataframe_split", {"columns": names, "data": rows}), JSON) for rows in requests]
    together = READER.read(body("dataframe_split", {"columns": names, "data": list(chain(*requests))}), JSON)
    assert all(rows.mergeable for rows in read)
    assert pa.concat_batches([rows.batch for rows in read]).equals(together.batch)


@FEW
@given(st.lists(st.lists(st.floats(width=32), min_size=4, max_size=4), min_size=1, max_size=4))
def test_a_tensor_arrives_in_the_model_as_it_was_sent(rows: list[list[float]]) -> None:
    signature = peer.of("tensor32")
    sent = body("inputs", [[row[:2], row[2:]] for row in rows])
    batch = Reader(peer.ours(signature)).read(sent, JSON).batch
    arrived = peer.arrived(batch, signature)
    assert arrived.dtype == np.float32
    np.testing.assert_array_equal(arrived, np.array(rows, dtype=np.float32).reshape(-1, 2, 2))


def test_a_tensor_that_fixes_how_many_rows_there_are_is_not_merged() -> None:
    fixed, free = (Reader(Signature((Tensor(None, "float64", (rows, 2)),))) for rows in (1, -1))
    sent = body("inputs", [[1, 2]])
    assert not fixed.read(sent, JSON).mergeable
    assert free.read(sent, JSON).mergeable


def test_a_request_with_params_is_not_merged() -> None:
    reader = Reader(peer.ours(peer.of("double", peer.PARAMS)))
    assert reader.read(body("inputs", [1]), JSON).mergeable
    found = reader.read(body("inputs", [1], params={"t": 1}), JSON)
    assert (found.params, found.mergeable) == ({"t": 1.0}, False)


def test_an_optional_column_changes_the_schema_so_that_such_rows_are_kept_apart() -> None:
    reader = Reader(peer.ours(peer.of("optional")))
    without = reader.read(body("inputs", [{"a": 1}]), JSON).batch
    with_it = reader.read(body("inputs", [{"a": 1, "b": 2}]), JSON).batch
    assert (without.schema.names, with_it.schema.names) == (["a"], ["a", "b"])


def test_one_reader_reads_requests_of_different_columns_one_after_the_other() -> None:
    reader = Reader(peer.ours(peer.of("two")))
    for columns, row in (
        (["a", "b"], [1, 2]),
        (["b", "a"], [2, 1]),
        (["z", "b", "a"], [0, 2, 1]),
        (["a", "b", "z"], [1, 2, 0]),
    ):
        for _ in range(2):
            batch = reader.read(body("dataframe_split", {"columns": columns, "data": [row]}), JSON).batch
            assert batch.to_pylist() == [{"a": 1.0, "b": 2.0}]


NUMBERS = pa.schema([("i", pa.int32()), ("f", pa.float32()), ("n", pa.int64()), ("d", pa.float64())])


@FEW
@given(INTEGER, st.floats(width=32), LONG, st.floats())
def test_a_packed_row_is_the_batch_that_arrow_would_build(i: int, f: float, n: int, d: float) -> None:
    row = (i, f, n, d)
    pack = packed.packer(NUMBERS)
    assert pack is not None
    found, expected = pack(row), pa.RecordBatch.from_pylist([dict(zip(NUMBERS.names, row, strict=True))], NUMBERS)
    assert found is not None
    found.validate(full=True)
    assert found.schema.equals(expected.schema)
    for one, other in zip(found.to_pylist()[0].values(), expected.to_pylist()[0].values(), strict=True):
        assert one == other or (math.isnan(one) and math.isnan(other))


@pytest.mark.parametrize("odd", [None, "1", [1], 2**63, -(2**63) - 1, 1.0])
def test_a_row_that_is_not_all_numbers_of_its_types_is_not_packed(odd: Any) -> None:
    pack = packed.packer(NUMBERS)
    assert pack is not None
    assert pack([1, 1.5, odd, 1.5]) is None
    assert pack([1, 1.5, 2]) is None


@pytest.mark.parametrize("kind", [pa.string(), pa.bool_(), pa.timestamp("ns")])
def test_other_columns_are_not_packed(kind: pa.DataType) -> None:
    assert packed.packer(pa.schema([("a", pa.float64()), ("b", kind)])) is None
