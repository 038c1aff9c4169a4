"""Every figure of a drifted column against scipy's on the raw values, and the bins against a count by hand."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from gatehouse.evaluate.statistics.columndrift import Tails
from gatehouse.evaluate.statistics.drift import ColumnDrift, drift
from gatehouse.evaluate.statistics.numeric import Numeric
from gatehouse.evaluate.statistics.profile import Profile

Floats = npt.NDArray[np.float64]
SHAPES = ("smooth", "ties", "constant", "atom", "skewed")


def _profile(values: Any) -> Profile:
    return Profile.of([pa.record_batch({"x": pa.array(values, pa.float64())})])


def _drift(profile: Profile, values: Any) -> ColumnDrift:
    return drift(profile, [pa.record_batch({"x": pa.array(values, pa.float64())})]).columns[0]


def _made(draw: st.DrawFn, random: np.random.Generator) -> Floats:
    n, shape = draw(st.integers(1, 900)), draw(st.sampled_from(SHAPES))
    values = random.normal(draw(st.sampled_from([0.0, 0.3])), draw(st.sampled_from([0.5, 1.0])), n)
    if shape == "ties":
        return np.round(values, 1) + 0.0
    if shape == "constant":
        return np.full(n, draw(st.sampled_from([0.0, 0.3])))
    if shape == "atom":
        return np.where(random.random(n) < 0.4, 0.0, values)
    return np.exp(2 * values) if shape == "skewed" else values


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Floats, Floats]:
    """Training and production values, 1 to 900 each: smooth, tied, constant, with an atom, or with a long tail."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return _made(draw, random), _made(draw, random)


def _counted(edges: list[float], values: Floats) -> Floats:
    """How many lie in each bin, by asking every value of every bin: above its lower edge, at most its upper one."""
    ends = [-math.inf, *edges, math.inf]
    return np.array(
        [
            float(((values > low) & (values <= high)).sum()) + (low == -math.inf) * float((values == -math.inf).sum())
            for low, high in pairwise(ends)
        ]
    )


@settings(deadline=None, max_examples=60)
@given(pairs())
def test_bins_and_their_divergences_are_what_scipy_says(case: tuple[Floats, Floats]) -> None:
    training, production = case
    profile = _profile(training)
    feature = profile.features["x"]
    assert isinstance(feature, Numeric)
    edges = [feature.edges[cut] for cut in feature.cuts]
    counts = np.array([_counted(edges, training), _counted(edges, production)])
    counts = counts[:, counts.sum(axis=0) > 0]
    found = _drift(profile, production)
    e, a = (np.array([one.expected for one in found.bins]), np.array([one.actual for one in found.bins]))
    shares = (counts + 0.5) / (counts.sum(axis=1, keepdims=True) + counts.shape[1] / 2)
    assert e == pytest.approx(shares[0], abs=1e-12)
    assert a == pytest.approx(shares[1], abs=1e-12)
    assert found.psi == pytest.approx(stats.entropy(e, a) + stats.entropy(a, e), abs=1e-9)
    assert found.kl == pytest.approx(stats.entropy(e, a), abs=1e-9)
    assert found.js == pytest.approx(jensenshannon(e, a) ** 2, abs=1e-9)
    if counts.shape[1] > 1:
        assert found.p_value == pytest.approx(stats.chi2_contingency(counts, correction=False).pvalue, abs=1e-9)
    alike = np.round(counts / counts.sum(axis=1, keepdims=True) * 10**9).astype(np.int64)
    if counts.shape[1] > 1:
        assert found.cramers_v == pytest.approx(stats.contingency.association(alike, method="cramer"), abs=1e-6)


@settings(deadline=None, max_examples=80)
@given(pairs())
def test_distances_are_as_near_to_scipys_as_the_quantiles_lie(case: tuple[Floats, Floats]) -> None:
    training, production = case
    profile = _profile(training)
    feature = profile.features["x"]
    assert isinstance(feature, Numeric)
    found = _drift(profile, production)
    at = np.concatenate([training, production])
    exact = float(np.abs(stats.ecdf(training).cdf.evaluate(at) - stats.ecdf(production).cdf.evaluate(at)).max())
    if min(len(training), len(production)) > 2:  # below, scipy divides by 0 on its way to a p-value
        assert stats.ks_2samp(training, production, method="asymp").statistic == pytest.approx(exact, abs=1e-12)
    assert found.ks is not None
    assert exact - 1 / 100 <= found.ks <= exact + 1e-12
    if len(training) <= 200:  # every value is a quantile of its own
        assert found.ks == pytest.approx(exact, abs=1e-12)
    area = stats.wasserstein_distance(training, production)
    low, high = training.min(), training.max()
    widths = np.diff(np.concatenate([[low], np.clip(feature.edges, low, high), [high]]))
    edges = list(feature.edges)
    inside = _counted(edges, training) / len(training) + _counted(edges, production) / len(production)
    assert found.wasserstein == pytest.approx(area, abs=float((inside * widths).sum()) + 1e-9)
    sd = training.std(ddof=1) if len(training) > 1 else 0.0
    if sd > 1e-9:
        assert found.wasserstein_sd == pytest.approx((found.wasserstein or 0.0) / sd, rel=1e-6, abs=1e-9)


