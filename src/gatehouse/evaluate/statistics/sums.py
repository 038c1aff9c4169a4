"""The kernel behind every metric that is a function of sums over rows: losses, errors, a team's own.

Exact at any number of rows, in constant memory. Two things are kept: sums by *block*, from which paired and cluster
bootstraps draw (below SUM_BLOCKS rows each row is a block of its own, which is the ordinary bootstrap), and by group
cell the sums of the figures and of their products, from which groups get their variance by the delta method.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gatehouse.evaluate.statistics.groups import Codes
from gatehouse.evaluate.statistics.kernel import pack, unpack
from gatehouse.evaluate.statistics.metric import SumMetric
from gatehouse.evaluate.statistics.rows import CLUSTER_BLOCKS, Floats, Plan, Rows

SUM_BLOCKS = 1 << 11


@dataclass(frozen=True, slots=True)
class Summed:
    """Finished sums of one metric. The first of the 1 + width figures is always 1: its sum is the row count."""

    blocks: Floats  # (models, blocks, 1 + width)
    products: Floats  # (models, cells, 1 + width, 1 + width)


class Sums:
    """Sums one metric's figures for every model, by block and by group cell."""

    def __init__(self, plan: Plan, metric: SumMetric) -> None:
        self._plan, self._metric = plan, metric
        models, size = len(plan.models), 1 + metric.width
        blocks = SUM_BLOCKS if plan.cluster is None else CLUSTER_BLOCKS
        self._blocks = np.zeros((models, blocks, size))
        self._products = np.zeros((models, 0, size, size))
        self._rows = 0
        self._origin: float | None = None

    def update(self, rows: Rows) -> None:
        if not len(rows):
            return
        origin = self._start(rows)
        label = rows.label - origin
        cells = int(rows.cells.max()) + 1
        self._grow(cells)
        for model, prediction in enumerate(rows.predictions):
            figures = np.empty((len(rows), 1 + self._metric.width))
            figures[:, 0] = 1
            figures[:, 1:] = self._metric.rows(label, prediction - origin, self._plan)
            self._into_blocks(model, figures, rows.blocks)
            self._into_products(model, figures, rows.cells, cells)
        self._rows += len(rows)

    def _start(self, rows: Rows) -> float:
        if self._origin is None:
            self._origin = float(rows.label.mean()) if self._metric.translation else 0.0
        return self._origin

    def _grow(self, cells: int) -> None:
        models, known, size, _ = self._products.shape
        if cells > known:
            more = np.zeros((models, cells - known, size, size))
            self._products = np.concatenate([self._products, more], axis=1)

    def _into_blocks(self, model: int, figures: Floats, blocks: Codes | None) -> None:
        into = self._blocks[model]
        if blocks is not None:
            for column in range(figures.shape[1]):
                into[:, column] += np.bincount(blocks, figures[:, column], minlength=len(into))
            return
        # Row i of all rows goes to block i mod SUM_BLOCKS, however the rows are cut into batches.
        start = self._rows % SUM_BLOCKS
        padded = np.zeros((-(-(start + len(figures)) // SUM_BLOCKS) * SUM_BLOCKS, figures.shape[1]))
        padded[start : start + len(figures)] = figures
        into += padded.reshape(-1, SUM_BLOCKS, figures.shape[1]).sum(axis=0)

    def _into_products(self, model: int, figures: Floats, codes: Codes, cells: int) -> None:
        size = figures.shape[1]
        into = self._products[model, :cells]
        for a in range(size):
            for b in range(a, size):
                weights = figures[:, a] * figures[:, b] if a else figures[:, b]
                total = np.bincount(codes, weights, minlength=cells) if cells > 1 else weights.sum()[None]
                into[:, a, b] += total
                if a != b:
                    into[:, b, a] += total

    def merge(self, other: Sums, cells: Codes) -> None:
        """``cells`` maps the other's cell codes to this kernel's."""
        if not other._rows:
            return
        if self._origin is None:
            self._origin = other._origin
        blocks, products = other._blocks, other._products
        if self._metric.translation and other._origin != self._origin:
            assert other._origin is not None
            assert self._origin is not None
            moved = self._metric.translation(other._origin - self._origin)
            blocks, products = blocks @ moved.T, moved @ products @ moved.T
        if self._plan.cluster is None:
            blocks = np.roll(blocks, self._rows % SUM_BLOCKS, axis=1)
        self._blocks += blocks
        mapped = cells[: products.shape[1]]
        self._grow(int(mapped.max()) + 1)
        self._products[:, mapped] += products
        self._rows += other._rows

    def finish(self) -> Summed:
        return Summed(self._blocks.copy(), self._products.copy())

    def to_bytes(self) -> bytes:
        origin = np.array([] if self._origin is None else [self._origin])
        return pack(
            {"blocks": self._blocks, "products": self._products, "rows": np.array(self._rows), "origin": origin}
        )

    def load(self, data: bytes) -> None:
        """Becomes the kernel that wrote ``data``."""
        state = unpack(data)
        self._blocks, self._products = state["blocks"].astype(float), state["products"].astype(float)
        self._rows = int(state["rows"].item())
        self._origin = float(state["origin"].item()) if state["origin"].size else None
