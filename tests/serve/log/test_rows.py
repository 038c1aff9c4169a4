"""Rows: whatever a router hands over either comes back as it was or is counted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.runtime.answer import Answer
from gatehouse.serve.log.hashing import hashes
from gatehouse.serve.log.rows import (
    ERROR_LIMIT,
    KIND_OF,
    TIME_LIMIT,
    Exposure,
    Features,
    Outcome,
    Pair,
    batch,
    predictions,
    weight,
)
from tests.serve.log.made import MODEL, exposure, outcome, pair


@pytest.mark.parametrize("type_", [Exposure, Pair, Outcome], ids=lambda type_: type_.__name__)
def test_the_fields_are_the_columns_that_are_documented_less_the_model(type_: Any) -> None:
    columns = [column.name for column in KIND_OF[type_].columns]
    assert [field for field in type_._fields if field != "groups"] == [one for one in columns if one != "model"]


_text = st.text(st.characters(exclude_categories=()))
_number = st.one_of(st.floats(), st.integers(-(2**53), 2**53))
_exposures = st.builds(
    exposure,
    request=_text,
    time=st.integers(0, TIME_LIMIT - 1),
    unit=st.none() | _text,
    share=st.none() | _number,
    version=st.integers(1, 2**63 - 1),
    prediction=st.none() | st.lists(_number, max_size=5),
    latency_ms=_number,
    status=st.integers(-(2**31), 2**31 - 1),
    error=st.none() | _text,
)


@given(st.lists(_exposures, min_size=1, max_size=8))
@settings(max_examples=100, deadline=None)
def test_any_row_of_the_right_types_comes_back_as_it_was(rows: list[Exposure]) -> None:
    made, failed = batch(MODEL, rows)
    assert failed == 0
    assert made.column("time").cast(pa.int64()).to_pylist() == [row.time for row in rows]
    for row, found in zip(rows, made.to_pylist(), strict=True):
        for name, value in row._asdict().items():
            assert name == "time" or comparable(found[name]) == comparable(value), name


def comparable(value: Any) -> Any:
    """So that NaN is like itself, a tuple like a list, and half a character like its name."""
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, list | tuple):
        return [comparable(one) for one in value]
    return "nan" if value != value else value


_anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), _text, st.binary(), st.lists(st.none() | st.floats() | _text)
)


@given(st.lists(st.tuples(st.sampled_from(Exposure._fields), _anything), max_size=3))
@settings(max_examples=200, deadline=None)
def test_a_row_of_any_values_never_raises_and_takes_no_other_with_it(changes: list[tuple[str, Any]]) -> None:
    odd = exposure("odd")._replace(**dict(changes))
    made, failed = batch(MODEL, [exposure("before"), odd, exposure("after")])
    kept = made.column("request_id").to_pylist()
    assert made.num_rows + failed == 3
    assert (kept[0], kept[-1]) == ("before", "after")
    made.validate(full=True)


def test_numbers_of_any_making_are_taken() -> None:
    rows = [exposure(prediction=one) for one in ([1], (0.5,), np.array([0.25, 0.75]), [], None, (math.nan, -math.inf))]
    made, failed = batch(MODEL, rows)
    assert failed == 0
    assert made.column("prediction").to_pylist()[:5] == [[1.0], [0.5], [0.25, 0.75], [], None]


@pytest.mark.parametrize("length", [ERROR_LIMIT, ERROR_LIMIT + 1, 10 * ERROR_LIMIT])
def test_an_error_is_cut_to_its_limit_and_shows_it(length: int) -> None:
    made, _ = batch(MODEL, [exposure(error="e" * length)])
    said = made.column("error")[0].as_py()
    assert len(said) == min(length, ERROR_LIMIT)
    assert said.endswith("…") == (length > ERROR_LIMIT)


@pytest.mark.parametrize(("time", "kept"), [(0, 1), (TIME_LIMIT - 1, 1), (-1, 0), (TIME_LIMIT, 0)])
def test_a_time_that_no_calendar_has_is_refused(time: int, kept: int) -> None:
    assert batch(MODEL, [exposure(time=time)])[0].num_rows == kept
    assert batch(MODEL, [outcome(observed=time)])[0].num_rows == kept


def test_groups_that_a_row_lacks_are_unknown_there() -> None:
    rows = [pair(groups=(("region", "north"),)), pair(), pair(groups=(("age", None), ("region", "south")))]
    made, _ = batch(MODEL, rows, ("age", "region"))
    assert made.column("group.region").to_pylist() == ["north", None, "south"]
    assert made.column("group.age").to_pylist() == [None, None, None]


def test_features_are_hashed_however_the_rows_share_their_batches() -> None:
    one = pa.record_batch({"a": [1.0, 2.0, None], "b": ["x", "y", "z"]})
    same, other = one.slice(1, 1), pa.record_batch({"b": ["x"], "a": [1]})
    rows = [Features(one, 2), None, Features(one, 0), "given", Features(same, 0), Features(other, 0)]
    made, _ = batch(MODEL, [exposure(features_hash=value) for value in rows])
    known = hashes(one)
    assert made.column("features_hash").to_pylist() == [known[2], None, known[0], "given", known[1], known[0]]


def test_features_that_have_no_hash_leave_it_out() -> None:
    odd = pa.record_batch({"a": pa.array([(1, 2, 3)], pa.month_day_nano_interval())})
    good = pa.record_batch({"a": [1]})
    for batches in ([odd], [odd, good]):
        made, failed = batch(MODEL, [exposure(features_hash=Features(one, 0)) for one in batches])
        assert failed == 0
        assert made.column("features_hash")[0].as_py() is None
    assert made.column("features_hash")[1].as_py() == hashes(good)[0]


def test_a_waiting_row_weighs_at_least_what_its_texts_and_numbers_do() -> None:
    assert weight(exposure()) > 300
    assert weight(exposure(error="e" * 1_000)) - weight(exposure()) == 1_000
    assert weight(exposure(prediction=(0.5,) * 101)) - weight(exposure()) == 3_200
    batch_ = pa.record_batch({"a": [1.0]})
    assert weight(exposure(features_hash=Features(batch_, 0, 5_000))) - weight(exposure()) == 5_000


@pytest.mark.parametrize(
    ("answer", "logged"),
    [
        (Answer("scores", np.array([0.25, math.nan]), ("no", "yes")), [(0.25,), "nan"]),
        (Answer("probabilities", np.array([[0.2, 0.3, 0.5]])), [(0.2, 0.3, 0.5)]),
        (Answer("values", np.array([3.5])), [(3.5,)]),
        (Answer("labels", np.array(["yes", "no", "else"], object), ("no", "yes")), [(1.0,), (0.0,), None]),
        (Answer("labels", np.array([2, 1]), (1, 2)), [(1.0,), (0.0,)]),
        (Answer("labels", np.array([2, 1])), [(2.0,), (1.0,)]),
        (Answer("labels", np.array([True])), [(1.0,)]),
        (Answer("labels", np.array(["yes", None], object)), [None, None]),
    ],
)
def test_an_answer_is_logged_as_the_score_or_the_place_of_its_class(answer: Answer, logged: list[Any]) -> None:
    found = predictions(answer)
    assert ["nan" if one is not None and math.isnan(one[0]) else one for one in found] == logged
