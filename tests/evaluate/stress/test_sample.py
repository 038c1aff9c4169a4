from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from gatehouse.evaluate.stress.sample import Sample, decoded, like, numbers, positions, seed_of
from tests.evaluate.stress.samples import mixed, wanted


def test_features_are_told_apart_by_what_can_be_done_to_them() -> None:
    sample = mixed()

    assert sample.numeric == ("income", "debt", "age", "children")
    assert sample.words == ("region", "city", "owner")
    assert sample.others == ("since", "constant")
    assert sample.nullable == ("income", "region")


def test_a_spread_is_that_of_the_finite_values() -> None:
    sample = Sample(pa.RecordBatch.from_pydict({"x": [1.0, 3.0, None, np.inf, np.nan]}), wanted("x"), 0)

    assert sample.spread["x"] == 1.0
    assert sample.bounds("x") == (1.0, 3.0)


def test_a_feature_without_a_finite_value_is_left_alone() -> None:
    sample = Sample(pa.RecordBatch.from_pydict({"x": pa.array([None, None], pa.float64())}), wanted("x"), 0)

    assert (sample.numeric, sample.others) == ((), ("x",))


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        (pa.array([1, 2, None], pa.int32()), [1.4, 1.6, 9.0], [1, 2, None]),
        (pa.array([1.0, None, 3.0], pa.float32()), [1.5, 2.5, 3.5], [1.5, None, 3.5]),
        (pa.array([1.0, float("inf")]), [2.0, 2.0], [2.0, float("inf")]),
    ],
)
def test_changed_numbers_keep_type_gaps_and_infinities(
    column: pa.Array, values: list[float], expected: list[float]
) -> None:
    made = like(column, np.array(values))
    assert made.type == column.type
    assert made.to_pylist() == expected


def test_what_is_not_a_number_stays_none() -> None:
    assert np.isnan(numbers(like(pa.array([1.0, float("nan")]), np.array([2.0, 2.0])))).tolist() == [False, True]


@pytest.mark.parametrize(("total", "rows"), [(10, 10), (10, 11), (1, 20)])
def test_a_table_no_larger_than_the_sample_is_taken_whole(total: int, rows: int) -> None:
    assert positions(total, rows, 1) == list(range(total))


def test_rows_are_drawn_once_each_in_order_and_the_same_way_again() -> None:
    drawn = positions(100_000, 2_000, 7)

    assert len(set(drawn)) == 2_000
    assert drawn == sorted(drawn)
    assert max(drawn) < 100_000
    assert drawn == positions(100_000, 2_000, 7)
    assert drawn != positions(100_000, 2_000, 8)


def test_a_seed_is_the_questions_and_no_other_ones() -> None:
    assert seed_of("a", "b") == seed_of("a", "b")
    assert len({seed_of("a", "b"), seed_of("b", "a"), seed_of("ab", ""), seed_of("a", "b", "")}) == 4


def test_each_purpose_has_a_stream_of_its_own() -> None:
    sample = mixed(10)

    assert sample.random("noise").random() == sample.random("noise").random()
    assert sample.random("noise").random() != sample.random("swap").random()
    assert sample.random("noise").random() != mixed(10, seed=2).random("noise").random()


def test_dictionaries_and_chunks_become_one_plain_batch() -> None:
    parts = [pa.table({"x": pa.array(words).dictionary_encode()}) for words in (["a", "b"], ["c", "a"])]

    batch = decoded(pa.concat_tables(parts))

    assert batch.schema.field("x").type == pa.string()
    assert batch.column("x").to_pylist() == ["a", "b", "c", "a"]
