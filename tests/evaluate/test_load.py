from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.load import Load, Samples, measure, throttled

ROWS = pa.table({"x": list(range(50))})


@dataclass
class Target:
    """Answers after ``seconds``, or as ``stalls`` says for the n-th call; remembers what it was asked, and when."""

    seconds: float = 0.0
    stalls: dict[int, float] = field(default_factory=dict)
    raises: frozenset[int] = frozenset()
    seen: list[tuple[float, int]] = field(default_factory=list)

    def __call__(self, batch: Any) -> None:
        call = len(self.seen)
        self.seen.append((time.perf_counter(), batch.column(0)[0].as_py()))
        assert batch.num_rows == 1
        time.sleep(self.stalls.get(call, self.seconds))
        if call in self.raises:
            raise RuntimeError("no")


def one(target: Any, load: Load) -> Samples:
    return measure({"candidate": target}, ROWS, load)["candidate"]


def test_a_latency_runs_from_the_intended_start_so_a_stall_is_charged_to_all_that_waited() -> None:
    stalled = one(Target(stalls={20: 0.4}), Load(rate_per_s=200, duration_s=0.8, warmup_s=0))

    slow = stalled.latency_s[stalled.latency_s > 0.02]
    # 0.4 s at 200 a second: about 80 requests arrived meanwhile, and waited the rest of it, not just the one.
    assert 40 < len(slow) < 120
    assert 0.4 <= stalled.latency_s.max() < 1
    assert np.median(slow) == pytest.approx(0.2, abs=0.08)
    assert stalled.errors == stalled.unanswered == 0


def test_an_idle_target_is_timed_to_its_own_answer() -> None:
    samples = one(Target(seconds=0.004), Load(rate_per_s=40, duration_s=1, warmup_s=0))

    assert 0.004 <= np.median(samples.latency_s) < 0.02
    assert 0.16 * 0.5 < samples.utilization < 0.6
    assert not samples.overloaded


def test_the_generator_itself_is_on_time() -> None:
    samples = one(lambda _: None, Load(rate_per_s=300, duration_s=0.5, warmup_s=0.1))

    assert np.median(samples.latency_s) < 0.001
    assert np.median(samples.lateness_s) < 0.001
    assert len(samples.lateness_s) > 0.5 * len(samples.latency_s)


def test_arrivals_come_at_the_rate_asked_for_without_regard_to_the_answers() -> None:
    samples = one(Target(seconds=0.001), Load(rate_per_s=400, duration_s=1, warmup_s=0))

    assert len(samples.latency_s) == pytest.approx(400, abs=5 * 20)
    assert samples.offered_per_s == len(samples.latency_s)
    assert samples.achieved_per_s == pytest.approx(samples.offered_per_s, rel=0.2)


def test_arrivals_are_poisson() -> None:
    target = Target()
    one(target, Load(rate_per_s=500, duration_s=1, warmup_s=0))

    gaps = np.diff([when for when, _ in target.seen])
    # Half of all exponential gaps are shorter than ln 2 of the mean; of evenly spaced ones, none is.
    assert np.median(gaps) * 500 == pytest.approx(np.log(2), abs=0.15)


def test_the_same_seed_asks_for_the_same_rows_and_another_for_others() -> None:
    first, again, other = Target(), Target(), Target()
    for target, seed in ((first, 1), (again, 1), (other, 2)):
        one(target, Load(rate_per_s=200, duration_s=0.2, warmup_s=0, seed=seed))

    assert [row for _, row in first.seen] == [row for _, row in again.seen]
    assert [row for _, row in first.seen] != [row for _, row in other.seen]
    assert len({row for _, row in first.seen}) > 10


def test_models_take_turns_in_the_order_a_b_b_a_and_are_never_asked_at_the_same_time() -> None:
    candidate, champion = Target(), Target()
    load = Load(rate_per_s=200, duration_s=0.4, warmup_s=0)

    samples = measure({"candidate": candidate, "champion": champion}, ROWS, load)

    asked = [(when, "a") for when, _ in candidate.seen] + [(when, "b") for when, _ in champion.seen]
    turns = "".join(who for _, who in sorted(asked))
    assert _squeezed(turns) == "aba"
    assert [row for _, row in candidate.seen] == [row for _, row in champion.seen]
    assert len(samples["candidate"].latency_s) == len(samples["champion"].latency_s)


