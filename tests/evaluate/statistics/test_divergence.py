from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from gatehouse.evaluate.statistics.divergence import (
    adjusted,
    chi_square,
    cramers_v,
    floors,
    js,
    kl,
    ks,
    noise_floor,
    psi,
    smoothed,
    wasserstein,
)

SAMPLES = st.lists(st.one_of(st.sampled_from([0.0, 1.0, 2.0]), st.floats(-100, 100)), min_size=1, max_size=50)
COUNTS = st.lists(st.integers(0, 50), min_size=2, max_size=12)


def test_psi_is_the_sum_over_bins_in_natural_logarithms() -> None:
    expected, actual = np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.3, 0.3])
    by_hand = (0.4 - 0.5) * math.log(0.4 / 0.5) + (0.3 - 0.2) * math.log(0.3 / 0.2)
    assert psi(expected, actual).sum() == pytest.approx(by_hand, abs=1e-12)
    assert by_hand == pytest.approx(0.0628609, abs=1e-7)


def test_psi_is_the_published_one() -> None:
    # The reference page of psi() in the R package KAscore, which follows Siddiqi (2017), Intelligent Credit Scoring:
    # 1,000 development and 200 monitoring scores drawn after set.seed(123) in four score ranges, and it prints
    # 0.3404592. The counts are those that R's generator draws there.
    development, monitoring = np.array([248, 247, 260, 245]), np.array([13, 43, 63, 81])
    assert psi(development / 1000, monitoring / 200).sum() == pytest.approx(0.3404592, abs=5e-8)
    # Ours adds half a row to each bin, which hardly matters where no bin is nearly empty.
    assert psi(smoothed(development), smoothed(monitoring)).sum() == pytest.approx(0.3404592, abs=0.01)


def test_psi_is_both_kullback_leibler_divergences_together() -> None:
    expected, actual = smoothed([5, 10, 0, 7]), smoothed([1, 3, 9, 2])
    assert psi(expected, actual).sum() == pytest.approx(kl(expected, actual) + kl(actual, expected), abs=1e-12)


def test_chance_alone_reaches_a_tenth_in_one_of_twenty_samples_of_338_rows() -> None:
    # Yurdakul and Naranjo (2020), "Statistical properties of the population stability index": (1/n + 1/m) chi-square
    # with B - 1 degrees of freedom. Ten bins, n = m = 338: the rule of thumb 0.1 is then the 5 % point.
    assert noise_floor(338, 338, 10) == pytest.approx(0.1, abs=2e-4)
    assert noise_floor(338, 338, 10) == pytest.approx(2 / 338 * 16.919, abs=1e-5)


def test_the_noise_floor_is_what_samples_without_change_show() -> None:
    random = np.random.default_rng(4)
    over = 0
    for _ in range(1000):
        expected, actual = random.multinomial(2000, np.full(10, 0.1)), random.multinomial(1000, np.full(10, 0.1))
        over += psi(smoothed(expected), smoothed(actual)).sum() > noise_floor(2000, 1000, 10)
    assert 30 <= over <= 70


def test_every_divergence_has_the_floor_that_samples_without_change_show() -> None:
    random = np.random.default_rng(5)
    n, m, over = 2000, 1000, dict.fromkeys(("psi", "kl", "js", "cramers_v", "ks"), 0)
    expect = floors(noise_floor(n, m, 10), n, m)
    for _ in range(600):
        e, a = random.multinomial(n, np.full(10, 0.1)), random.multinomial(m, np.full(10, 0.1))
        x, y = smoothed(e), smoothed(a)
        found = {"psi": float(psi(x, y).sum()), "kl": kl(x, y), "js": js(x, y), "cramers_v": cramers_v(e, a)}
        found["ks"] = ks(random.random(n), random.random(m))
        for name, value in found.items():
            over[name] += value > expect[name]
    # Nominally 5 %: 30 of 600, sd 5.3.
    assert all(15 <= count <= 46 for count in over.values()), over


@settings(deadline=None)
@given(COUNTS, st.data())
def test_cramers_v_is_what_scipy_says_of_equally_many_rows(expected: list[int], data: st.DataObject) -> None:
    actual = data.draw(st.permutations(expected))
    table = np.array([expected, actual])
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] > 1:
        peer = stats.contingency.association(table, method="cramer")
        assert cramers_v(expected, actual) == pytest.approx(peer, abs=1e-9)
    assert cramers_v(expected, [7 * count for count in actual]) == pytest.approx(cramers_v(expected, actual), abs=1e-9)


def test_cramers_v_runs_from_nothing_to_all() -> None:
    assert cramers_v([5, 5], [50, 50]) == 0.0
    assert cramers_v([5, 0], [0, 9]) == pytest.approx(1.0)
    assert cramers_v([0, 0], [0, 9]) == 0.0


def test_nothing_to_compare_has_no_floor() -> None:
    assert noise_floor(0, 10, 10) == 0.0
    assert noise_floor(10, 10, 1) == 0.0


@settings(deadline=None)
@given(COUNTS, st.data())
def test_kl_js_and_chi_square_are_what_scipy_says(expected: list[int], data: st.DataObject) -> None:
    actual = data.draw(st.lists(st.integers(0, 50), min_size=len(expected), max_size=len(expected)))
    e, a = smoothed(expected), smoothed(actual)
    assert kl(e, a) == pytest.approx(stats.entropy(e, a), abs=1e-9)
    assert js(e, a) == pytest.approx(jensenshannon(e, a) ** 2, abs=1e-9)
    table = np.array([expected, actual])
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] > 1 and table.sum(axis=1).all():
        statistic, p = chi_square(expected, actual)
        peer = stats.chi2_contingency(table, correction=False)
        assert (statistic, p) == pytest.approx((peer.statistic, peer.pvalue), abs=1e-9)
    else:
        assert chi_square(expected, actual) == (0.0, 1.0)


@settings(deadline=None)
@given(SAMPLES, SAMPLES)
def test_raw_distances_are_what_scipy_says(expected: list[float], actual: list[float]) -> None:
    if len(expected) > 2 and len(actual) > 2:  # below, scipy divides by 0 on its way to a p-value
        peer = stats.ks_2samp(expected, actual, method="asymp")
        assert ks(expected, actual) == pytest.approx(peer.statistic, abs=1e-9)
    assert wasserstein(expected, actual) == pytest.approx(stats.wasserstein_distance(expected, actual), abs=1e-9)


def test_an_empty_sample_has_no_distance() -> None:
    assert math.isnan(ks([], [1.0]))
    assert math.isnan(wasserstein([1.0], []))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_adjusted_p_values_are_what_scipy_says(p_values: list[float]) -> None:
    assert adjusted(p_values) == pytest.approx(stats.false_discovery_control(p_values), abs=1e-12)


def test_no_p_values_are_nothing_to_adjust() -> None:
    assert adjusted([]).tolist() == []


def test_an_empty_bin_is_rare_and_not_impossible() -> None:
    assert smoothed([0, 9]).tolist() == [0.05, 0.95]