@settings(deadline=None, max_examples=60)
@given(pairs(), st.integers(0, 2**32 - 1))
def test_what_training_has_seen_is_never_unseen(case: tuple[Floats, Floats], seed: int) -> None:
    training, _ = case
    found = _drift(_profile(training), np.random.default_rng(seed).choice(training, 50))
    assert found.unseen == 0.0


def test_a_hair_above_or_below_an_atom_is_outside_its_bin() -> None:
    profile = _profile([0.0] * 60 + [1.0] * 40)
    for at in (0.0, 1.0):
        assert _drift(profile, [at]).unseen == 0.0
        for beside in (np.nextafter(at, -np.inf), np.nextafter(at, np.inf)):
            assert _drift(profile, [beside]).unseen == 1.0


NUMBERS = st.one_of(st.none(), st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 1.0]), st.floats(-1e6, 1e6))


@settings(deadline=None, max_examples=150)
@given(st.lists(NUMBERS, max_size=25), st.lists(NUMBERS, min_size=1, max_size=25))
def test_no_figure_is_ever_nan_whatever_is_missing_or_infinite(training: list[Any], production: list[Any]) -> None:
    found = _drift(_profile(training), production)
    if not training:
        assert (found.psi, found.note) == (None, "the training profile has no rows")
        return
    bounded = {"psi": math.inf, "kl": math.inf, "js": math.log(2), "cramers_v": 1.0, "p_value": 1.0, "adjusted_p": 1.0}
    for name, most in bounded.items():
        assert 0 <= getattr(found, name) <= most + 1e-12, name
    gone = [sum(value is None or math.isnan(value) for value in side) / len(side) for side in (training, production)]
    assert found.missing == pytest.approx(tuple(gone))
    if found.ks is None:
        assert sum(one == 1.0 for one in gone) == 1  # one side has no values
    else:
        assert 0 <= found.ks <= 1
    for value in (found.wasserstein, found.wasserstein_sd):
        assert value is None or value >= 0


def test_two_empty_columns_are_no_distance_apart() -> None:
    found = _drift(_profile([None, None]), [None])
    assert (found.psi, found.ks, found.wasserstein, found.wasserstein_sd) == (0.0, 0.0, 0.0, 0.0)


def test_a_column_that_is_empty_on_one_side_has_no_distance() -> None:
    for training, production in (([1.0, 2.0], [None]), ([None], [1.0, 2.0])):
        found = _drift(_profile(training), production)
        assert (found.ks, found.wasserstein, found.wasserstein_sd) == (None, None, None)
        assert found.cramers_v == 1.0


def test_infinite_values_on_both_sides_are_no_difference() -> None:
    values = [-math.inf, *np.arange(1_000.0), math.inf]
    found = _drift(_profile(values), values)
    assert found.psi == pytest.approx(0, abs=1e-12)
    assert (found.ks, found.wasserstein) == (0.0, None)


def test_an_outlier_weighs_as_much_as_it_is_far() -> None:
    training = np.random.default_rng(1).normal(size=5_000)
    for outlier in (1e3, -1e6):
        production = np.append(training, outlier)
        found = _drift(_profile(training), production)
        assert found.wasserstein == pytest.approx(stats.wasserstein_distance(training, production), rel=0.01, abs=0.02)


def test_what_never_varied_has_moved_by_more_than_any_number_of_standard_deviations() -> None:
    assert _drift(_profile([5.0] * 20), [5.0, 5.0]).wasserstein_sd == 0.0
    moved = _drift(_profile([5.0] * 20), [5.0, 6.0])
    assert (moved.wasserstein, moved.wasserstein_sd) == (0.5, math.inf)
    assert _drift(_profile([5.0]), [6.0]).wasserstein_sd == math.inf


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_one_limit_in_standard_deviations_suits_every_unit(scale: float) -> None:
    random = np.random.default_rng(2)
    training, production = random.normal(size=20_000), random.normal(0.5, 1, 20_000)
    found = _drift(_profile(training * scale), production * scale)
    assert found.wasserstein_sd == pytest.approx(0.5, abs=0.03)


def test_tails_count_what_lies_beyond_and_how_far() -> None:
    values = np.array([-np.inf, -3.0, -1.0, 0.0, 4.0, 6.0, 9.0])
    assert Tails.of(values[1:], -1.0, 4.0) == Tails(1, 2, 2.0, 7.0)
    assert Tails.of(values, -1.0, 4.0) == Tails(1, 2, math.inf, 7.0)
    assert Tails.of(np.zeros(0), -1.0, 4.0) == Tails()
    assert Tails(1, 2, 3.0, 4.0).plus(Tails(10, 20, 30.0, 40.0)) == Tails(11, 22, 33.0, 44.0)
