"""The kernel behind every metric of decisions: how many rows fell into each cell of group x label x decisions.

Exact at any number of rows, because only counts are kept; memory grows with the cells that occur, not with the rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from gatehouse.evaluate.statistics.groups import Codes
from gatehouse.evaluate.statistics.kernel import pack, unpack
from gatehouse.evaluate.statistics.rows import CLUSTER_BLOCKS, Floats, Plan, Rows

Ints = npt.NDArray[np.int64]
# A table of this many cells is filled directly; a larger one is kept as the cells that occur.
_DENSE = 1 << 20


class Tally:
    """Finished counts, one entry a cell that occurs; the arrays run side by side."""

    def __init__(self, keys: Ints, counts: Ints, plan: Plan) -> None:
        self.classes = plan.classes
        self.counts = counts
        self._keys, self._plan = keys, plan
        rest, self.decisions = keys, []
        for _ in plan.models:
            rest, decided = np.divmod(rest, plan.classes)
            self.decisions.append(decided)
        self.decisions.reverse()
        rest, self.label = np.divmod(rest, plan.classes)
        self.cell, self.block = np.divmod(rest, _blocks(plan))

    def without_groups(self) -> Tally:
        """The same counts over label and decisions alone, which do not depend on the order of the group cells."""
        span = self.classes ** (1 + len(self.decisions)) * _blocks(self._plan)
        return Tally(*_counted(self._keys % span, self.counts), self._plan)

    def tables(self, model: int, group: Ints, groups: int) -> Floats:
        """(groups, classes, classes) confusion tables; ``group`` (entries,) says where each entry belongs."""
        k = self.classes
        flat = (group * k + self.label) * k + self.decisions[model]
        counts: Floats = np.bincount(flat, self.counts, minlength=groups * k * k).astype(float)
        return counts.reshape(groups, k, k)


class Counts:
    """Counts rows by group cell, cluster block, label, and every model's decision."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._span = _blocks(plan) * plan.classes ** (1 + len(plan.models))
        self._keys: list[Ints] = []
        self._counts: list[Ints] = []
        self._pending = 0

    def update(self, rows: Rows) -> None:
        plan = self._plan
        key = rows.cells if rows.blocks is None else rows.cells * CLUSTER_BLOCKS + rows.blocks
        key = key * plan.classes + rows.label.astype(np.int64)
        for prediction in rows.predictions:
            key = key * plan.classes + decisions(prediction, plan)
        self._add(*_counted(key))

    def _add(self, keys: Ints, counts: Ints) -> None:
        self._keys.append(keys)
        self._counts.append(counts)
        self._pending += len(keys)
        if self._pending > _DENSE and len(self._keys) > 1:
            self._compact()

    def _compact(self) -> None:
        if len(self._keys) > 1:
            keys, counts = _counted(np.concatenate(self._keys), np.concatenate(self._counts))
            self._keys, self._counts, self._pending = [keys], [counts], 0

    def merge(self, other: Counts, cells: Codes) -> None:
        """``cells`` maps the other's cell codes to this kernel's."""
        other._compact()
        for keys, counts in zip(other._keys, other._counts, strict=True):
            cell, rest = np.divmod(keys, self._span)
            self._add(cells[cell] * self._span + rest, counts)

    def finish(self) -> Tally:
        self._compact()
        if not self._keys:
            return Tally(np.zeros(0, np.int64), np.zeros(0, np.int64), self._plan)
        return Tally(self._keys[0], self._counts[0], self._plan)

    def to_bytes(self) -> bytes:
        self._compact()
        return pack(
            {"keys": np.concatenate(self._keys or [_EMPTY]), "counts": np.concatenate(self._counts or [_EMPTY])}
        )

    def load(self, data: bytes) -> None:
        """Becomes the kernel that wrote ``data``."""
        state = unpack(data)
        self._keys, self._counts = [state["keys"].astype(np.int64)], [state["counts"].astype(np.int64)]


_EMPTY = np.zeros(0, np.int64)


def decisions(prediction: Floats, plan: Plan) -> Ints:
    """(n,) decided classes: a score at or above the threshold is a 1; of several classes the most probable."""
    if prediction.ndim == 1:
        return (prediction >= plan.threshold).astype(np.int64)
    most_probable: Ints = prediction.argmax(axis=1).astype(np.int64)
    return most_probable


def _blocks(plan: Plan) -> int:
    return 1 if plan.cluster is None else CLUSTER_BLOCKS


def _counted(keys: Ints, weights: Ints | None = None) -> tuple[Ints, Ints]:
    """The distinct keys ascending, and how often each occurs."""
    if not len(keys):
        return keys, keys
    if int(keys.max()) < _DENSE:
        table: npt.NDArray[Any] = np.bincount(keys, weights)
        present = np.flatnonzero(table)
        return present, table[present].astype(np.int64)
    distinct, inverse = np.unique(keys, return_inverse=True)
    return distinct, np.bincount(inverse, weights).astype(np.int64)
