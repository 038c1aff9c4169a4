from __future__ import annotations

import datetime
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.statistics import categorical
from gatehouse.evaluate.statistics.categorical import Categorical
from gatehouse.evaluate.statistics.numeric import Numeric
from gatehouse.evaluate.statistics.opaque import Opaque
from gatehouse.evaluate.statistics.profile import Profile, Profiler
from tests.evaluate.statistics.cases import cut


def _table(n: int = 1000) -> pa.RecordBatch:
    random = np.random.default_rng(8)
    return pa.record_batch(
        {
            "normal": random.normal(size=n),
            "zeros": np.where(random.random(n) < 0.4, 0.0, random.exponential(size=n)),
            "few": random.integers(0, 4, n),
            "some": np.where(random.random(n) < 0.1, np.nan, random.random(n)),
            "colour": random.choice(["red", "green", "blue"], n),
            "flag": random.random(n) < 0.3,
            "day": [datetime.date(2024, 1, 1) + datetime.timedelta(int(d)) for d in random.integers(0, 90, n)],
            "list": pa.array([[1.0]] * n),
        }
    )


def _numeric(values: Any) -> Numeric:
    found = Profile.of([pa.record_batch({"x": pa.array(values)})]).features["x"]
    assert isinstance(found, Numeric)
    return found


def _bins(feature: Numeric) -> list[int]:
    starts = [0, *(cut + 1 for cut in feature.cuts)]
    bins: list[int] = np.add.reduceat(np.array(feature.counts), starts).tolist()
    return bins


def test_a_smooth_feature_has_deciles() -> None:
    feature = _numeric(np.arange(1, 1001, dtype=float))
    assert [feature.edges[cut] for cut in feature.cuts] == [float(100 * i) for i in range(1, 10)]
    assert _bins(feature) == [100] * 10
    assert (feature.low, feature.high, feature.mean, feature.rows, feature.missing) == (1, 1000, 500.5, 1000, 0)
    assert feature.sd == pytest.approx(np.arange(1, 1001).std(ddof=1))


def test_an_atom_has_a_bin_of_its_own() -> None:
    values = np.concatenate([np.zeros(400), np.arange(1, 601)]).astype(float)
    feature = _numeric(values)
    edges = [feature.edges[cut] for cut in feature.cuts]
    assert edges[:2] == [np.nextafter(0.0, -1.0), 0.0]
    assert _bins(feature) == [0, 400, 100, 100, 100, 100, 100, 100]


def test_repeated_deciles_are_one_edge_and_a_constant_is_its_own_bin() -> None:
    assert _bins(_numeric([7.0] * 50)) == [0, 50, 0]
    few = _numeric([0.0] * 50 + [1.0] * 50)
    assert sorted(_bins(few)) == [0, 0, 0, 50, 50]


@pytest.mark.parametrize("values", [[], [None, None], [float("nan")] * 3])
def test_a_feature_without_values_has_one_bin(values: list[float | None]) -> None:
    feature = _numeric(pa.array(values, pa.float64()))
    assert (feature.edges, feature.counts, feature.cuts) == ((), (0,), ())
    assert feature.low is None
    assert feature.missing == len(values)


def test_infinite_values_are_in_the_outer_bins_and_spoil_no_moment() -> None:
    feature = _numeric([-np.inf, *np.arange(100.0), np.inf])
    assert sum(feature.counts) == 102
    assert (feature.low, feature.high) == (0.0, 99.0)
    assert feature.mean == pytest.approx(49.5)
    assert np.isfinite(feature.edges).all()


@pytest.mark.parametrize("travel", [False, True])
def test_any_cut_gives_the_same_profile(travel: bool) -> None:
    batch = _table()
    expected = Profile.of([batch])
    parts = []
    for piece in cut(batch, 1, 300, 300, 999):
        part = Profiler()
        part.update(piece)
        parts.append(Profiler.from_bytes(part.to_bytes()) if travel else part)
    for part in parts[1:]:
        parts[0].merge(part)
    found = parts[0].finish()
    for name, feature in expected.features.items():
        other = found.features[name]
        if isinstance(feature, Numeric) and isinstance(other, Numeric):
            assert (other.mean, other.sd) == pytest.approx((feature.mean, feature.sd), rel=1e-12)
            other = msgspec.structs.replace(other, mean=feature.mean, sd=feature.sd)
        assert other == feature, name


def test_types_are_numbers_names_or_left_alone() -> None:
    features = Profile.of([_table()]).features
    kinds = {name: type(feature) for name, feature in features.items()}
    assert [name for name, kind in kinds.items() if kind is Categorical] == ["colour", "flag"]
    assert [name for name, kind in kinds.items() if kind is Opaque] == ["list"]
    day = features["day"]
    assert isinstance(day, Numeric)
    assert day.low == datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC).timestamp()
    flag = features["flag"]
    assert isinstance(flag, Categorical)
    assert flag.values == ("false", "true")


@pytest.mark.parametrize("kind", [pa.timestamp("ns"), pa.timestamp("s"), pa.date32(), pa.date64()])
def test_a_time_is_seconds_whatever_its_type(kind: pa.DataType) -> None:
    array = pa.array([datetime.datetime(2024, 1, 2)]).cast(kind)  # noqa: DTZ001  (Arrow's times have no zone here)
    feature = _numeric(array)
    assert feature.low == datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC).timestamp()


def test_numbers_of_every_width_are_numbers() -> None:
    for kind in (pa.int8(), pa.uint64(), pa.float32(), pa.decimal128(12, 1), pa.time32("s"), pa.duration("s")):
        whole = pa.array([1, 2, None], pa.int64() if pa.types.is_duration(kind) else pa.int32())
        assert sum(_numeric(whole.cast(kind)).counts) == 2


def test_rare_categories_are_other_and_identifiers_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"n{i:03}" for i in range(150) for _ in range(150 - i)]
    feature = Profile.of([pa.record_batch({"x": names})]).features["x"]
    assert isinstance(feature, Categorical)
    assert feature.values[0] == "n000"
    assert len(feature.values) == 100
    assert feature.other == sum(range(1, 51))
    assert feature.distinct == 150
    monkeypatch.setattr(categorical, "MOST_CATEGORIES", 100)
    given_up = Profile.of([pa.record_batch({"x": names})]).features["x"]
    assert given_up == Categorical(len(names), 0, (), (), len(names), None)


def test_a_profile_survives_json() -> None:
    expected = Profile.of([_table()])
    assert Profile.from_json(expected.to_json()) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"version": 2}',
        b'{"version": 1}',
        b'{"version": 1, "rows": 1, "features": {"x": {"kind": "odd"}}}',
    ],
)
def test_anything_else_is_no_profile(data: bytes) -> None:
    with pytest.raises(GatehouseError, match="not a feature profile") as caught:
        Profile.from_json(data)
    assert "gatehouse profile" in caught.value.fix


def test_only_the_columns_asked_for_are_profiled() -> None:
    assert list(Profile.of([_table()], ["few", "flag"]).features) == ["few", "flag"]
    with pytest.raises(GatehouseError, match="no column 'fewer' to profile"):
        Profile.of([_table()], ["fewer"])


def test_parts_of_different_types_do_not_add_up() -> None:
    one, other = Profiler(), Profiler()
    one.update(pa.record_batch({"x": [1.0]}))
    other.update(pa.record_batch({"x": ["a"]}))
    with pytest.raises(GatehouseError, match="different types"):
        one.merge(other)
