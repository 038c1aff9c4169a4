"""Scores in order: what every rank metric is read from, and what a rank metric answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gatehouse.evaluate.statistics.groups import Codes
from gatehouse.evaluate.statistics.rows import Floats


@dataclass(frozen=True, slots=True)
class Part:
    """A rank metric's value on some rows, and how much each row moves it.

    The squares of ``influence``, one figure a row in the order that the rows came in, add up to the value's variance.
    ``n`` rows stand behind it; ``error`` bounds what rounding the scores may have cost.
    """

    value: float
    influence: Floats
    n: int
    error: float = 0.0


class Ranked:
    """Labels (n,) of 0 and 1 beside scores (n,); ``weight`` says how many rows each entry stands for, None for one.

    Where scores were rounded onto a grid, ``width`` (n,) says how far apart the scores lie that an entry stands for; 0
    where they are all the same, so that a tie is a tie. Sorting happens once, when something first needs it.
    """

    def __init__(
        self,
        label: npt.NDArray[np.uint8],
        score: Floats,
        weight: Floats | None = None,
        width: Floats | None = None,
    ) -> None:
        self.label, self.score, self.weight, self.width = label, score, weight, width
        self._ascending = False
        self._parts: dict[Callable[[Ranked], Part], Part] = {}

    def measured(self, by: Callable[[Ranked], Part]) -> Part:
        """A rank metric's part, reached once however many gates ask."""
        if by not in self._parts:
            self._parts[by] = by(self)
        return self._parts[by]

    @property
    def rounded(self) -> bool:
        return self.width is not None

    @property
    def blurred(self) -> npt.NDArray[np.bool_]:
        """(runs,) which runs hold different scores that were made equal."""
        if self.width is None:
            return np.zeros(len(self.runs.positives), bool)
        first = np.cumsum(self.runs.lengths) - self.runs.lengths
        blurred: npt.NDArray[np.bool_] = self.width[self.order][first] > 0
        return blurred

    @cached_property
    def order(self) -> Codes:
        """(n,) positions by ascending score."""
        return np.arange(len(self.score)) if self._ascending else np.argsort(self.score)

    @cached_property
    def ascending(self) -> Ranked:
        """The same entries by ascending score."""
        return self if self._ascending else self._taken(self.order)

    @cached_property
    def runs(self) -> Runs:
        ascending = self.ascending
        return Runs.of(ascending.score, ascending.label, ascending.weight)

    def spread(self, of_positive: Floats, of_negative: Floats) -> Floats:
        """Figures for each run of equal scores as one for each entry, by its label, in the order they came in."""
        runs = self.runs
        if len(runs.positives) < len(self.score):
            of_positive, of_negative = np.repeat(of_positive, runs.lengths), np.repeat(of_negative, runs.lengths)
        ascending = np.where(runs.label, of_positive, of_negative)
        if self._ascending:
            return ascending
        out = np.empty(len(self.score))
        out[self.order] = ascending
        return out

    def split(self, group: Codes, groups: int) -> list[tuple[Ranked, Codes]]:
        """The entries of each group with their positions here, already sorted: one sort serves every group."""
        # Of integers this narrow a stable sort takes one or two passes.
        narrow = group.astype(np.uint8 if groups <= 1 << 8 else np.uint16 if groups <= 1 << 16 else np.int64)
        places = np.argsort(narrow[self.order], kind="stable")
        ends = np.cumsum(np.bincount(group, minlength=groups))[:-1]
        return [(self.ascending._taken(part), self.order[part]) for part in np.split(places, ends)]

    def _taken(self, positions: Codes) -> Ranked:
        """The entries at these positions, which are by ascending score."""
        part = Ranked(
            self.label[positions],
            self.score[positions],
            _taken(self.weight, positions),
            _taken(self.width, positions),
        )
        part._ascending = True
        return part


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of equal scores, ascending: positives and negatives in each and below each, lengths in entries.

    ``label`` is each entry's, in ascending order of the scores.
    """

    label: npt.NDArray[np.bool_]
    positives: Floats
    negatives: Floats
    positives_below: Floats
    negatives_below: Floats
    lengths: Codes

    @property
    def totals(self) -> tuple[float, float]:
        """All positives, all negatives."""
        return float(self.positives.sum()), float(self.negatives.sum())

    @classmethod
    def of(cls, score: Floats, label: npt.NDArray[np.uint8], weight: Floats | None) -> Runs:
        """From scores in ascending order."""
        last = np.flatnonzero(np.append(score[1:] != score[:-1], True)) if len(score) else np.zeros(0, np.int64)
        positive = np.cumsum(label, dtype=np.float64) if weight is None else np.cumsum(label * weight)
        everything = last + 1.0 if weight is None else np.cumsum(weight)[last]
        positive = positive[last]
        negative = everything - positive
        below, none_below = (np.concatenate([[0.0], total[:-1]]) for total in (positive, negative))
        lengths = np.diff(last, prepend=-1)
        return cls(label.astype(bool), positive - below, negative - none_below, below, none_below, lengths)


def _taken(values: Floats | None, positions: Codes) -> Floats | None:
    return None if values is None else values[positions]


@dataclass(frozen=True, slots=True)
class Scores:
    """Finished scores: one Ranked a model over the same entries, their group cells and cluster blocks."""

    models: tuple[Ranked, ...]
    cells: Codes
    blocks: Codes | None
