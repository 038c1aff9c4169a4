from __future__ import annotations

import pyarrow as pa
import pytest

from gatehouse.errors import GatehouseError
from gatehouse.runtime import wire
from gatehouse.runtime.outgoing import Outgoing

PLAIN = pa.table({"x": [1, 2, 3], "y": ["a", "b", None]})


def test_a_table_of_many_chunks_is_one_batch_of_the_same_rows() -> None:
    batch = Outgoing()(pa.concat_tables([PLAIN, PLAIN.slice(1)]))

    assert batch.to_pydict() == {"x": [1, 2, 3, 2, 3], "y": ["a", "b", None, "b", None]}


def test_an_empty_table_is_a_batch_without_rows() -> None:
    assert Outgoing()(PLAIN.schema.empty_table()).num_rows == 0
    assert Outgoing()(PLAIN.slice(0, 0)).schema == PLAIN.schema


def test_dictionaries_and_metadata_stay_behind_whichever_schema_came_before() -> None:
    outgoing = Outgoing()
    encoded = PLAIN.set_column(1, "y", PLAIN["y"].dictionary_encode()).replace_schema_metadata({"label": "hint"})

    for table in (PLAIN, encoded, encoded.slice(1), PLAIN.replace_schema_metadata({"label": "hint"}), PLAIN):
        batch = outgoing(table)
        assert batch.schema.equals(PLAIN.schema, check_metadata=True)
        assert batch.to_pylist() == table.to_pylist()


def test_a_batch_just_as_large_as_a_message_is_sent_and_one_above_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = PLAIN.select(["x"]).to_batches()[0]
    monkeypatch.setattr(wire, "BODY_LIMIT", batch.nbytes)
    Outgoing()(batch)
    monkeypatch.setattr(wire, "BODY_LIMIT", batch.nbytes - 1)
    with pytest.raises(GatehouseError, match="3 rows take 24 bytes, more than 23"):
        Outgoing()(batch)


def test_a_table_that_no_single_batch_holds_is_refused_rather_than_cut_short() -> None:
    # Lists of nothing: as long as an offset can count, and without a byte of memory.
    length = 2**31 - 2
    row = pa.ListArray.from_arrays(pa.array([0, length], pa.int32()), pa.nulls(length))
    with pytest.raises(GatehouseError, match="2 rows do not fit one batch"):
        Outgoing()(pa.table({"x": pa.chunked_array([row, row])}))
