from __future__ import annotations

import datetime

import numpy as np
import pyarrow as pa
import pytest

from gatehouse.declare.types import Banding
from gatehouse.errors import GatehouseError
from gatehouse.evaluate.statistics.groups import Coder, band_labels, sums_by_group


def _sizes(coder: Coder, codes: np.ndarray[tuple[int], np.dtype[np.int64]], depth: int = 1) -> dict[str, int]:
    by_cell = np.bincount(codes, minlength=coder.cells)
    return {
        str(group): int(size)
        for partition in coder.partitions(depth)
        for group, size in zip(partition.groups, sums_by_group(partition, by_cell), strict=True)
    }


def test_missing_is_a_group_of_its_own_whatever_the_type() -> None:
    batch = pa.record_batch(
        {
            "text": ["a", None, "b", "a"],
            "flag": [True, None, False, True],
            "number": [1.5, float("nan"), None, 1.5],
            "coded": pa.array(["x", None, "x", "y"]).dictionary_encode(),
            "day": [datetime.date(2024, 1, 2), None, None, datetime.date(2024, 1, 2)],
        }
    )
    coder = Coder(batch.schema.names)
    assert _sizes(coder, coder.code(batch)) == {
        "text=a": 2, "text=b": 1, "text=missing": 1,
        "flag=false": 1, "flag=missing": 1, "flag=true": 2,
        "number=1.5": 2, "number=missing": 2,
        "coded=missing": 1, "coded=x": 2, "coded=y": 1,
        "day=2024-01-02": 2, "day=missing": 2,
    }  # fmt: skip


def test_a_null_inside_a_dictionary_is_missing_too() -> None:
    array = pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), pa.array(["x", None]))
    coder = Coder(("g",))
    codes = coder.code(pa.RecordBatch.from_arrays([array], ["g"]))
    assert _sizes(coder, codes) == {"g=missing": 2, "g=x": 1}


def test_a_band_holds_its_lower_edge_and_not_its_upper() -> None:
    batch = pa.record_batch({"age": [24.999, 25.0, 64.0, 65.0, None, float("nan")]})
    coder = Coder((Banding("age_band", "age", (25.0, 65.0)),))
    assert _sizes(coder, coder.code(batch)) == {
        "age_band=25 to 65": 2,
        "age_band=< 25": 1,
        "age_band=>= 65": 1,
        "age_band=missing": 2,
    }
    assert band_labels([25]) == ["< 25", ">= 25"]


def test_intersections_go_up_to_their_depth_and_hold_what_occurs() -> None:
    batch = pa.record_batch({"a": ["x", "x", "y"], "b": ["1", "2", "1"], "c": ["p", "p", "p"]})
    coder = Coder(("a", "b", "c"))
    codes = coder.code(batch)
    assert len(coder.partitions(1)) == 3
    assert len(coder.partitions(2)) == 6
    pairs = _sizes(coder, codes, 2)
    assert pairs["a=x & b=1"] == 1
    assert "a=y & b=2" not in pairs
    assert _sizes(coder, codes, 3)["a=x & b=2 & c=p"] == 1
    assert len(coder.partitions(9)) == 7


def test_batches_that_know_different_values_agree_after_a_merge() -> None:
    one, other = Coder(("a",)), Coder(("a",))
    first = one.code(pa.record_batch({"a": ["x", "y"]}))
    second = other.code(pa.record_batch({"a": ["z", "y"]}))
    mapped = one.absorb(other)[second]
    assert _sizes(one, np.concatenate([first, mapped])) == {"a=x": 1, "a=y": 2, "a=z": 1}
    again = Coder(("a",))
    again.load(one.to_bytes())
    assert again.partitions()[0].groups == one.partitions()[0].groups


def test_no_group_columns_are_one_cell() -> None:
    coder = Coder()
    assert coder.code(pa.record_batch({"a": [1, 2]})).tolist() == [0, 0]
    assert coder.partitions(2) == ()


def test_an_identifier_is_no_group() -> None:
    with pytest.raises(GatehouseError, match=r"group id: 20,001 different values are no groups") as caught:
        Coder(("id",)).code(pa.record_batch({"id": np.arange(20_000)}))
    assert "bands" in caught.value.fix


def test_identifiers_are_noticed_over_many_batches_and_columns() -> None:
    coder = Coder(("a", "b"))
    batches = [pa.record_batch({"a": np.arange(5000) + 5000 * i, "b": np.arange(5000)}) for i in range(3)]
    coder.code(batches[0])
    coder.code(batches[1])
    with pytest.raises(GatehouseError, match="group a x b"):
        coder.code(batches[2])


def test_an_absent_or_textual_column_is_named() -> None:
    with pytest.raises(GatehouseError, match="group column 'b' is not in the table"):
        Coder(("b",)).code(pa.record_batch({"a": [1]}))
    with pytest.raises(GatehouseError, match="column 'a' is not a number"):
        Coder((Banding("band", "a", (1.0,)),)).code(pa.record_batch({"a": ["old"]}))
