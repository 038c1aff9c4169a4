"""Scores rounded onto a grid and counted: how the order of more scores than fit in memory is kept."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from gatehouse.evaluate.statistics.chunk import Chunk
from gatehouse.evaluate.statistics.groups import MOST_CELLS, Codes
from gatehouse.evaluate.statistics.ranked import Ranked, Scores
from gatehouse.evaluate.statistics.rows import CLUSTER_BLOCKS, Floats

Bits = npt.NDArray[np.uint64]


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

    def add(self, chunk: Chunk) -> None:
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