def test_a_slow_model_does_not_slow_down_the_other() -> None:
    load = Load(rate_per_s=100, duration_s=0.6, warmup_s=0, patience_s=1)

    samples = measure({"candidate": Target(seconds=0.015), "champion": Target()}, ROWS, load)

    assert samples["candidate"].overloaded
    assert samples["candidate"].utilization > 1
    assert np.median(samples["candidate"].latency_s) > 0.03
    assert not samples["champion"].overloaded
    assert np.median(samples["champion"].latency_s) < 0.01


def test_the_warm_up_is_asked_but_not_counted() -> None:
    target = Target(stalls={0: 0.25})
    samples = one(target, Load(rate_per_s=200, duration_s=0.3, warmup_s=0.3))

    assert samples.latency_s.max() < 0.25
    assert len(target.seen) > len(samples.latency_s) > 30


def test_what_raises_is_an_error_and_no_answer() -> None:
    target = Target(raises=frozenset({3, 5}))
    samples = one(target, Load(rate_per_s=200, duration_s=0.3, warmup_s=0))

    assert samples.errors == 2
    assert np.flatnonzero(np.isinf(samples.latency_s)).tolist() == [3, 5]
    assert samples.unanswered == 0
    assert samples.achieved_per_s < samples.offered_per_s


def test_a_target_too_slow_for_its_rate_ends_in_bounded_time_and_says_so() -> None:
    target = Target(seconds=0.1)
    samples = one(target, Load(rate_per_s=200, duration_s=0.3, warmup_s=0, patience_s=0.3))

    # 0.3 s of schedule and 0.3 s of patience are over after six answers, however slow the clock of a busy machine is;
    # working off all of the backlog would take sixty.
    assert len(target.seen) <= 8
    assert samples.overloaded
    assert samples.unanswered > 30
    assert np.isinf(np.median(samples.latency_s))
    assert samples.achieved_per_s < 15


def test_a_target_that_never_returns_is_left_behind_and_not_asked_again() -> None:
    release, let_go = threading.Event(), threading.Event()
    target = Target()

    def hang(batch: Any) -> None:
        target(batch)
        release.wait(30)
        let_go.set()

    load = Load(rate_per_s=50, duration_s=0.4, warmup_s=0.1, patience_s=0.2)
    samples = measure({"candidate": hang, "champion": Target()}, ROWS, load)
    still_hanging = not let_go.is_set()
    release.set()

    assert still_hanging, "the measurement waited for a target that does not answer"
    assert len(target.seen) == 1
    assert np.isinf(samples["candidate"].latency_s).all()
    assert samples["candidate"].unanswered == len(samples["candidate"].latency_s)
    assert samples["candidate"].overloaded
    assert np.isfinite(samples["champion"].latency_s).all()


def test_progress_grows_to_one() -> None:
    told: list[float] = []
    measure({"a": Target(), "b": Target()}, ROWS, Load(rate_per_s=20, duration_s=0.5, warmup_s=0.1), told.append)

    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 4


def test_a_quiet_spell_without_any_request_is_no_fault() -> None:
    samples = one(Target(), Load(rate_per_s=0.001, duration_s=0.1, warmup_s=0))

    assert len(samples.latency_s) == 0
    assert samples.offered_per_s == samples.achieved_per_s == samples.utilization == 0


def test_no_rows_are_refused() -> None:
    with pytest.raises(GatehouseError, match="no rows to send"):
        measure({"candidate": Target()}, ROWS.slice(0, 0), Load(10, 1))


@pytest.mark.parametrize("wrong", [{"rate_per_s": 0}, {"duration_s": -1}, {"warmup_s": -0.1}, {"patience_s": 0}])
def test_a_load_that_is_none_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Load(**{"rate_per_s": 10, "duration_s": 1, **wrong})  # type: ignore[arg-type] # seed is an int and not here


def test_throttling_is_a_count_where_it_can_be_read_and_unknown_elsewhere() -> None:
    before = throttled()
    samples = one(Target(), Load(rate_per_s=50, duration_s=0.1, warmup_s=0))

    assert (samples.throttled is None) == (before is None)
    assert samples.throttled is None or samples.throttled >= 0


def _squeezed(turns: str) -> str:
    return "".join(who for place, who in enumerate(turns) if place == 0 or turns[place - 1] != who)
