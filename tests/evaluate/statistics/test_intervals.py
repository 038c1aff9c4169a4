from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gatehouse.evaluate.statistics.intervals import (
    log_ratio,
    newcombe,
    one_sided,
    order_statistics,
    samples_needed,
    two_sided,
    upper_tail,
    wilson,
)

Z = two_sided(0.95)


def test_normal_quantiles_are_the_tabled_ones() -> None:
    assert pytest.approx(1.959964, abs=1e-6) == Z
    assert one_sided(0.95) == pytest.approx(1.644854, abs=1e-6)
    assert upper_tail(10) == pytest.approx(stats.norm.sf(10), rel=1e-12)


@settings(deadline=None)
@given(st.integers(1, 500), st.data())
def test_wilson_is_what_scipy_says(trials: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, trials))
    low, high = wilson(hits, trials, Z)
    expected = stats.binomtest(hits, trials).proportion_ci(0.95, "wilson")
    assert (float(low), float(high)) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_no_trials_have_no_interval() -> None:
    assert np.isnan(wilson(0, 0, Z)).all()


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [
        # Ritland et al. (2007), 7 of 34 against 1 of 34: the tests of the R package contingencytables, which goes with
        # Fagerland, Lydersen and Laake's book, print 0.0189 to 0.3404.
        ((7, 1), (34, 34), 0.0189, 0.3404),
        # The rest computed independently, with statsmodels 0.15.0, confint_proportions_2indep(method="newcomb").
        ((56, 48), (70, 80), 0.05243147, 0.33387265),
        ((9, 3), (10, 10), 0.17052272, 0.80901797),
        ((10, 0), (10, 20), 0.67908604, 1.0),
    ],
)
def test_newcombe_is_what_others_print(hits: tuple[int, int], trials: tuple[int, int], low: float, high: float) -> None:
    found = newcombe(hits, trials, Z)
    assert (float(found[0]), float(found[1])) == pytest.approx((low, high), abs=5e-5)


@settings(deadline=None)
@given(st.integers(2, 300), st.integers(2, 300), st.data())
def test_the_ratio_of_rates_is_what_scipy_says(n: int, m: int, data: st.DataObject) -> None:
    x, y = data.draw(st.integers(1, n - 1)), data.draw(st.integers(1, m - 1))
    low, high = log_ratio((x, y), (n, m), Z)
    expected = stats.contingency.relative_risk(x, n, y, m).confidence_interval(0.95)
    assert (float(low), float(high)) == pytest.approx((expected.low, expected.high), rel=1e-9)


def test_an_empty_cell_still_has_a_ratio() -> None:
    low, high = log_ratio((0, 10), (20, 20), Z)
    assert 0 < low < 0.1
    assert 0.1 < high < 1


@pytest.mark.parametrize(("p", "samples"), [(0.95, 59), (0.99, 299), (0.999, 2995)])
def test_an_upper_bound_of_a_percentile_takes_enough_samples(p: float, samples: int) -> None:
    assert samples_needed(p, 0.95) == samples
    assert order_statistics(samples, p, 0.95)[1] == samples - 1
    assert order_statistics(samples - 1, p, 0.95)[1] is None


@settings(deadline=None)
@given(st.integers(1, 3000), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_order_statistics_cover_and_are_no_wider_than_needed(n: int, p: float) -> None:
    low, high = order_statistics(n, p, 0.95)
    if high is not None:
        assert stats.binom.cdf(high, n, p) >= 0.95 - 1e-12
        assert high == 0 or stats.binom.cdf(high - 1, n, p) < 0.95
    if low is not None:
        assert stats.binom.cdf(low, n, p) <= 0.05 + 1e-12
        assert stats.binom.cdf(low + 1, n, p) > 0.05
