"""Protected groups: the values of group columns, numeric columns in bands, and intersections up to a depth.

Rows are coded by *cell*, the combination of all group columns; a group is a set of cells, so each is counted once and
every intersection is a sum. "missing" is a group of its own: rows without a value are people too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from gatehouse.declare.types import Banding
from gatehouse.errors import GatehouseError

if TYPE_CHECKING:
    import pyarrow as pa

Codes = npt.NDArray[np.int64]
MISSING = "missing"
# More combinations than this are no protected groups but an identifier, or a number that wants bands.
MOST_CELLS = 10_000


class Group(msgspec.Struct, frozen=True):
    """One group: what its rows share, a (column, value) pair for each column that takes part; empty for all rows."""

    parts: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return " & ".join(f"{column}={value}" for column, value in self.parts) or "overall"


OVERALL = Group()


@dataclass(frozen=True, slots=True)
class Partition:
    """All rows cut into groups by some of the columns. ``of_cell`` maps a cell to its group's place in ``groups``."""

    columns: tuple[str, ...]
    groups: tuple[Group, ...]
    of_cell: Codes


class Coder:
    """Turns group columns into cell codes, batch by batch, and knows what each code means."""

    def __init__(self, columns: Sequence[str | Banding] = ()) -> None:
        self._columns = tuple(columns)
        self._names = tuple(column if isinstance(column, str) else column.name for column in columns)
        self._cells: dict[tuple[str, ...], int] = {} if columns else {(): 0}

    @property
    def cells(self) -> int:
        return len(self._cells)

    def code(self, batch: pa.RecordBatch) -> Codes:
        """(n,) cell codes. Raises GatehouseError for an absent column, or one with too many different values."""
        joint = np.zeros(batch.num_rows, np.int64)
        values: list[list[str]] = []
        for column, name in zip(self._columns, self._names, strict=True):
            codes, labels = _labelled(batch, column)
            if len(labels) > MOST_CELLS:
                raise _too_many(name, len(labels))
            joint = joint * len(labels) + codes
            values.append(labels)
        return self._known(joint, values)

    def _known(self, joint: Codes, values: Sequence[list[str]]) -> Codes:
        """Batch-local joint codes as the cells of this coder; new combinations become new cells."""
        sizes = [len(labels) for labels in values]
        present, inverse = distinct(joint, int(np.prod(sizes, dtype=np.int64)))
        known = np.empty(len(present), np.int64)
        for position, code in enumerate(present.tolist()):
            picked = []
            for size, labels in zip(reversed(sizes), reversed(values), strict=True):
                code, digit = divmod(code, size)
                picked.append(labels[digit])
            known[position] = self._cells.setdefault(tuple(reversed(picked)), len(self._cells))
        if self.cells > MOST_CELLS:
            raise _too_many(" x ".join(self._names), self.cells)
        return known[inverse]

    def absorb(self, other: Coder) -> Codes:
        """Learns the other's cells; the answer maps its codes to this coder's."""
        return np.array([self._cells.setdefault(cell, len(self._cells)) for cell in other._cells], np.int64)

    def partitions(self, depth: int = 1) -> tuple[Partition, ...]:
        """One partition a column, then one a pair of columns, … up to ``depth`` columns together."""
        sets = [chosen for size in range(1, depth + 1) for chosen in combinations(range(len(self._names)), size)]
        return tuple(self._partition(chosen) for chosen in sets)

    def _partition(self, chosen: Sequence[int]) -> Partition:
        names = tuple(self._names[index] for index in chosen)
        keys = [tuple(cell[index] for index in chosen) for cell in self._cells]
        ordered = sorted(set(keys))
        position = {key: index for index, key in enumerate(ordered)}
        groups = tuple(Group(tuple(zip(names, key, strict=True))) for key in ordered)
        return Partition(names, groups, np.array([position[key] for key in keys], np.int64))

    def to_bytes(self) -> bytes:
        return msgspec.msgpack.encode(list(self._cells))

    def load(self, data: bytes) -> None:
        """Learns the cells that another coder wrote with ``to_bytes``, codes unchanged."""
        cells = msgspec.msgpack.decode(data, type=list[tuple[str, ...]])
        self._cells = {cell: code for code, cell in enumerate(cells)}


def _labelled(batch: pa.RecordBatch, column: str | Banding) -> tuple[Codes, list[str]]:
    """One group column as codes and what they mean; a null or a NaN has the last code, "missing"."""
    import pyarrow as pa
    import pyarrow.compute as pc

    source = column if isinstance(column, str) else column.column
    if source not in batch.schema.names:
        raise GatehouseError(
            f"group column {source!r} is not in the table", f"the table has {', '.join(batch.schema.names)}"
        )
    array = batch.column(source)
    if isinstance(column, Banding):
        return _banded(array, column)
    if pa.types.is_floating(array.type):
        array = pc.if_else(pc.is_nan(array), None, array)
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    labels = [_label(value) for value in array.dictionary.to_pylist()]
    codes = array.indices.fill_null(len(labels)).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, [*labels, MISSING]


def _label(value: Any) -> str:
    if value is None:
        return MISSING
    return str(value).lower() if isinstance(value, bool) else str(value)


def _banded(array: pa.Array, banding: Banding) -> tuple[Codes, list[str]]:
    try:
        values = array.cast("float64").to_numpy(zero_copy_only=False)
    except Exception as error:
        raise GatehouseError(
            f"group {banding.name!r}: column {banding.column!r} is not a number: {str(error).splitlines()[0]}",
            "give bands to numeric columns only",
        ) from error
    edges = np.asarray(banding.edges, float)
    codes = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right"))
    return codes.astype(np.int64), [*band_labels(banding.edges), MISSING]


def band_labels(edges: Sequence[float]) -> list[str]:
    """Edges [25, 65] make "< 25", "25 to 65", ">= 65"; a band holds its lower edge and not its upper one."""
    shown = [f"{edge:g}" for edge in edges]
    return [
        f"< {shown[0]}",
        *(f"{low} to {high}" for low, high in pairwise(shown)),
        f">= {shown[-1]}",
    ]


def distinct(codes: Codes, size: int) -> tuple[Codes, Codes]:
    """np.unique with its inverse, by a table where the codes, all below ``size``, are small."""
    if size > 4 * len(codes) + 1024:
        present, inverse = np.unique(codes, return_inverse=True)
        return present, inverse
    counts = np.bincount(codes, minlength=size)
    present = np.flatnonzero(counts)
    table = np.zeros(size, np.int64)
    table[present] = np.arange(len(present))
    return present, table[codes]


def _too_many(name: str, count: int) -> GatehouseError:
    return GatehouseError(
        f"group {name}: {count:,} different values are no groups",
        "give a numeric column bands ({name, column, edges}), or leave it out of `groups`",
    )


def sums_by_group(partition: Partition, by_cell: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(cells, …) figures that add up, as (groups, …)."""
    total = np.zeros((len(partition.groups), *by_cell.shape[1:]), by_cell.dtype)
    np.add.at(total, partition.of_cell, by_cell)
    return total
