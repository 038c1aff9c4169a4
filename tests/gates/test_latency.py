from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from gatehouse.evaluate.statistics.latency import latency
from gatehouse.evaluate.timed import Timed
from gatehouse.verdict import Curve, Outcome
from tests.evaluate import made
from tests.gates.given import Given, fetched, measure, verdict


def timed(
    ms: npt.ArrayLike, errors: int = 0, unanswered: int = 0, overloaded: bool = False, throttled: int | None = 0
) -> Timed:
    return Timed(latency(np.asarray(ms, float)), 50.0, 49.5, errors, unanswered, overloaded, 0.2, throttled)


def steady(rows: int = 1_000, scale: float = 1.0) -> npt.NDArray[np.float64]:
    """Latencies of 1 to 100 ms, each as frequent as another."""
    return scale * np.linspace(1, 100, rows)


def given(candidate: Timed, champion: Timed | None = None) -> Given:
    both = {"candidate": candidate} if champion is None else {"candidate": candidate, "champion": champion}
    return Given(timed=both, champion=fetched() if champion else None)


def test_the_budget_is_held_against_the_percentile_and_its_bounds() -> None:
    mine = timed(steady())
    found = mine.latency.percentile("p95")
    assert found.value is not None
    assert found.interval is not None

    for budget, outcome in (
        (found.interval.high, Outcome.PASS),
        (found.interval.high - 0.001, Outcome.WARN),
        (found.value, Outcome.WARN),
        (found.value - 0.001, Outcome.INSUFFICIENT),
        (found.interval.low, Outcome.INSUFFICIENT),
        (found.interval.low - 0.001, Outcome.FAIL),
    ):
        said = verdict("latency", given(mine), p95_ms=budget)
        assert (budget, said.outcome) == (budget, outcome)
        assert measure(said, "p95").value == found.value


def test_every_percentile_has_a_budget_of_its_own() -> None:
    said = verdict("latency", given(timed(steady(5_000))), p50_ms=60, p95_ms=99, p99_ms=50, p99_9_ms=101)

    assert [(one.name, one.outcome) for one in said.measures[0:4]] == [
        ("p50", Outcome.PASS),
        ("p95", Outcome.PASS),
        ("p99", Outcome.FAIL),
        ("p99.9", Outcome.PASS),
    ]
    assert said.outcome is Outcome.FAIL


@pytest.mark.parametrize(("samples", "outcome"), [(58, Outcome.INSUFFICIENT), (59, Outcome.PASS)])
def test_too_few_samples_to_bound_a_percentile_decide_nothing(samples: int, outcome: Outcome) -> None:
    said = verdict("latency", given(timed(steady(samples))), p95_ms=500)

    assert said.outcome is outcome
    assert ("takes 59" in measure(said, "p95").note) == (outcome is Outcome.INSUFFICIENT)


@pytest.mark.parametrize(("errors", "unanswered"), [(1, 0), (0, 1)])
def test_one_request_without_an_answer_is_too_many(errors: int, unanswered: int) -> None:
    samples = np.append(steady(), np.inf)

    said = verdict("latency", given(timed(samples, errors, unanswered)), p95_ms=500)

    assert said.outcome is Outcome.FAIL
    failed = measure(said, "requests that failed or got no answer")
    assert (failed.value, failed.limit, failed.rows) == (1, 0, 1_001)


def test_requests_that_were_never_answered_do_not_improve_a_percentile() -> None:
    lost = timed(np.append(steady(900), [np.inf] * 100), unanswered=100, overloaded=True)

    said = verdict("latency", given(lost), p95_ms=500)

    assert measure(said, "p95").outcome is Outcome.FAIL
    assert said.summary == "p95 without an answer, at 50 requests/s; it cannot keep up with the load"
    (curve,) = said.exhibits
    assert isinstance(curve, Curve)
    assert np.isfinite(curve.series["candidate"]).all()


def test_no_request_at_all_is_no_pass_even_without_a_budget() -> None:
    assert verdict("latency", given(timed([]))).outcome is Outcome.FAIL
    assert verdict("latency", given(timed([])), p95_ms=500).outcome is Outcome.FAIL


@pytest.mark.parametrize(("ratio", "outcome"), [(2.0, Outcome.PASS), (1.999, Outcome.FAIL)])
def test_the_champion_of_the_same_run_can_be_the_yardstick(ratio: float, outcome: Outcome) -> None:
    said = verdict("latency", given(timed(steady(scale=2)), timed(steady())), max_ratio=ratio)

    assert said.outcome is outcome
    held = measure(said, "p95 against the champion's")
    assert held.value == pytest.approx(2)
    assert held.interval is not None
    assert held.interval.low < 2 < held.interval.high


def test_a_ratio_asks_nothing_of_a_first_promotion() -> None:
    said = verdict("latency", given(timed(steady())), max_ratio=1.0)

    assert said.outcome is Outcome.PASS
    assert all(one.champion is None for one in said.measures)


def test_the_champions_figures_stand_beside_and_do_not_decide() -> None:
    said = verdict("latency", given(timed(steady()), timed(steady(scale=50), errors=3)), p95_ms=100)

    assert said.outcome is Outcome.PASS
    assert measure(said, "p95").champion == pytest.approx(50 * 95, rel=0.01)


def test_a_machine_that_held_us_up_is_mentioned() -> None:
    assert any("4 times" in note for note in verdict("latency", given(timed(steady(), throttled=4))).notes)
    assert not any("denied" in note for note in verdict("latency", given(timed(steady(), throttled=None))).notes)


def test_a_slow_model_is_measured_as_slow_beside_a_quick_champion(bench: made.Bench) -> None:
    with bench.evidence(bench.case(bench.model("slow"), bench.model("constant"))) as evidence:
        said = verdict("latency", evidence, p50_ms=25, rate_per_s=12, duration_s=1.5, warmup_s=0.2)

    assert said.outcome is Outcome.FAIL
    half = measure(said, "p50")
    assert half.value is not None
    assert half.champion is not None
    assert half.value >= 30
    assert half.champion < half.value
    (curve,) = said.exhibits
    assert isinstance(curve, Curve)
    assert set(curve.series) == {"candidate", "champion"}
    assert curve.limits == {"p50 budget": 25}


def test_a_model_that_raises_under_load_fails(bench: made.Bench) -> None:
    with bench.evidence(bench.case(bench.model("raises"))) as evidence:
        said = verdict("latency", evidence, rate_per_s=60, duration_s=0.3, warmup_s=0)

    assert said.outcome is Outcome.FAIL
    failed = measure(said, "requests that failed or got no answer")
    assert failed.value == failed.rows
    assert said.summary.startswith("p95 without an answer, at")
