"""Latency under load: requests arrive when they arrive, whether the model has answered the last one or not.

**Open loop.** Arrival times are drawn beforehand, and a request's latency runs from when it was *meant* to start. A
generator that waits for an answer before it sends the next request stops asking exactly when the model is slow, and
leaves the slow moments out of its figures ("coordinated omission", Tene 2013; "open versus closed", Schroeder,
Wierman and Harchol-Balter, NSDI 2006).

**Poisson arrivals**, because people and systems that know nothing of each other arrive so, and because their bursts
make the queues that a tail latency is made of; evenly spaced requests hide them.

**One queue for each model.** A model's process answers one request after the other, so one sender that falls behind is
the same first-come queue as many that wait. It needs no pool of threads that would add their own delays.

**Blocks in the order A B B A.** The models are loaded in turns, never at the same time, so that none queues behind the
other or fights with it over the cores; a machine that slows down over time treats both alike. The two blocks of a pair
have the same arrivals and the same rows. A block that has a backlog at its end works it off, and is charged for it.

**Bounded.** A target has ``patience_s`` to work off a backlog. One that cannot, or hangs, is not asked again, and
every request that it was to answer counts as unanswered.
"""

from __future__ import annotations

import contextlib
import gc
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gatehouse.errors import GatehouseError

Array = np.ndarray[Any, np.dtype[np.float64]]
Target = Callable[[Any], object]
# Long enough for a queue to reach its usual length, short enough that a noisy neighbour meets both models.
_BLOCK_S = 2.5
# The operating system wakes a sleeper up to this much late; the rest of the way is waited out awake.
_SPIN_S = 0.0002
_LOOK_EVERY_S = 0.1
_CPU_STATS = ("cpu.stat", "cpu/cpu.stat", "cpu,cpuacct/cpu.stat")


@dataclass(frozen=True, slots=True)
class Load:
    """How each target is loaded: so many requests a second for so many seconds, after a warm-up that is not counted.

    Raises ValueError for a rate or a time that is not positive.
    """

    rate_per_s: float
    duration_s: float
    warmup_s: float = 1.0
    seed: int = 0
    patience_s: float = 5.0

    def __post_init__(self) -> None:
        if min(self.rate_per_s, self.duration_s, self.patience_s) <= 0 or self.warmup_s < 0:
            raise ValueError(f"a rate, a duration and a patience are above 0, a warm-up 0 or more: {self}")


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """What was measured of one target.

    ``latency_s``, one for each request that arrived, in order of arrival: seconds from its intended start to its
    answer, and infinity where none came, so that no quantile is better for a request that was never answered.
    ``lateness_s``: how late the generator itself began requests that it had time for, part of the latencies.
    """

    latency_s: Array
    lateness_s: Array
    offered_per_s: float
    """Requests that arrived, a second of schedule: the rate asked for, give or take what chance drew."""
    achieved_per_s: float
    """Requests answered, a second until the last answer."""
    utilization: float
    """The share of the scheduled time that the target was busy; at 1 and above it cannot keep up."""
    errors: int
    """Requests that raised."""
    unanswered: int
    """Requests that were still waiting when the target's patience ran out."""
    throttled: int | None
    """How often the control group was denied the processor meanwhile; None where that cannot be read."""

    @property
    def overloaded(self) -> bool:
        """Whether requests came faster than the target could answer them."""
        return self.unanswered > 0 or self.utilization >= 1.0


def measure(
    targets: Mapping[str, Target], rows: Any, load: Load, progress: Callable[[float], None] = lambda _: None
) -> dict[str, Samples]:
    """Loads every target with single rows drawn from ``rows`` (a pyarrow.Table), and times it from outside.

    A target is called with a pyarrow.RecordBatch of one row and returns when it has the answer; raising is an error,
    counted. The same seed gives the same rows at the same times. ``progress`` is told the share done, 0 to 1, several
    times a second. Takes at most ``len(targets) * (warmup_s + duration_s)`` seconds and, where a target is overloaded,
    ``patience_s`` for each of its blocks. Raises GatehouseError where there is no row to send.
    """
    if rows.num_rows == 0:
        raise GatehouseError("there are no rows to send to the model", "check the evaluation data")
    dice = np.random.default_rng(load.seed)
    batch = rows.combine_chunks().to_batches()[0]
    lanes = {name: _Lane(target, load.patience_s) for name, target in targets.items()}
    plan = list(_plan(list(lanes), load))
    total, done = sum(span * len(names) for names, span, _ in plan), 0.0
    for names, span, counted in plan:
        offsets = _arrivals(dice, load.rate_per_s, span)
        requests = [batch.slice(row, 1) for row in dice.integers(batch.num_rows, size=len(offsets)).tolist()]
        for name in names:
            lanes[name].run(offsets, requests, span, counted, _share(progress, done, total))
            done += span
    progress(1.0)
    return {name: lane.samples() for name, lane in lanes.items()}


def _share(progress: Callable[[float], None], done: float, total: float) -> Callable[[float], None]:
    """Tells ``progress`` the share of the whole when told the seconds of one block."""
    return lambda seconds: progress(min(1.0, (done + seconds) / total))


