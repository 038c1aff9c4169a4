from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.statistics import divergence
from gatehouse.evaluate.statistics.drift import Binner, ColumnDrift, drift, score_drift
from gatehouse.evaluate.statistics.profile import Profile
from tests.evaluate.statistics.cases import cut


def _drift(expected: Any, actual: Any) -> ColumnDrift:
    profile = Profile.of([pa.record_batch({"x": pa.array(expected)})])
    return drift(profile, [pa.record_batch({"x": pa.array(actual)})]).columns[0]


def test_psi_is_what_a_few_lines_of_numpy_say() -> None:
    random = np.random.default_rng(1)
    expected, actual = random.normal(size=5000), random.normal(0.2, 1.1, 3000)
    edges = np.quantile(expected, np.arange(1, 10) / 10, method="inverted_cdf")
    e = np.bincount(np.searchsorted(edges, expected), minlength=10)
    a = np.bincount(np.searchsorted(edges, actual), minlength=10)
    shares_e, shares_a = (e + 0.5) / (5000 + 5), (a + 0.5) / (3000 + 5)
    found = _drift(expected, actual)
    assert found.psi == pytest.approx(((shares_a - shares_e) * np.log(shares_a / shares_e)).sum(), abs=1e-9)
    assert found.p_value == pytest.approx(divergence.chi_square(e, a)[1], abs=1e-9)
    assert found.floor == pytest.approx(divergence.noise_floor(5000, 3000, 10))
    assert found.ks == pytest.approx(divergence.ks(expected, actual), abs=1 / 200)
    assert found.wasserstein == pytest.approx(divergence.wasserstein(expected, actual), rel=0.05)
    assert sum(one.psi for one in found.bins) == pytest.approx(found.psi)
    assert len(found.bins) == 10


def test_the_training_rows_themselves_have_not_drifted() -> None:
    random = np.random.default_rng(2)
    for values in (random.normal(size=500), np.repeat([0.0, 1.0, 5.0], 100), ["a", "b", None] * 50, [True, False] * 9):
        found = _drift(values, values)
        assert found.psi == pytest.approx(0, abs=1e-12)
        assert found.p_value == 1.0


def test_a_value_on_an_edge_is_on_the_same_side_in_training_and_in_production() -> None:
    values = np.repeat(np.arange(1.0, 11.0), 7)
    assert _drift(values, values[::-1]).psi == 0.0
    shifted = _drift(values, values + 1e-9)
    assert shifted.psi is not None
    assert shifted.psi > 1  # every atom has left its bin


def test_missing_values_are_a_bin() -> None:
    found = _drift([1.0, 2.0, 3.0, 4.0] * 100, [1.0, 2.0, 3.0, None] * 100)
    assert found.bins[-1].name == "missing"
    assert found.missing == (0.0, 0.25)
    assert found.psi is not None
    assert found.psi > 1
    assert found.adjusted_p is not None
    assert found.adjusted_p < 1e-9


def test_unseen_categories_are_a_bin() -> None:
    found = _drift(["a", "b"] * 100, ["a", "c"] * 100)
    assert [one.name for one in found.bins] == ["a", "b", "unseen"]
    assert found.unseen == 0.5


def test_a_number_beyond_all_of_training_is_seen() -> None:
    found = _drift(np.zeros(100), np.ones(100))
    assert found.unseen == 1.0
    assert found.ks == 1.0


def test_one_outlier_does_not_hide_a_drift() -> None:
    random = np.random.default_rng(3)
    expected, actual = random.normal(size=2000), random.normal(0.4, 1, 2000)
    plain = _drift(expected, actual).psi
    with_outlier = _drift(np.append(expected, 1e9), np.append(actual, 1e9)).psi
    assert with_outlier == pytest.approx(plain, rel=0.02)


def test_bins_that_are_empty_on_both_sides_make_no_difference() -> None:
    few = _drift([1.0, 2.0] * 5, [1.0, 2.0] * 50_000)
    assert few.psi == pytest.approx(0, abs=1e-12)
    assert len(few.bins) == 2


def test_a_feature_that_changed_its_type_cannot_be_compared() -> None:
    for expected, actual in (([1.0, 2.0], ["1", "2"]), (["1", "2"], [1, 2])):
        found = _drift(expected, actual)
        assert found.psi is None
        assert " in training and " in found.note


def test_a_narrower_number_is_still_a_number() -> None:
    assert _drift([1.0, 2.0] * 9, pa.array([1, 2] * 9, pa.int8())).psi == 0.0


def test_absent_features_are_named_and_the_worst_stands_first() -> None:
    random = np.random.default_rng(4)
    training = pa.record_batch({"a": random.normal(size=500), "b": random.normal(size=500), "c": ["x"] * 500})
    production = pa.record_batch({"a": random.normal(size=500), "b": random.normal(2, 1, 500), "new": ["x"] * 500})
    found = drift(Profile.of([training]), [production])
    assert found.absent == ("c",)
    assert [column.feature for column in found.columns] == ["b", "a"]
    p_values = [column.p_value for column in found.columns if column.p_value is not None]
    assert [column.adjusted_p for column in found.columns] == pytest.approx(divergence.adjusted(p_values).tolist())
    assert found.column("a") is found.columns[1]
    assert found.column("new") is None


def test_no_production_rows_are_an_error_and_not_a_pass() -> None:
    with pytest.raises(GatehouseError, match="no production rows"):
        drift(Profile.of([pa.record_batch({"a": [1.0]})]), [])


def test_a_profile_of_no_rows_compares_nothing() -> None:
    found = _drift(pa.array([], pa.float64()), [1.0, 2.0])
    assert found.psi is None
    assert found.note == "the training profile has no rows"


@pytest.mark.parametrize("travel", [False, True])
def test_any_cut_gives_the_same_drift(travel: bool) -> None:
    random = np.random.default_rng(5)
    n = 700
    columns = {
        "x": random.normal(size=n),
        "z": np.where(random.random(n) < 0.5, 0.0, random.random(n)),
        "m": np.where(random.random(n) < 0.2, np.nan, random.random(n)),
        "c": random.choice(["a", "b", "c", "d"], n),
        "o": pa.array([b"x"] * n),
    }
    batch = pa.record_batch(columns)
    profile = Profile.of([batch.slice(0, 300)])
    expected = drift(profile, [batch])
    parts = []
    for piece in cut(batch, 0, 100, 650):
        part = Binner(profile)
        part.update(piece)
        parts.append(Binner.from_bytes(profile, part.to_bytes()) if travel else part)
    for part in parts[1:]:
        parts[0].merge(part)
    assert parts[0].finish() == expected


def test_predictions_drift_like_a_feature() -> None:
    random = np.random.default_rng(6)
    found = score_drift(random.random(2000), random.random(2000) ** 2)
    assert found.feature == "prediction"
    assert found.psi is not None
    assert found.psi > 0.25
