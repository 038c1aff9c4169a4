"""Whether a model is after its measurement what it was in it: the same rows asked again in other ways, and timed.

The process that was measured has answered many requests by now. It is asked the same rows in another order, in batches
of other sizes and a row at a time, and so is a second process that has answered nothing yet. What a model does only in
its first calls, or no more after them, is apart then; so is what depends on which rows it is asked together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.conductpace import Pace, Past, pace, timed
from gatehouse.evaluate.facts import CANDIDATE
from gatehouse.evaluate.scored import Scored, predictions
from gatehouse.evaluate.scoring import Asked
from gatehouse.evaluate.stress.sample import decoded, positions, seed_of
from gatehouse.runtime.answer import Answer
from gatehouse.runtime.failures import ModelError

if TYPE_CHECKING:
    import pyarrow as pa

    from gatehouse.evaluate.tables import Tables

Array = npt.NDArray[Any]
Indices = npt.NDArray[np.int64]
# Rows that are asked one at a time: each is a request, and requests are what takes long.
SINGLES = 40
SINGLY = "a row at a time"
_LARGEST_BATCH = 32
# A model that takes its time is asked less in each way, but never less than this.
_WAY_S, _LEAST = 2.0, 5
# They are drawn from the first rows of a table: reading on to the last would take longer than asking.
_DRAWN_FROM = 65_536
# Below this, numbers are the same but for how they were added up.
_NOISE = 1e-12


@dataclass(frozen=True, slots=True)
class Asking:
    """One way in which ``rows`` were asked again. ``apart`` is the largest difference to what was answered before, as a
    share of the answer's size or of all answers' spread, whichever is larger; infinite where one is no number.
    ``median_ms`` is how long a request took."""

    way: str
    rows: int
    apart: float
    median_ms: float


@dataclass(frozen=True, slots=True)
class Conduct:
    """Every way that was tried, and how fast the model was meanwhile."""

    rows: int
    askings: tuple[Asking, ...]
    pace: Pace


@dataclass(frozen=True, slots=True)
class Drawn:
    """``rows`` holds the columns that the candidate takes and ``known`` what it answered for them when it was measured,
    (n,) or (n, k), None where only its time was taken. ``understood`` makes of an answer what ``known`` is made of."""

    rows: pa.RecordBatch
    known: Array | None
    understood: Callable[[Answer], Array]
    seed: int


def drawn(tables: Tables, features: Sequence[str], scored: Scored | None, most: int) -> Drawn:
    """At most ``most`` of the labelled rows, the same for the same table and candidate."""
    table, request = tables.labelled, tables.case.request
    seed = seed_of(tables.digests.get("evaluation", ""), request.candidate.digest)
    places = positions(min(table.count(), _DRAWN_FROM), most, seed)
    rows = decoded(table.take(places, list(features)))
    if scored is None:
        return Drawn(rows, None, _plain, seed)
    known = _numbers(scored.table.take(places, [CANDIDATE]).column(0))
    return Drawn(rows, known, partial(predictions, classes=scored.classes, task=tables.policy.task), seed)


def _plain(answer: Answer) -> Array:
    """Labels as objects, which are the same or not; everything else is numbers."""
    return answer.array.astype(object) if answer.kind == "labels" else answer.array


def _numbers(column: pa.ChunkedArray) -> Array:
    """A column of numbers, or of lists of k numbers, as (n,) or (n, k)."""
    import pyarrow as pa

    if not pa.types.is_fixed_size_list(column.type):
        found: Array = column.to_numpy()
        return found
    flat: Array = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return flat.reshape(-1, column.type.list_size)


@dataclass(frozen=True)
class Interview:
    """``measured`` is the process that was measured, None where that was elsewhere; ``second`` starts another."""

    drawn: Drawn
    measured: Asked | None
    second: Callable[[], AbstractContextManager[Asked]]

    def hold(self, measured_ms: float | None, max_slowdown: float) -> Conduct:
        """Asks in every way. Raises GatehouseError saying in which one the model failed.

        ``measured_ms`` is the median under load where that was measured; a pace beyond ``max_slowdown`` is looked at
        again before it is believed.
        """
        askings, known, rows = list[Asking](), self.drawn.known, self.drawn.rows
        if self.measured is not None:
            known = self._known(self.measured) if known is None else known
            askings += self._askings(self.measured, known, "")
        with self.second() as second:
            known = self._known(second) if known is None else known
            askings += self._askings(second, known, " by a second process")
            both = [one for one in (self.measured, second) if one is not None]
            first = min(asking.median_ms for asking in askings if asking.way.startswith(SINGLY))
            past = Past(first, measured_ms, max_slowdown)
            found = _said(SINGLY, lambda: pace(both, rows, past))
        return Conduct(rows.num_rows, tuple(askings), found)

    def _known(self, asked: Asked) -> Array:
        return self._answers(asked, np.arange(self.drawn.rows.num_rows), "in their order")

    def _askings(self, asked: Asked, known: Array, whose: str) -> Iterator[Asking]:
        spread = _spread(known)
        for way, parts in self._ways():
            apart, taken, rows = list[float](), list[float](), 0
            for part in parts:
                if sum(taken) > _WAY_S and len(taken) >= _LEAST:
                    break
                rows += len(part)
                answers, seconds = timed(asked, partial(self._answers, asked, part, way + whose))
                taken.append(seconds)
                apart.append(_apart(answers, known[part], spread))
            yield Asking(way + whose, rows, max(apart), float(np.median(taken)) * 1000)

    def _ways(self) -> Iterator[tuple[str, list[Indices]]]:
        """Single rows come first: they are what a process that serves is asked from its start."""
        dice, rows = np.random.default_rng([self.drawn.seed, 1]), self.drawn.rows.num_rows
        yield SINGLY, [np.array([row]) for row in dice.permutation(rows)[:SINGLES]]
        cuts = np.cumsum(dice.integers(2, _LARGEST_BATCH + 1, size=rows))
        yield "in small batches", np.split(dice.permutation(rows), cuts[cuts < rows])
        yield "in another order", [dice.permutation(rows)]

    def _answers(self, asked: Asked, part: Indices, way: str) -> Array:
        import pyarrow as pa

        rows = self.drawn.rows.take(pa.array(part))
        found: Array = _said(way, lambda: self.drawn.understood(asked.answer(rows)))
        return found


def _said(way: str, ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except ModelError as error:
        raise GatehouseError(f"candidate, asked again {way}: {error.message}", error.fix) from error


def _spread(known: Array) -> float:
    if known.dtype == object:
        return 0.0
    finite = known[np.isfinite(known)]
    return float(finite.std()) if len(finite) else 0.0


def _apart(answers: Array, known: Array, spread: float) -> float:
    """The largest difference, see ``Asking``: 1 between labels. The same NaN or infinity is the same answer."""
    if answers.shape != known.shape:
        return float("inf")
    if known.dtype == object:
        return float((answers != known).any())
    with np.errstate(invalid="ignore"):
        same = (answers == known) | (np.isnan(answers) & np.isnan(known))
        difference = np.abs(answers - known)
        scale = np.maximum(np.maximum(np.abs(answers), np.abs(known)), spread)
        share = np.divide(difference, scale, out=np.full(difference.shape, np.inf), where=np.isfinite(scale))
    share[difference <= _NOISE] = 0.0
    return float(np.where(same, 0.0, np.where(np.isfinite(share), share, np.inf)).max(initial=0.0))
