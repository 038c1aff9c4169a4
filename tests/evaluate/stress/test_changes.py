from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from gatehouse.evaluate.stress.changes import Change, Wanted, categories, missing, noise, planned, swaps, without
from gatehouse.evaluate.stress.sample import Sample, numbers
from tests.evaluate.stress.samples import ROWS, mixed, wanted

EVERY = (noise(0.1), missing(0.2), categories(0.2), swaps(0.2), without("age"), without("region"))


def differing(sample: Sample, changed: pa.RecordBatch) -> dict[str, float]:
    """The share of rows in which each column is another."""
    shares = {}
    for name in sample.rows.schema.names:
        pairs = zip(sample.rows.column(name).to_pylist(), changed.column(name).to_pylist(), strict=True)
        shares[name] = sum(before != after and not (before != before and after != after) for before, after in pairs)
    return {name: count / ROWS for name, count in shares.items() if count}


@pytest.mark.parametrize("change", EVERY, ids=lambda change: change.name)
def test_a_change_is_the_same_again_and_another_for_another_question(change: Change) -> None:
    sample, other = mixed(), mixed(seed=2)

    # As text, because NaN is not equal to itself.
    first, again, elsewhere = (str(change.of(one).to_pydict()) for one in (sample, mixed(), other))
    assert first == again != elsewhere


@pytest.mark.parametrize("change", EVERY, ids=lambda change: change.name)
def test_a_change_keeps_the_types_and_touches_features_only(change: Change) -> None:
    sample = mixed()

    changed = change.of(sample)

    assert changed.schema == sample.rows.schema
    assert not {"customer", "since", "constant"} & differing(sample, changed).keys()


def test_noise_has_the_size_that_is_asked_for_and_stays_within_the_table() -> None:
    sample = mixed()

    changed = noise(0.5).of(sample)

    assert differing(sample, changed).keys() == {"income", "debt", "age", "children"}
    moved = numbers(changed.column("debt")) - numbers(sample.rows.column("debt"))
    assert moved.std() == pytest.approx(0.5 * sample.spread["debt"], rel=0.05)
    assert moved.mean() == pytest.approx(0, abs=0.1)
    for name in sample.numeric:
        values = numbers(changed.column(name))
        low, high = sample.bounds(name)
        known = values[np.isfinite(values)]
        assert low <= known.min() <= known.max() <= high
        assert changed.column(name).null_count == sample.rows.column(name).null_count
    assert changed.column("income").to_pylist()[1:3] == [np.inf, -np.inf]


def test_only_what_may_be_missing_is_taken_away() -> None:
    sample = mixed()

    changed = missing(0.25).of(sample)

    shares = differing(sample, changed)
    assert shares.keys() == {"income", "region"}
    assert shares["region"] == pytest.approx(0.25, abs=0.03)
    assert set(changed.column("region").to_pylist()) == {"north", "south", "west", None}


def test_a_wrong_category_is_always_another_one_that_is_known() -> None:
    sample = mixed()

    changed = categories(0.25).of(sample)

    shares = differing(sample, changed)
    assert shares.keys() == {"region", "city", "owner"}
    assert all(share == pytest.approx(0.25, abs=0.03) for share in shares.values())
    assert set(changed.column("region").to_pylist()) == {"north", "south", "west", None}
    assert changed.column("region").null_count == 1
    assert differing(sample, categories(1.0).of(sample))["city"] == 1.0


def test_swapped_features_have_each_others_values_in_that_share_of_the_rows() -> None:
    rows = pa.RecordBatch.from_pydict({"a": np.arange(ROWS), "b": -1 - np.arange(ROWS), "c": np.ones(ROWS) * 0.5})
    sample = Sample(rows, wanted("a", "b", "c"), 3)

    changed = swaps(0.25).of(sample)

    shares = differing(sample, changed)
    assert shares.keys() == {"a", "b"}
    assert shares["a"] == shares["b"] == pytest.approx(0.25, abs=0.03)
    before = zip(rows.column("a").to_pylist(), rows.column("b").to_pylist(), strict=True)
    after = zip(changed.column("a").to_pylist(), changed.column("b").to_pylist(), strict=True)
    assert all(set(one) == set(other) for one, other in zip(before, after, strict=True))


def test_without_a_feature_its_values_are_dealt_out_anew() -> None:
    sample = mixed()

    changed = without("children").of(sample)

    assert differing(sample, changed).keys() == {"children"}
    assert sorted(changed.column("children").to_pylist()) == sorted(sample.rows.column("children").to_pylist())


WANTED = Wanted((0.05, 0.1), (0.05,), (0.05,), (0.01,), reliance=True)


def test_every_level_is_a_change_and_every_feature_is_taken_away_once() -> None:
    changes, notes = planned(WANTED, mixed())

    assert [change.name for change in changes] == [
        "noise of 0.05 sd",
        "noise of 0.1 sd",
        "0.05 of values missing",
        "0.05 of categories wrong",
        "0.01 of rows with two features swapped",
        *(f"without {name}" for name in ("income", "debt", "age", "children", "region", "city", "owner")),
    ]
    assert [change.feature for change in changes[:6]] == [None] * 5 + ["income"]
    assert notes == [
        "never missing, by the signature: debt, age, children, city, owner",
        "never changed (constants, dates, lists): since, constant",
    ]


def test_what_a_sample_has_no_features_for_is_left_out_and_said() -> None:
    only_dates = Sample(pa.RecordBatch.from_pydict({"since": pa.array([0, 1], pa.date32())}), wanted("since"), 0)

    changes, notes = planned(WANTED, only_dates)

    assert changes == []
    assert notes == [
        "no feature is a number that varies: no noise is tried",
        "the signature lets no feature be missing: none is taken away",
        "no feature is text with two values or more: none is mistaken",
        "no two features have one type: none are swapped",
        "never changed (constants, dates, lists): since",
    ]


def test_what_nobody_asks_for_is_neither_done_nor_said() -> None:
    assert planned(Wanted(), Sample(pa.RecordBatch.from_pydict({"x": [1.0, 2.0]}), wanted("x"), 0)) == ([], [])
