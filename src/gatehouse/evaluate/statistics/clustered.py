"""Sums by group cell and cluster block: what a sum metric keeps where rows of one cluster belong together.

Everything else follows from it: over the cells it gives the blocks that bootstraps draw, over the blocks what each
group's figures are made of, so that a group's interval knows that a customer's loans are not independent. Only the
(cell, block) pairs that occur are kept, at most one a row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gatehouse.evaluate.statistics.groups import Codes, distinct
from gatehouse.evaluate.statistics.rows import CLUSTER_BLOCKS, Floats

# So many pairs wait before they are added up.
_WAITING = 1 << 20


@dataclass(frozen=True, slots=True)
class Clustered:
    """Finished: figures (models, entries, size) summed over the rows of one cell in one block."""

    cell: Codes  # (entries,)
    block: Codes  # (entries,)
    sums: Floats

    def by_group(self, model: int, group: Codes, groups: int) -> Floats:
        """(groups, clusters, size) sums of one model over the clusters that occur; ``group`` (cells,) says where each
        cell belongs."""
        present, cluster = np.unique(self.block, return_inverse=True)
        place = group[self.cell] * len(present) + cluster
        sums = self.sums[model]
        flat = [np.bincount(place, column, minlength=groups * len(present)) for column in sums.T]
        together: Floats = np.stack(flat, axis=-1).astype(float)
        return together.reshape(groups, len(present), -1)


class ByCluster:
    """Collects figures (models, rows, size) under keys that hold a row's cell and block."""

    def __init__(self, models: int, size: int) -> None:
        self.keys: Codes = np.zeros(0, np.int64)
        self.sums: Floats = np.zeros((models, 0, size))
        self._waiting: list[tuple[Codes, Floats]] = []
        self._pending = 0

    def update(self, cells: Codes, blocks: Codes, figures: Floats) -> None:
        self._wait(*_added(cells * CLUSTER_BLOCKS + blocks, figures))

    def _wait(self, keys: Codes, sums: Floats) -> None:
        self._waiting.append((keys, sums))
        self._pending += len(keys)
        if self._pending > _WAITING:
            self.compact()

    def compact(self) -> None:
        """Adds up what waits; ``keys`` are then ascending, without repeats."""
        if self._waiting:
            keys = np.concatenate([self.keys, *(keys for keys, _ in self._waiting)])
            sums = np.concatenate([self.sums, *(sums for _, sums in self._waiting)], axis=1)
            self.keys, self.sums = _added(keys, sums)
            self._waiting, self._pending = [], 0

    def merge(self, other: ByCluster, cells: Codes, moved: Floats | None) -> None:
        """``cells`` maps the other's cell codes to this one's; ``moved`` (size, size) turns its figures into ours."""
        other.compact()
        cell, block = np.divmod(other.keys, CLUSTER_BLOCKS)
        sums = other.sums if moved is None else other.sums @ moved.T
        self._wait(cells[cell] * CLUSTER_BLOCKS + block, sums)

    def finish(self) -> Clustered:
        self.compact()
        cell, block = np.divmod(self.keys, CLUSTER_BLOCKS)
        return Clustered(cell, block, self.sums.copy())


def _added(keys: Codes, figures: Floats) -> tuple[Codes, Floats]:
    """The distinct keys ascending, and (models, keys, size) what lies under each."""
    if not len(keys):
        return keys, figures
    present, place = distinct(keys, int(keys.max()) + 1)
    models, _, size = figures.shape
    sums = np.empty((models, len(present), size))
    for model in range(models):
        for column in range(size):
            sums[model, :, column] = np.bincount(place, figures[model, :, column], minlength=len(present))
    return present, sums


def influences(sums: Floats, slope: Floats, means: Floats) -> npt.NDArray[np.float64]:
    """(groups, clusters) by how much each cluster moves each group's value.

    ``sums`` (groups, clusters, 1 + width) hold the rows in the first column; ``slope`` and ``means`` (groups, width)
    are the value's derivatives by the means of the figures, and these means. A value of means is linearised (the delta
    method), and what is left is a sum over clusters.
    """
    rows = sums[..., 0]
    away = sums[..., 1:] - means[:, None, :] * rows[..., None]
    with np.errstate(invalid="ignore", divide="ignore"):
        moved: Floats = np.einsum("gcw,gw->gc", away, slope) / rows.sum(axis=1)[:, None]
    return moved


def covariance(moved: Floats, there: npt.NDArray[np.bool_]) -> Floats:
    """(G, G) from (G, clusters) influences; ``there`` says in which clusters a group has rows at all.

    Each group's share is scaled by its own c / (c - 1): a group whose rows lie in one cluster has no variance that can
    be known, so it has NaN, and nothing is proven of it.
    """
    clusters = there.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.where(clusters > 1, np.sqrt(clusters / (clusters - 1)), np.nan)
    scaled = moved * scale[:, None]
    answer: Floats = scaled @ scaled.T
    return answer