def _plan(names: Sequence[str], load: Load) -> Iterator[tuple[Sequence[str], float, bool]]:
    """Who is loaded in which order with the same schedule, for how long each, and whether it counts."""
    if load.warmup_s:
        yield names, load.warmup_s, False
    blocks = 1 if len(names) == 1 else 2 * max(1, round(load.duration_s / (2 * _BLOCK_S)))
    for block in range(blocks):
        yield (names if block % 2 == 0 else names[::-1]), load.duration_s / blocks, True


def _arrivals(dice: np.random.Generator, rate: float, span: float) -> Array:
    """Poisson arrivals in [0, span): given how many there are, they are so many uniform draws, sorted."""
    return np.sort(dice.uniform(0.0, span, size=dice.poisson(rate * span)))


@dataclass(slots=True, eq=False)
class _Block:
    """One uninterrupted stretch of requests to one target. The sender writes, whoever waits for it reads."""

    target: Target
    offsets: Array
    requests: Sequence[Any]
    deadline_s: float
    latency: Array = field(init=False)
    lateness: list[float] = field(default_factory=list)
    busy_s: float = 0.0
    errors: int = 0
    sent: int = 0
    last_s: float = 0.0
    given_up: bool = False

    def __post_init__(self) -> None:
        self.latency = np.full(len(self.offsets), np.inf)

    def send(self) -> None:
        """Sends every request at its time, or as soon after as the one before has been answered."""
        begin, previous = time.perf_counter(), 0.0
        for place, (offset, request) in enumerate(zip(self.offsets.tolist(), self.requests, strict=True)):
            _sleep_until(begin + offset)
            started = time.perf_counter() - begin
            if self.given_up or started > self.deadline_s:
                return
            if previous <= offset:
                self.lateness.append(started - offset)
            self.sent += 1
            failed = self._fails(request)
            previous = time.perf_counter() - begin
            if self.given_up:
                return
            self.busy_s += previous - started
            if not failed:
                self.latency[place], self.last_s = previous - offset, previous

    def _fails(self, request: Any) -> bool:
        try:
            self.target(request)
        except Exception:  # noqa: BLE001 (whatever a target raises, it gave no answer)
            self.errors += 1
            return True
        return False


class _Lane:
    """One target and all its blocks."""

    def __init__(self, target: Target, patience_s: float) -> None:
        self._target = target
        self._patience_s = patience_s
        self._blocks: list[_Block] = []
        self._scheduled_s = self._elapsed_s = 0.0
        self._throttled: int | None = 0
        self._lost = False

    def run(
        self, offsets: Array, requests: Sequence[Any], span: float, counted: bool, tell: Callable[[float], None]
    ) -> None:
        """Runs one block, or books all of it as unanswered where the target is lost."""
        block = _Block(self._target, offsets, requests, span + self._patience_s)
        before = throttled()
        if not self._lost:
            self._lost = not _finishes(block, span, tell)
        after = throttled()
        if not counted:
            return
        self._blocks.append(block)
        self._scheduled_s += span
        self._elapsed_s += max(span, block.last_s)
        if self._throttled is not None:
            self._throttled = None if before is None or after is None else self._throttled + after - before

    def samples(self) -> Samples:
        latency = np.concatenate([block.latency for block in self._blocks])
        errors = sum(block.errors for block in self._blocks)
        answered = int(np.isfinite(latency).sum())
        return Samples(
            latency_s=latency,
            lateness_s=np.array([late for block in self._blocks for late in block.lateness]),
            offered_per_s=len(latency) / self._scheduled_s,
            achieved_per_s=answered / self._elapsed_s,
            utilization=sum(block.busy_s for block in self._blocks) / self._scheduled_s,
            errors=errors,
            unanswered=len(latency) - answered - errors,
            throttled=self._throttled,
        )


def _finishes(block: _Block, span: float, tell: Callable[[float], None]) -> bool:
    """Runs a block in a thread, so that a target that never returns cannot hold us; whether all of it was sent."""
    sender = threading.Thread(target=block.send, name="gatehouse-load", daemon=True)
    with _no_collection():
        began = time.perf_counter()
        sender.start()
        while (left := began + block.deadline_s - time.perf_counter()) > 0:
            sender.join(min(left, _LOOK_EVERY_S))
            if not sender.is_alive():
                break
            tell(min(span, time.perf_counter() - began))
        block.given_up = True
    return not sender.is_alive() and block.sent == len(block.requests)


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Keeps Python's garbage collector, which may pause us for longer than a model takes, out of a block."""
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _sleep_until(moment: float) -> None:
    """Waits until ``moment`` on time.perf_counter's scale; asleep first, awake at the end."""
    if (left := moment - time.perf_counter() - _SPIN_S) > 0:
        time.sleep(left)
    while time.perf_counter() < moment:
        pass


def throttled() -> int | None:
    """How often this control group was denied the processor so far; None where the system does not say."""
    for stats in _stat_files():
        with contextlib.suppress(OSError, ValueError):
            for line in stats.read_text().splitlines():
                name, _, count = line.partition(" ")
                if name == "nr_throttled":
                    return int(count)
    return None


def _stat_files() -> Iterator[Path]:
    """Where this process's control group keeps its processor figures: version 2, then version 1."""
    root = Path("/sys/fs/cgroup")
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers == "" or "cpu" in controllers.split(","):
                yield root / controllers / path.lstrip("/") / "cpu.stat"
    for name in _CPU_STATS:
        yield root / name
