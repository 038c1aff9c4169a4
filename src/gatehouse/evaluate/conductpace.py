"""How fast a model answers single rows after it was measured, beside a process that was not, and beside its past.

The two processes take turns, so that a busy machine slows both alike, and time in which the processor was somebody
else's is not charged to a model. A pace that is too slow is taken again before it is believed, and the best round
counts: a busy moment passes, a model that has turned slow does not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from gatehouse.runtime.processor import of_this_thread

if TYPE_CHECKING:
    import pyarrow as pa

    from gatehouse.evaluate.scoring import Asked

T = TypeVar("T")
_ROUNDS = 3
_TURNS = 4
_REQUESTS = 10
# One process's requests in one turn stop after this, so that a slow model does not make a check long.
_TURN_S = 0.25
# Processors' time a second of a model that keeps one of them busy at most, with some for measuring.
_ALONE = 1.2
# A difference below this is the machine's, and nothing that a caller would notice.
_UNNOTICED_MS = 2.0


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of a model's pace, as in ``Pace``, and how many times slower it may have become."""

    first_ms: float
    measured_ms: float | None
    limit: float


@dataclass(frozen=True, slots=True)
class Pace:
    """Medians in milliseconds: of the process that was measured (None where that was elsewhere), of the ``second`` one,
    of the first rows that were asked one at a time, and of what was ``measured`` under load (None where no gate
    asked)."""

    now_ms: float | None
    second_ms: float
    first_ms: float
    measured_ms: float | None = None

    @property
    def slowdown(self) -> float:
        """How many times slower the slowest is than the fastest is known to be; 1 where nobody would notice."""
        slowest = max(self.second_ms, self.now_ms or 0.0)
        known = (self.second_ms, self.now_ms, self.first_ms, self.measured_ms)
        fastest = min(value for value in known if value is not None)
        return 1.0 if slowest - fastest < _UNNOTICED_MS else slowest / fastest


def pace(both: Sequence[Asked], rows: pa.RecordBatch, past: Past) -> Pace:
    """The best of up to three rounds; one within the limit ends it. ``both`` is the measured process and the second
    one, or the second alone. Raises ModelError."""
    best: Pace | None = None
    for _ in range(_ROUNDS):
        found = _round(both, rows, past)
        best = found if best is None or found.slowdown < best.slowdown else best
        if best.slowdown <= past.limit:
            break
    assert best is not None
    return best


def _round(both: Sequence[Asked], rows: pa.RecordBatch, past: Past) -> Pace:
    taken: list[list[float]] = [[] for _ in both]
    for turn in range(_TURNS):
        order = range(len(both)) if turn % 2 == 0 else reversed(range(len(both)))
        for place in order:
            taken[place] += _turn(both[place], rows)
    medians = [float(np.median(one)) * 1000 for one in taken]
    return Pace(medians[0] if len(both) == 2 else None, medians[-1], past.first_ms, past.measured_ms)


def _turn(asked: Asked, rows: pa.RecordBatch) -> list[float]:
    """Seconds that each request took, until there are enough or the turn is over."""
    begin, taken = time.perf_counter(), list[float]()
    while len(taken) < _REQUESTS and time.perf_counter() - begin < _TURN_S:
        row = rows.slice(len(taken) % rows.num_rows, 1)
        taken.append(timed(asked, partial(asked.answer, row))[1])
    return taken


def timed(asked: Asked, ask: Callable[[], T]) -> tuple[T, float]:
    """What a request answers, and the seconds that it took, without those in which its process, or this one, queued
    behind others.

    A model that works on several processors at once may have queued behind itself: it is charged for all of it. To
    look at a process with hundreds of threads takes so long that it has cooled down when it is asked, so figures that
    are held against each other have to come from here, all of them.
    """
    theirs, ours, started = asked.spent(), of_this_thread(), time.perf_counter()
    answer = ask()
    taken = time.perf_counter() - started
    theirs, ours = asked.spent() - theirs, of_this_thread() - ours
    queued = ours.waited + (theirs.waited if theirs.worked <= taken * _ALONE else 0.0)
    return answer, max(taken - queued, theirs.worked, 0.0)
