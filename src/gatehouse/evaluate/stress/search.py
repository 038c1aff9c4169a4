"""A bounded search for inputs that flip a decision, by someone who sees predictions and nothing else.

Within a ball of ``epsilon`` standard deviations around each row (the largest change of any number, L-infinity), and
over the values of categories that may be changed. First one coordinate after the other to either end of the ball, kept
where it brings the decision nearer to flipping; then random corners of the ball in shrinking sets of coordinates, as
the Square Attack does (Andriushchenko et al. 2020). What is found is a lower bound: another search may find more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gatehouse.evaluate.stress.sample import Floats, Sample, like, numbers

if TYPE_CHECKING:
    import pyarrow as pa

Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]
Ask = Callable[["pa.RecordBatch"], Floats]
# How much of the budget goes to single coordinates, where there are more of them than it can pay for.
_GREEDY = 2 / 3


@dataclass(frozen=True, slots=True)
class Limits:
    """How far (in standard deviations of each number), over which categories, and how many predictions a row."""

    epsilon: float
    categories: tuple[str, ...]
    budget: int


@dataclass(frozen=True, slots=True)
class Found:
    """Which decisions were flipped, (n,), and the prediction nearest to a flip or beyond it, (n,) or (n, k)."""

    flipped: Flags
    predictions: Floats
    asked: int


@dataclass
class _State:
    """The best so far of every row: where its numbers and categories stand, and how far it is from a flip."""

    values: Floats
    codes: Codes
    predictions: Floats
    margin: Floats
    flipped: Flags = field(init=False)

    def __post_init__(self) -> None:
        self.flipped = np.zeros(len(self.margin), bool)


class Search:
    """One search over one sample; ``threshold`` makes a binary score a decision."""

    def __init__(self, sample: Sample, limits: Limits, threshold: float) -> None:
        self._sample, self._limits, self._threshold = sample, limits, threshold
        columns = [sample.rows.column(name) for name in sample.numeric]
        self._start = _stacked([numbers(column) for column in columns], len(sample))
        reach = np.array([limits.epsilon * sample.spread[name] for name in sample.numeric])
        bounds = np.array([sample.bounds(name) for name in sample.numeric]).reshape(-1, 2)
        # Whole numbers stay whole, and inside the ball.
        whole = np.array([_is_whole(column) for column in columns], bool)
        low = np.maximum(self._start - reach, bounds[:, 0])
        high = np.minimum(self._start + reach, bounds[:, 1])
        self._low, self._high = np.where(whole, np.ceil(low), low), np.where(whole, np.floor(high), high)
        self._words = [sample.rows.column(name).dictionary_encode() for name in limits.categories]
        self._sizes = [len(word.dictionary) for word in self._words]

    def run(self, ask: Ask, clean: Floats, random: np.random.Generator) -> Found:
        """Raises what ``ask`` raises. ``clean`` are the answers to the unchanged rows."""
        decided = _decided(clean, self._threshold)
        codes = [word.indices.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64) for word in self._words]
        margin = _margin(clean, decided, self._threshold)
        state = _State(self._start.copy(), _stacked(codes, len(clean)).astype(np.int64), clean.copy(), margin)
        asked = 0
        for values, places in self._proposals(state, random):
            active = np.flatnonzero(~state.flipped)
            if not len(active) or asked >= self._limits.budget:
                break
            answers = ask(self._rows(active, values[active], places[active]))
            asked += 1
            self._keep(state, active, (values[active], places[active], answers), decided)
        return Found(state.flipped, state.predictions, asked)

    def _proposals(self, state: _State, random: np.random.Generator) -> Iterator[tuple[Floats, Codes]]:
        """Each proposal starts from the best so far, which may have moved since the one before."""
        moves = [(column, end) for column in range(self._start.shape[1]) for end in (self._high, self._low)]
        turns = [(word, step) for word, size in enumerate(self._sizes) for step in range(1, size)]
        order = random.permutation(len(moves) + len(turns))
        most = max(1, int(self._limits.budget * _GREEDY))
        for at in order[:most] if len(order) > self._limits.budget else order:
            yield self._moved(state, *moves[at]) if at < len(moves) else self._turned(state, *turns[at - len(moves)])
        share = 0.5
        while self._start.shape[1]:
            yield self._corner(state, share, random)
            share = max(share * 0.95, 1 / self._start.shape[1])

    def _moved(self, state: _State, column: int, end: Floats) -> tuple[Floats, Codes]:
        values = state.values.copy()
        values[:, column] = end[:, column]
        return values, state.codes

    def _turned(self, state: _State, word: int, step: int) -> tuple[Floats, Codes]:
        codes = state.codes.copy()
        codes[:, word] = (codes[:, word] + step) % self._sizes[word]
        return state.values, codes

    def _corner(self, state: _State, share: float, random: np.random.Generator) -> tuple[Floats, Codes]:
        shape = self._start.shape
        chosen, up = random.random(shape) < share, random.random(shape) < 0.5
        corner = np.where(up, self._high, self._low)
        return np.where(chosen, corner, state.values), state.codes

    def _rows(self, active: npt.NDArray[np.intp], values: Floats, codes: Codes) -> pa.RecordBatch:
        """The proposal for the rows that have not been flipped yet. A missing value stays missing: it has no ball."""
        import pyarrow as pa

        rows = self._sample.rows.take(pa.array(active))
        made: dict[str, Any] = {name: rows.column(name) for name in rows.schema.names}
        for at, name in enumerate(self._sample.numeric):
            made[name] = like(made[name], values[:, at])
        for at, (name, word) in enumerate(zip(self._limits.categories, self._words, strict=True)):
            gone = made[name].is_null().to_numpy(zero_copy_only=False)
            made[name] = word.dictionary.take(pa.array(codes[:, at], mask=gone))
        return pa.RecordBatch.from_pydict(made)

    def _keep(
        self, state: _State, active: npt.NDArray[np.intp], proposal: tuple[Floats, Codes, Floats], decided: Codes
    ) -> None:
        values, codes, answers = proposal
        margin = _margin(answers, decided[active], self._threshold)
        # An answer that is no number is no better, and no worse: the clean rows were answered.
        better = margin < state.margin[active]
        rows = active[better]
        state.values[rows], state.codes[rows] = values[better], codes[better]
        state.predictions[rows], state.margin[rows] = answers[better], margin[better]
        state.flipped[rows] |= _decided(answers[better], self._threshold) != decided[rows]


def _decided(predictions: Floats, threshold: float) -> Codes:
    if predictions.ndim == 1:
        return (predictions >= threshold).astype(np.int64)
    decided: Codes = predictions.argmax(axis=1).astype(np.int64)
    return decided


def _margin(predictions: Floats, decided: Codes, threshold: float) -> Floats:
    """(n,) how far each prediction is on the side of its first decision; below 0 it has left it."""
    if predictions.ndim == 1:
        return np.where(decided == 1, 1.0, -1.0) * (predictions - threshold)
    rows = np.arange(len(predictions))
    others = predictions.copy()
    others[rows, decided] = -np.inf
    margin: Floats = predictions[rows, decided] - others.max(axis=1)
    return margin


def _is_whole(column: pa.Array) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(column.type))


def _stacked(columns: Sequence[npt.NDArray[Any]], rows: int) -> npt.NDArray[Any]:
    return np.stack(columns, axis=1) if columns else np.zeros((rows, 0))


def worst(found: Found, clean: Floats, label: Floats, threshold: float) -> Floats:
    """The predictions that serve a metric worst: what the search found where the decision was right, and the clean
    ones where it was wrong already. The label is looked at here, after the search, which never sees it."""
    right = _decided(clean, threshold) == label.astype(np.int64)
    return np.where(right if clean.ndim == 1 else right[:, None], found.predictions, clean)
