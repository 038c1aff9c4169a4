from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.evaluate.statistics.distribution import Distribution, Values, rounded_up

NUMBERS = st.lists(
    st.one_of(st.sampled_from([0.0, -0.0, 1.0, np.nan, np.inf, -np.inf]), st.floats(allow_nan=False)), max_size=80
)


def _whole(values: list[float], limit: int) -> Values:
    made = Distribution(limit)
    made.update(np.array(values, float))
    return made.finish()


@settings(deadline=None)
@given(NUMBERS, st.lists(st.integers(0, 80), max_size=4), st.sampled_from([5, 1000]), st.booleans())
def test_any_cut_gives_the_same_values(values: list[float], places: list[int], limit: int, travel: bool) -> None:
    parts = []
    for part in np.split(np.array(values, float), sorted(places)):
        made = Distribution(limit)
        for half in np.array_split(part, 2):
            made.update(half)
        parts.append(Distribution.from_bytes(made.to_bytes()) if travel else made)
    while len(parts) > 1:
        last = parts.pop()
        parts[-1].merge(last)
    found, expected = parts[0].finish(), _whole(values, limit)
    assert found.values.tolist() == expected.values.tolist()
    assert found.counts.tolist() == expected.counts.tolist()
    assert (found.missing, found.dropped) == (expected.missing, expected.dropped)


@settings(deadline=None)
@given(NUMBERS)
def test_below_the_limit_it_is_the_sorted_values(values: list[float]) -> None:
    found = _whole(values, 1000)
    there = np.array([value for value in values if not np.isnan(value)], float)
    assert np.repeat(found.values, found.counts).tolist() == np.sort(there + 0.0).tolist()
    assert found.missing == len(values) - len(there)
    assert found.dropped == 0
    if len(there):
        p = np.array([0.0, 0.1, 0.3, 0.5, 0.9, 1.0])
        assert found.quantiles(p).tolist() == np.quantile(there, p, method="inverted_cdf").tolist()


def test_above_the_limit_memory_is_bounded_and_counts_stay_exact_at_what_is_left() -> None:
    values = np.random.default_rng(0).normal(size=50_000)
    made = Distribution(1000)
    for part in np.array_split(values, 20):
        made.update(part)
    found = made.finish()
    assert len(found.values) <= 1000
    assert found.n == 50_000
    for edge, total in zip(found.values[::97], np.cumsum(found.counts)[::97], strict=True):
        assert (values <= edge).sum() == total
    exact = np.quantile(values, 0.9, method="inverted_cdf")
    assert exact <= found.quantiles(0.9) <= exact * (1 + 2 * found.relative_error)


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 52))
def test_rounding_goes_up_by_less_than_its_step(value: float, bits: int) -> None:
    moved = float(rounded_up(np.array([value]), bits)[0])
    assert moved >= value
    assert np.isfinite(moved)
    if 1e-300 < abs(value) < 1e300:
        assert moved - value <= abs(value) * 2.0 ** (bits - 52)
    deeper = float(rounded_up(np.array([moved]), 52)[0])
    assert deeper == float(rounded_up(np.array([value]), 52)[0])


def test_ten_values_have_their_third_at_three_tenths() -> None:
    assert _whole(list(range(1, 11)), 100).quantiles(0.3) == pytest.approx(3.0)
