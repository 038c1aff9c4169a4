"""The kernel behind every metric that is a function of sums over rows: losses, errors, a team's own.

Exact at any number of rows, in constant memory. Two things are kept: sums by *block*, from which paired bootstraps draw
(below SUM_BLOCKS rows each row is a block of its own, which is the ordinary bootstrap), and by group cell the sums of
the figures and of their products, from which groups get their variance by the delta method. Where the plan names a
cluster column, sums by cell and cluster stand for both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gatehouse.evaluate.statistics.clustered import ByCluster, Clustered
from gatehouse.evaluate.statistics.groups import Codes
from gatehouse.evaluate.statistics.kernel import pack, unpack
from gatehouse.evaluate.statistics.metric import SumMetric
from gatehouse.evaluate.statistics.rows import Floats, Plan, Rows

SUM_BLOCKS = 1 << 11


@dataclass(frozen=True, slots=True)
class Summed:
    """Finished sums of one metric. The first of the 1 + width figures is always 1: its sum is the row count.

    ``clusters`` is there where the plan names a cluster column, and ``products`` then hold nothing.
    """

    blocks: Floats  # (models, blocks, 1 + width)
    products: Floats  # (models, cells, 1 + width, 1 + width)
    clusters: Clustered | None = None


class Sums:
    """Sums one metric's figures for every model, by block and by group cell."""

    def __init__(self, plan: Plan, metric: SumMetric) -> None:
        self._plan, self._metric = plan, metric
        models, size = len(plan.models), 1 + metric.width
        self._blocks = np.zeros((models, SUM_BLOCKS, size))
        self._products = np.zeros((models, 0, size, size))
        self._clusters = None if plan.cluster is None else ByCluster(models, size)
        self._rows = 0
        self._origin: float | None = None

    def update(self, rows: Rows) -> None:
        if not len(rows):
            return
        figures = self._figures(rows)
        if self._clusters is not None:
            assert rows.blocks is not None
            self._clusters.update(rows.cells, rows.blocks, figures)
        else:
            cells = int(rows.cells.max()) + 1
            self._grow(cells)
            for model, of_model in enumerate(figures):
                self._into_blocks(model, of_model)
                self._into_products(model, of_model, rows.cells, cells)
        self._rows += len(rows)

    def _figures(self, rows: Rows) -> Floats:
        """(models, n, 1 + width) what each row adds."""
        origin = self._start(rows)
        label = rows.label - origin
        figures = np.ones((len(rows.predictions), len(rows), 1 + self._metric.width))
        for model, prediction in enumerate(rows.predictions):
            figures[model, :, 1:] = self._metric.rows(label, prediction - origin, self._plan)
        return figures

    def _start(self, rows: Rows) -> float:
        if self._origin is None:
            self._origin = float(rows.label.mean()) if self._metric.translation else 0.0
        return self._origin

    def _grow(self, cells: int) -> None:
        models, known, size, _ = self._products.shape
        if cells > known:
            more = np.zeros((models, cells - known, size, size))
            self._products = np.concatenate([self._products, more], axis=1)

    def _into_blocks(self, model: int, figures: Floats) -> None:
        into = self._blocks[model]
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
        moved = self._moved(other)
        if self._clusters is not None:
            assert other._clusters is not None
            self._clusters.merge(other._clusters, cells, moved)
        else:
            self._take(other._blocks, other._products, cells, moved)
        self._rows += other._rows

    def _moved(self, other: Sums) -> Floats | None:
        """What turns the other's figures into those of this one's origin; None where they are."""
        if not self._metric.translation or other._origin == self._origin:
            return None
        assert other._origin is not None
        assert self._origin is not None
        return self._metric.translation(other._origin - self._origin)

    def _take(self, blocks: Floats, products: Floats, cells: Codes, moved: Floats | None) -> None:
        if moved is not None:
            blocks, products = blocks @ moved.T, moved @ products @ moved.T
        self._blocks += np.roll(blocks, self._rows % SUM_BLOCKS, axis=1)
        mapped = cells[: products.shape[1]]
        self._grow(int(mapped.max()) + 1)
        self._products[:, mapped] += products

    def finish(self) -> Summed:
        if self._clusters is None:
            return Summed(self._blocks.copy(), self._products.copy())
        found = self._clusters.finish()
        everyone = np.zeros(int(found.cell.max()) + 1 if len(found.cell) else 0, np.int64)
        blocks = np.stack([found.by_group(model, everyone, 1)[0] for model in range(len(self._plan.models))])
        return Summed(blocks, self._products.copy(), found)

    def to_bytes(self) -> bytes:
        origin = np.array([] if self._origin is None else [self._origin])
        state: dict[str, npt.NDArray[np.generic]] = {"rows": np.array(self._rows), "origin": origin}
        if self._clusters is None:
            return pack(state | {"blocks": self._blocks, "products": self._products})
        self._clusters.compact()
        return pack(state | {"keys": self._clusters.keys, "sums": self._clusters.sums})

    def load(self, data: bytes) -> None:
        """Becomes the kernel that wrote ``data``."""
        state = unpack(data)
        if self._clusters is None:
            self._blocks, self._products = state["blocks"].astype(float), state["products"].astype(float)
        else:
            self._clusters.keys, self._clusters.sums = state["keys"].astype(np.int64), state["sums"].astype(float)
        self._rows = int(state["rows"].item())
        self._origin = float(state["origin"].item()) if state["origin"].size else None
