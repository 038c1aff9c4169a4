"""Arrow batches as the numpy arrays that the kernels over labelled rows take."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from gatehouse.declare.types import Banding
from gatehouse.errors import GatehouseError
from gatehouse.evaluate.statistics.groups import Codes
from gatehouse.evaluate.statistics.own import NONE, Own

if TYPE_CHECKING:
    import pyarrow as pa

Floats = npt.NDArray[np.float64]
# Clusters (customers, patients …) are hashed into this many blocks. Whole clusters stay together, so that resampling
# blocks is resampling clusters, and memory is bounded however many there are.
CLUSTER_BLOCKS = 1 << 14


class Plan(msgspec.Struct, frozen=True):
    """What is measured on which columns; fixed before the first row, and the same on every partition.

    ``models`` are the prediction columns: (n,) scores of the positive class, (n,) numbers in a regression, or a list
    of ``classes`` probabilities a row. ``label`` is 0 or 1, a class code, or a number. ``threshold`` makes a score a
    yes (score >= threshold). ``own`` are the team's metrics, as text: it travels to partitions and compares.
    """

    task: Literal["binary", "multiclass", "regression"]
    metrics: tuple[str, ...]
    models: tuple[str, ...] = ("candidate",)
    label: str = "label"
    groups: tuple[str | Banding, ...] = ()
    cluster: str | None = None
    threshold: float = 0.5
    classes: int = 2
    own: Own = NONE


@dataclass(frozen=True, slots=True)
class Rows:
    """n rows. Predictions that are not finite are 0 here and counted in ``bad``, one count a model: whoever finishes
    must answer for them. ``outside`` counts those beyond 0 to 1."""

    label: Floats  # (n,)
    predictions: tuple[Floats, ...]  # a model: (n,) or (n, classes)
    cells: Codes  # (n,)
    blocks: Codes | None  # (n,) cluster blocks
    bad: Codes  # (models,)
    outside: Codes  # (models,)

    def __len__(self) -> int:
        return len(self.label)


def rows(batch: pa.RecordBatch, plan: Plan, cells: Codes) -> Rows:
    """The plan's columns of a batch. Raises GatehouseError for an absent column, or a label that the task excludes."""
    label = _label(_numbers(batch, plan.label), plan)
    found = [_prediction(batch, name, plan) for name in plan.models]
    predictions = []
    bad, outside = np.zeros(len(found), np.int64), np.zeros(len(found), np.int64)
    for index, values in enumerate(found):
        finite = np.isfinite(values)
        if not finite.all():
            bad[index] = (~finite.reshape(len(label), -1).all(axis=1)).sum()
            values = np.where(finite, values, 0.0)
        if plan.task != "regression" and values.size and (values.min() < 0 or values.max() > 1):
            outside[index] = ((values < 0) | (values > 1)).reshape(len(label), -1).any(axis=1).sum()
        predictions.append(values)
    blocks = None if plan.cluster is None else cluster_blocks(_column(batch, plan.cluster))
    return Rows(label, tuple(predictions), cells, blocks, bad, outside)


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    if name not in batch.schema.names:
        raise GatehouseError(f"column {name!r} is not in the table", f"the table has {', '.join(batch.schema.names)}")
    return batch.column(name)


def _numbers(batch: pa.RecordBatch, name: str) -> Floats:
    """One numeric or boolean column as floats; null is NaN."""
    return floats(_column(batch, name), name)


def floats(array: Any, name: str) -> Floats:
    """A numeric or boolean Arrow array as float64, without a copy where it is one already; null is NaN."""
    import pyarrow as pa

    if pa.types.is_boolean(array.type):
        array = array.cast(pa.int8())
    if not (pa.types.is_integer(array.type) or pa.types.is_floating(array.type) or pa.types.is_decimal(array.type)):
        raise GatehouseError(f"column {name!r} is {array.type}, not a number", "name a numeric column")
    if not pa.types.is_float64(array.type):
        array = array.cast(pa.float64(), safe=False)
    values: Floats = array.to_numpy(zero_copy_only=False)
    return values


def _prediction(batch: pa.RecordBatch, name: str, plan: Plan) -> Floats:
    if plan.task != "multiclass":
        return _numbers(batch, name)
    column = _column(batch, name)
    flat = floats(column.flatten(), name)
    if len(flat) != len(column) * plan.classes or column.null_count:
        raise GatehouseError(
            f"column {name!r} does not hold {plan.classes} probabilities in every row",
            "let the model answer one probability a class",
        )
    return flat.reshape(-1, plan.classes)


def _label(label: Floats, plan: Plan) -> Floats:
    classes = {"binary": 2, "multiclass": plan.classes}.get(plan.task)
    if classes is None:
        wrong = ~np.isfinite(label)
        expected = "a finite number"
    else:
        wrong = ~((label >= 0) & (label < classes) & (label == np.floor(label)))
        expected = f"a whole number from 0 to {classes - 1}"
    if wrong.any():
        row = int(np.argmax(wrong))
        raise GatehouseError(
            f"label column {plan.label!r}: {int(wrong.sum())} rows are not {expected} (the first: {label[row]})",
            "leave rows without a label out of the evaluation table",
        )
    return label


def cluster_blocks(array: pa.Array) -> Codes:
    """(n,) a block from 0 to CLUSTER_BLOCKS - 1 for each row, the same for equal values on every machine."""
    import pyarrow as pa

    if pa.types.is_integer(array.type) and not array.null_count:
        return _mixed(array.cast(pa.int64(), safe=False).to_numpy(zero_copy_only=False))
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    names = [str(value).encode() for value in array.dictionary.to_pylist()]
    table = np.array([*(zlib.crc32(name) % CLUSTER_BLOCKS for name in names), 0], np.int64)
    codes: Codes = table[array.indices.fill_null(len(names)).to_numpy(zero_copy_only=False)]
    return codes


def _mixed(values: npt.NDArray[np.int64]) -> Codes:
    """SplitMix64's finaliser (Steele et al. 2014), so that consecutive ids spread evenly."""
    x = values.view(np.uint64)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((x ^ (x >> np.uint64(31))) % np.uint64(CLUSTER_BLOCKS)).astype(np.int64)
