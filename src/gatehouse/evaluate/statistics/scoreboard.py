"""Every statistic of labelled rows in one pass: the kernels that a plan's metrics need, fed and merged together.

board = score(Plan("binary", ("roc_auc", "tpr"), models=("candidate", "champion")), batches)
board.estimate("roc_auc")                          # Estimate(value, interval, n)
board.compare("roc_auc", margin=0.005)             # Comparison(candidate, champion, difference, p_value, …)
board.disparity("tpr", limit=0.05)                 # Disparity(outcome, groups, gaps, …)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.statistics import metrics
from gatehouse.evaluate.statistics.board import Board
from gatehouse.evaluate.statistics.counts import Counts
from gatehouse.evaluate.statistics.groups import Coder
from gatehouse.evaluate.statistics.metric import RankMetric, SumMetric
from gatehouse.evaluate.statistics.ranks import RANK_LIMIT, Ranks
from gatehouse.evaluate.statistics.rows import Floats, Plan, rows
from gatehouse.evaluate.statistics.sums import Sums

if TYPE_CHECKING:
    import pyarrow as pa


class Scoreboard:
    """The kernel over labelled rows; see ``gatehouse.evaluate.statistics.kernel.Kernel``.

    Raises NotFound for a metric that the task does not have.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        chosen = [metrics.get(name, plan.task, plan.own) for name in plan.metrics]
        self._coder = Coder(plan.groups)
        # A label is counted whatever the metrics are: groups are sized by their positives and negatives.
        self._counts = Counts(plan) if plan.task != "regression" else None
        self._sums = {metric.name: Sums(plan, metric) for metric in chosen if isinstance(metric, SumMetric)}
        self._ranks: list[Ranks] = []
        if any(isinstance(metric, RankMetric) for metric in chosen):
            positives = [1] if plan.task == "binary" else range(plan.classes)
            self._ranks = [Ranks(plan, positive, RANK_LIMIT // len(positives)) for positive in positives]
        self._by_cell = np.zeros(0, np.int64)
        self._bad = np.zeros(len(plan.models), np.int64)
        self._outside = np.zeros(len(plan.models), np.int64)

    def update(self, batch: pa.RecordBatch) -> None:
        """Raises GatehouseError for a column that is absent or of the wrong type, or a label the task excludes."""
        if not batch.num_rows:
            return
        taken = rows(batch, self._plan, self._coder.code(batch))
        self._bad += taken.bad
        self._outside += taken.outside
        self._by_cell = _added(self._by_cell, np.bincount(taken.cells))
        if self._counts is not None:
            self._counts.update(taken)
        for total in self._sums.values():
            total.update(taken)
        for ranks in self._ranks:
            ranks.update(taken)

    def merge(self, other: Scoreboard) -> None:
        """Takes in rows that follow this one's. Raises GatehouseError when the plans differ."""
        if other._plan != self._plan:
            raise GatehouseError("two scoreboards of different plans do not add up", "give every partition one plan")
        cells = self._coder.absorb(other._coder)
        self._bad += other._bad
        self._outside += other._outside
        moved = np.zeros(self._coder.cells, np.int64)
        moved[cells[: len(other._by_cell)]] = other._by_cell
        self._by_cell = _added(self._by_cell, moved)
        if self._counts is not None and other._counts is not None:
            self._counts.merge(other._counts, cells)
        for name, total in self._sums.items():
            total.merge(other._sums[name], cells)
        for ranks, theirs in zip(self._ranks, other._ranks, strict=True):
            ranks.merge(theirs, cells)

    def finish(self) -> Board:
        return Board(
            plan=self._plan,
            coder=self._coder,
            rows_by_cell=_added(self._by_cell, np.zeros(self._coder.cells, np.int64)),
            tally=None if self._counts is None else self._counts.finish(),
            sums={name: total.finish() for name, total in self._sums.items()},
            scores=tuple(ranks.finish() for ranks in self._ranks),
            bad=tuple(self._bad.tolist()),
            outside=tuple(self._outside.tolist()),
        )

    def to_bytes(self) -> bytes:
        return msgspec.msgpack.encode(
            _State(
                self._coder.to_bytes(),
                self._by_cell.tolist(),
                self._bad.tolist(),
                self._outside.tolist(),
                self._counts.to_bytes() if self._counts is not None else b"",
                {name: total.to_bytes() for name, total in self._sums.items()},
                [ranks.to_bytes() for ranks in self._ranks],
            )
        )

    @classmethod
    def from_bytes(cls, plan: Plan, data: bytes) -> Scoreboard:
        """The scoreboard that wrote ``data``, under the same plan."""
        state = msgspec.msgpack.decode(data, type=_State)
        board = cls(plan)
        board._coder.load(state.cells)
        board._by_cell = np.array(state.by_cell, np.int64)
        board._bad, board._outside = np.array(state.bad, np.int64), np.array(state.outside, np.int64)
        if board._counts is not None:
            board._counts.load(state.counts)
        for name, total in board._sums.items():
            total.load(state.sums[name])
        for ranks, packed in zip(board._ranks, state.ranks, strict=True):
            ranks.load(packed)
        return board


class _State(msgspec.Struct, frozen=True, array_like=True):
    cells: bytes
    by_cell: list[int]
    bad: list[int]
    outside: list[int]
    counts: bytes
    sums: dict[str, bytes]
    ranks: list[bytes]


def _added(one: Any, other: Any) -> Any:
    """The sum of two count vectors, the shorter filled up with zeros."""
    if len(one) < len(other):
        one, other = other, one
    total = one.copy()
    total[: len(other)] += other
    return total


def score(plan: Plan, batches: Iterable[pa.RecordBatch]) -> Board:
    """The finished board of all batches."""
    scoreboard = Scoreboard(plan)
    for batch in batches:
        scoreboard.update(batch)
    return scoreboard.finish()


def batch_of(columns: dict[str, Any]) -> pa.RecordBatch:
    """An Arrow batch from named arrays, lists or (n, classes) matrices, numpy arrays without a copy."""
    import pyarrow as pa

    return pa.RecordBatch.from_pydict({name: _arrow(values) for name, values in columns.items()})


def _arrow(values: Any) -> Any:
    import pyarrow as pa

    if isinstance(values, np.ndarray) and values.ndim == 2:
        matrix: Floats = np.ascontiguousarray(values, float)
        return pa.FixedSizeListArray.from_arrays(pa.array(matrix.ravel()), matrix.shape[1])
    return pa.array(values)
