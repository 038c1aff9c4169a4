"""Scales and ticks."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.report.plots.axes import HUGE, Kind, Scale, labels, over, thinned

anything = st.floats() | st.sampled_from([1e308, -1e308, 1e-320, 1e15, 0.0, 99.999, 100.0])


def test_ticks_are_numbers_that_people_like() -> None:
    assert Scale(0, 1, 0, 100).ticks(6) == [0, 0.2, 0.4, 0.6, 0.8, 1]
    assert Scale(-13, 88, 0, 100).ticks(6) == [0, 20, 40, 60, 80]
    assert Scale(0.701, 0.8432, 0, 100).ticks(4) == [0.75, 0.8]


def test_logarithmic_ticks_are_decades_with_two_and_five_where_there_is_room() -> None:
    assert Scale(4, 60, 0, 100, Kind.LOG).ticks(6) == [5, 10, 20, 50]
    assert Scale(0.001, 1e6, 0, 100, Kind.LOG).ticks(6) == [0.001, 0.1, 10, 1000, 100_000]


def test_a_scale_holds_its_values_with_a_little_air() -> None:
    scale = over([1, 2], 0, 100)
    assert scale is not None
    assert scale.low < 1 < 2 < scale.high
    assert 0 < scale.at(1) < scale.at(2) < 100


def test_bars_start_at_zero() -> None:
    scale = over([3, 5], 10, 110, zero=True)
    assert scale is not None
    assert scale.at(0) == 10


@pytest.mark.parametrize("values", [[], [None], [math.nan, math.inf], [1e300]])
def test_nothing_drawable_is_no_scale(values: list[float | None]) -> None:
    assert over(values, 0, 100) is None


def test_labels_have_as_many_decimals_as_their_step_needs() -> None:
    scale = Scale(0.75, 0.9, 0, 100)
    assert labels(scale, [0.75, 0.8, 0.85]) == ["0.75", "0.80", "0.85"]
    assert labels(scale, [-1000, 0, 1000]) == ["−1,000", "0", "1,000"]


@given(st.lists(anything, max_size=5), st.sampled_from(list(Kind)), st.booleans(), st.integers(2, 9))
def test_any_values_make_a_scale_that_stays_on_its_pixels(
    values: list[float], kind: Kind, zero: bool, most: int
) -> None:
    scale = over(values, 20, 320, kind=kind, zero=zero)
    drawable = [value for value in values if kind.drawable(value)]
    assert (scale is None) == (not drawable)
    if scale is None:
        return
    assert all(20 - 1e-6 <= scale.at(value) <= 320 + 1e-6 for value in drawable)
    ticks = scale.ticks(most)
    assert len(ticks) <= most + 1
    assert all(before < after for before, after in pairwise(ticks))
    assert all(20 - 1e-6 <= scale.at(tick) <= 320 + 1e-6 for tick in ticks)
    assert len(set(labels(scale, ticks))) >= len(ticks) - 1


@given(st.lists(st.tuples(anything, anything), max_size=60), st.integers(1, 20))
def test_thinning_keeps_the_ends(points: list[tuple[float, float]], most: int) -> None:
    kept = thinned(points, most)
    assert len(kept) <= most + 1
    assert not points or (kept[0], kept[-1]) == (points[0], points[-1])


def test_the_largest_value_drawn_is_where_differences_still_show() -> None:
    assert Kind.LINEAR.drawable(HUGE)
    assert not Kind.LINEAR.drawable(HUGE * 2)
    assert not Kind.LOG.drawable(0)
