"""The kernel behind every metric of the order of scores.

Up to RANK_LIMIT rows the scores themselves are kept, and everything is exact. Above it they are rounded onto a fine
grid and only the cells that occur are counted; if these become more than CELL_LIMIT, the grid is made coarser. What is
kept depends on the rows alone and not on how they were cut into batches, and every figure carries the bound of what
the rounding may have cost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gatehouse.evaluate.statistics.groups import MOST_CELLS, Codes
from gatehouse.evaluate.statistics.kernel import pack, unpack
from gatehouse.evaluate.statistics.rows import CLUSTER_BLOCKS, Floats, Plan, Rows

RANK_LIMIT = 5_000_000
CELL_LIMIT = 1 << 21
Bits = npt.NDArray[np.uint64]


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
    def runs(self) -> Runs:
        if self._ascending:
            return Runs.of(self.score, self.label, self.weight)
        return Runs.of(self.score[self.order], self.label[self.order], _taken(self.weight, self.order))

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
        by_score = group[self.order]
        narrow = by_score.astype(np.uint16) if groups <= 1 << 16 else by_score
        positions = self.order[np.argsort(narrow, kind="stable")]
        ends = np.cumsum(np.bincount(group, minlength=groups))[:-1]
        return [(self._sorted(part), part) for part in np.split(positions, ends)]

    def _sorted(self, positions: Codes) -> Ranked:
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


class Ranks:
    """Collects the scores of one class (``positive``) against the rest, for every model."""

    def __init__(self, plan: Plan, positive: int = 1, limit: int = RANK_LIMIT, cell_limit: int = CELL_LIMIT) -> None:
        self._plan, self._positive = plan, positive
        self._limit, self._cell_limit = limit, cell_limit
        self._exact: list[_Chunk] = []
        self._rows = 0
        self._grid: Grid | None = None

    def update(self, rows: Rows) -> None:
        scores = [score if score.ndim == 1 else score[:, self._positive] for score in rows.predictions]
        label = (rows.label == self._positive).astype(np.uint8)
        blocks = None if rows.blocks is None else rows.blocks.astype(np.int32)
        self._take(_Chunk(label, rows.cells.astype(np.int32), blocks, tuple(scores)))

    def _take(self, chunk: _Chunk) -> None:
        self._rows += len(chunk.label)
        if self._grid is None and self._rows <= self._limit:
            self._exact.append(chunk)
            return
        self._to_grid()
        assert self._grid is not None
        self._grid.add(chunk)

    def _to_grid(self) -> None:
        if self._grid is None:
            self._grid = Grid(len(self._plan.models), self._plan.cluster is not None, self._cell_limit)
        while self._exact:
            self._grid.add(self._exact.pop())

    def merge(self, other: Ranks, cells: Codes) -> None:
        """``cells`` maps the other's cell codes to this kernel's."""
        for chunk in other._exact:
            self._take(chunk.recoded(cells))
        if other._grid is not None:
            self._to_grid()
            assert self._grid is not None
            self._grid.merge(other._grid, cells)
            self._rows += other._rows

    def finish(self) -> Scores:
        if self._grid is not None:
            return self._grid.finish()
        whole = _Chunk.joined(self._exact, len(self._plan.models), self._plan.cluster is not None)
        self._exact = [whole]
        models = tuple(Ranked(whole.label, score) for score in whole.scores)
        return Scores(models, whole.cells.astype(np.int64), _wide(whole.blocks))

    def to_bytes(self) -> bytes:
        whole = _Chunk.joined(self._exact, len(self._plan.models), self._plan.cluster is not None)
        state: dict[str, npt.NDArray[np.generic]] = {
            "rows": np.array(self._rows),
            "label": whole.label,
            "cells": whole.cells,
            "scores": np.stack(whole.scores),
        }
        if whole.blocks is not None:
            state["blocks"] = whole.blocks
        if self._grid is not None:
            state |= self._grid.state()
        return pack(state)

    def load(self, data: bytes) -> None:
        """Becomes the kernel that wrote ``data``."""
        state = unpack(data)
        blocks = state["blocks"].astype(np.int32) if "blocks" in state else None
        scores = tuple(state["scores"].astype(float))
        self._rows = int(state["rows"].item())
        self._exact = [_Chunk(state["label"].astype(np.uint8), state["cells"].astype(np.int32), blocks, scores)]
        if "keys" in state:
            self._grid = Grid(len(self._plan.models), self._plan.cluster is not None, self._cell_limit)
            self._grid.load(state)


@dataclass(frozen=True, slots=True)
class _Chunk:
    label: npt.NDArray[np.uint8]
    cells: npt.NDArray[np.int32]
    blocks: npt.NDArray[np.int32] | None
    scores: tuple[Floats, ...]

    def recoded(self, cells: Codes) -> _Chunk:
        return _Chunk(self.label, cells[self.cells].astype(np.int32), self.blocks, self.scores)

    @classmethod
    def joined(cls, chunks: Sequence[_Chunk], models: int, clustered: bool) -> _Chunk:
        if len(chunks) == 1:
            return chunks[0]
        label = np.concatenate([np.zeros(0, np.uint8), *(chunk.label for chunk in chunks)])
        cells = np.concatenate([np.zeros(0, np.int32), *(chunk.cells for chunk in chunks)])
        blocks = None
        if clustered:
            parts = [chunk.blocks for chunk in chunks if chunk.blocks is not None]
            blocks = np.concatenate([np.zeros(0, np.int32), *parts])
        scores = tuple(
            np.concatenate([np.zeros(0), *(chunk.scores[model] for chunk in chunks)]) for model in range(models)
        )
        return cls(label, cells, blocks, scores)


def _wide(values: npt.NDArray[np.int32] | None) -> Codes | None:
    return None if values is None else values.astype(np.int64)


class Grid:
    """Counts of (cell, block, label, rounded scores), packed into one integer a kind of row.

    The scores' codes get ``bits`` each; ``level`` low bits of each code are dropped. Rounding in steps composes, and
    more rows never mean fewer kinds, so the level reached is the same in whatever order the rows come.
    """

    def __init__(self, models: int, clustered: bool, limit: int) -> None:
        self._models, self._limit = models, limit
        self._clustered = clustered
        fixed = (MOST_CELLS * 2 * (CLUSTER_BLOCKS if clustered else 1)).bit_length()
        self._bits = min(16, (64 - fixed) // models)
        self._level = 0
        # The lowest and the highest score that each code stands for: what makes a tie a true one.
        self._lowest = np.full((models, 1 << 16), np.inf)
        self._highest = np.full((models, 1 << 16), -np.inf)
        self._keys: list[Bits] = []
        self._counts: list[Floats] = []
        self._pending = 0

    def add(self, chunk: _Chunk) -> None:
        head = chunk.cells.astype(np.uint64)
        if chunk.blocks is not None:
            head = head * np.uint64(CLUSTER_BLOCKS) + chunk.blocks.astype(np.uint64)
        key = head * np.uint64(2) + chunk.label
        for model, score in enumerate(chunk.scores):
            code = grid_code(score)
            np.minimum.at(self._lowest[model], code, score)
            np.maximum.at(self._highest[model], code, score)
            key = (key << np.uint64(self._bits)) | (code >> np.uint64(16 - self._bits))
        self._push(key, np.ones(len(key)))

    def _push(self, keys: Bits, counts: Floats) -> None:
        self._keys.append(keys)
        self._counts.append(counts)
        self._pending += len(keys)
        if self._pending > self._limit:
            self._compact()

    def _compact(self) -> None:
        keys = np.concatenate([np.zeros(0, np.uint64), *self._keys])
        counts = np.concatenate([np.zeros(0), *self._counts])
        keys, counts = _counted(keys & self._mask(), counts)
        while len(keys) > self._limit and self._level < self._bits - 1:
            self._level += 1
            keys, counts = _counted(keys & self._mask(), counts)
        self._keys, self._counts, self._pending = [keys], [counts], 0

    def _mask(self) -> np.uint64:
        mask = (1 << 64) - 1
        for model in range(self._models):
            mask &= ~(((1 << self._level) - 1) << (model * self._bits))
        return np.uint64(mask)

    def merge(self, other: Grid, cells: Codes) -> None:
        other._compact()
        self._level = max(self._level, other._level)
        np.minimum(self._lowest, other._lowest, out=self._lowest)
        np.maximum(self._highest, other._highest, out=self._highest)
        below = np.uint64(self._models * self._bits + 1 + (CLUSTER_BLOCKS.bit_length() - 1 if self._clustered else 0))
        for keys, counts in zip(other._keys, other._counts, strict=True):
            cell = cells[(keys >> below).astype(np.int64)].astype(np.uint64)
            self._push((cell << below) | (keys & ((np.uint64(1) << below) - np.uint64(1))), counts)

    def finish(self) -> Scores:
        self._compact()
        rest, counts = self._keys[0], self._counts[0]
        scores = []
        for model in reversed(range(self._models)):
            code = (rest & np.uint64((1 << self._bits) - 1)) >> np.uint64(self._level)
            scores.append(self._ends(model, code.astype(np.int64)))
            rest = rest >> np.uint64(self._bits)
        label = (rest & np.uint64(1)).astype(np.uint8)
        head = (rest >> np.uint64(1)).astype(np.int64)
        cells, blocks = np.divmod(head, CLUSTER_BLOCKS) if self._clustered else (head, None)
        models = tuple(Ranked(label, (low + high) / 2, counts, high - low) for low, high in reversed(scores))
        return Scores(models, cells, blocks)

    def _ends(self, model: int, code: Codes) -> tuple[Floats, Floats]:
        """The lowest and the highest score of each code at this level."""
        size = 1 << (self._level + 16 - self._bits)
        lowest, highest = self._lowest[model].reshape(-1, size), self._highest[model].reshape(-1, size)
        return lowest.min(axis=1)[code], highest.max(axis=1)[code]

    def state(self) -> dict[str, npt.NDArray[np.generic]]:
        self._compact()
        ends = {"lowest": self._lowest, "highest": self._highest}
        return {"keys": self._keys[0], "counts": self._counts[0], "level": np.array(self._level), **ends}

    def load(self, state: Mapping[str, npt.NDArray[np.generic]]) -> None:
        self._keys, self._counts = [state["keys"].astype(np.uint64)], [state["counts"].astype(float)]
        self._level = int(state["level"].item())
        self._lowest, self._highest = state["lowest"].astype(float), state["highest"].astype(float)


def _counted(keys: Bits, counts: Floats) -> tuple[Bits, Floats]:
    """Distinct keys ascending, with the sum of their counts."""
    if bool((counts == 1).all()):
        ordered = np.sort(keys)
        first = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if len(ordered) else np.zeros(0, np.int64)
        return ordered[first], np.diff(np.append(first, len(ordered))).astype(float)
    distinct, inverse = np.unique(keys, return_inverse=True)
    return distinct, np.bincount(inverse, counts, minlength=len(distinct)).astype(float)


# The grid: 49,152 steps of the logit from -16 to 16 for scores from 0 to 1, and 8,192 steps of the logarithm on either
# side of that for scores that are no probabilities.
_SIDE, _LOGIT, _FAR = 8192, 16.0, float(np.log1p(1e4))
_INNER = 65536 - 2 * _SIDE


def grid_code(score: Floats) -> Bits:
    """(n,) codes from 0 to 65,535 that rise with the score."""
    with np.errstate(divide="ignore"):
        inside = np.clip(score, 0.0, 1.0)
        logit = np.clip(np.log(inside) - np.log1p(-inside), -_LOGIT, _LOGIT)
    code = _SIDE + np.minimum((logit + _LOGIT) * (_INNER / (2 * _LOGIT)), _INNER - 1)
    far = (score < 0) | (score > 1)
    if far.any():
        beyond = np.where(score < 0, -score, score - 1)[far]
        step = np.minimum(np.log1p(beyond) / _FAR, 1.0) * (_SIDE - 1)
        code[far] = np.where(score[far] < 0, _SIDE - 1 - step, 65536 - _SIDE + step)
    codes: Bits = np.floor(code).astype(np.uint64)
    return codes
