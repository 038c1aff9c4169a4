from __future__ import annotations

import numpy as np
import pytest

from gatehouse.evaluate.statistics.latency import LatencyKernel, latency


def test_percentiles_are_order_statistics() -> None:
    random = np.random.default_rng(0)
    samples = random.exponential(10, 4000)
    found = latency(samples)
    for name, p in {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}.items():
        one = found.percentile(name)
        assert one.value == np.quantile(samples, p, method="inverted_cdf")
        assert one.interval is not None
        assert one.value is not None
        assert one.interval.low <= one.value <= one.interval.high
        assert one.interval.confidence == 0.9  # each end is a one-sided 95 % bound
    assert found.max == samples.max()
    assert found.mean == pytest.approx(samples.mean())
    assert found.curve[0][0] == 0.0
    assert [percent for percent, _ in found.curve] == sorted({percent for percent, _ in found.curve})


@pytest.mark.parametrize(("name", "needed"), [("p95", 59), ("p99", 299), ("p99.9", 2995)])
def test_an_upper_bound_takes_enough_samples(name: str, needed: int) -> None:
    assert latency(np.arange(needed)).percentile(name).interval is not None
    few = latency(np.arange(needed - 1)).percentile(name)
    assert few.interval is None
    assert few.value is not None
    assert few.note == f"{needed - 1:,} samples; an upper bound of {name} takes {needed:,}"


def test_runs_are_merged_and_percentiles_never_averaged() -> None:
    random = np.random.default_rng(1)
    fast, slow = random.random(500), 100 + random.random(50)
    one, other = LatencyKernel(), LatencyKernel()
    one.update(fast)
    other.update(slow)
    one.merge(LatencyKernel.from_bytes(other.to_bytes()))
    assert one.finish() == latency(np.concatenate([fast, slow]))
    assert one.finish().percentile("p95").value == np.quantile(
        np.concatenate([fast, slow]), 0.95, method="inverted_cdf"
    )


def test_failed_requests_are_counted_and_make_nothing_quicker() -> None:
    found = latency([1.0, 2.0, np.nan, np.nan])
    assert (found.n, found.failed) == (2, 2)
    nothing = latency([np.nan])
    assert nothing.failed == 1
    assert nothing.percentile("p95").value is None
    assert nothing.max is None


def test_one_sample_is_a_value_without_bounds() -> None:
    found = latency([3.0])
    assert found.percentile("p50").value == 3.0
    assert found.percentile("p50").interval is None


def test_upper_bounds_hold_as_often_as_they_say() -> None:
    random = np.random.default_rng(2)
    truth = -np.log(0.05) * 10
    held = 0
    for _ in range(400):
        interval = latency(random.exponential(10, 300)).percentile("p95").interval
        assert interval is not None
        held += interval.high >= truth
    assert held >= 370  # nominally 380, sd 4.4
