"""The kernel behind every metric of the order of scores.

Up to RANK_LIMIT rows the scores themselves are kept, and everything is exact. Above it they are rounded onto a fine
grid and only the cells that occur are counted; if these become more than CELL_LIMIT, the grid is made coarser. What is
kept depends on the rows alone and not on how they were cut into batches, and every figure carries the bound of what
the rounding may have cost.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gatehouse.evaluate.statistics.chunk import Chunk
from gatehouse.evaluate.statistics.grid import Grid
from gatehouse.evaluate.statistics.groups import Codes
from gatehouse.evaluate.statistics.kernel import pack, unpack
from gatehouse.evaluate.statistics.ranked import Ranked, Scores
from gatehouse.evaluate.statistics.rows import Plan, Rows

RANK_LIMIT = 5_000_000
CELL_LIMIT = 1 << 21


class Ranks:
    """Collects the scores of one class (``positive``) against the rest, for every model."""

    def __init__(self, plan: Plan, positive: int = 1, limit: int = RANK_LIMIT, cell_limit: int = CELL_LIMIT) -> None:
        self._plan, self._positive = plan, positive
        self._limit, self._cell_limit = limit, cell_limit
        self._exact: list[Chunk] = []
        self._rows = 0
        self._grid: Grid | None = None

    def update(self, rows: Rows) -> None:
        scores = [score if score.ndim == 1 else score[:, self._positive] for score in rows.predictions]
        label = (rows.label == self._positive).astype(np.uint8)
        blocks = None if rows.blocks is None else rows.blocks.astype(np.int32)
        self._take(Chunk(label, rows.cells.astype(np.int32), blocks, tuple(scores)))

    def _take(self, chunk: Chunk) -> None:
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
        whole = Chunk.joined(self._exact, len(self._plan.models), self._plan.cluster is not None)
        self._exact = [whole]
        models = tuple(Ranked(whole.label, score) for score in whole.scores)
        return Scores(models, whole.cells.astype(np.int64), _wide(whole.blocks))

    def to_bytes(self) -> bytes:
        whole = Chunk.joined(self._exact, len(self._plan.models), self._plan.cluster is not None)
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
        self._exact = [Chunk(state["label"].astype(np.uint8), state["cells"].astype(np.int32), blocks, scores)]
        if "keys" in state:
            self._grid = Grid(len(self._plan.models), self._plan.cluster is not None, self._cell_limit)
            self._grid.load(state)


def _wide(values: npt.NDArray[np.int32] | None) -> Codes | None:
    return None if values is None else values.astype(np.int64)
