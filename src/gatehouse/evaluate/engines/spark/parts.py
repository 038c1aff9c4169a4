"""What runs on a partition of a Spark table: one kernel a *run* of rows that lie together in a file.

Spark packs the splits of files into partitions by size, so a partition's rows are in no order of the table. Each row
therefore carries the file it is from and where its split starts; a run's state carries them too, and the driver merges
states in that order: the one in which the embedded engine reads the files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.table import Recipe, picked

if TYPE_CHECKING:
    import pyarrow as pa

FILE, START = "__gatehouse_file", "__gatehouse_start"
KEYS = (FILE, START)
# What comes back of a partition: a row a run (or a batch), or why there is none.
STATE = "file string, start long, rows long, state binary, problem string, fix string"

Key = tuple[str, int]
View = Callable[["pa.RecordBatch"], "pa.RecordBatch"]


def as_it_is(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch


def in_order(key: Key) -> tuple[list[str], int]:
    """Sorts runs as paths sort: folder by folder, and each file from its start."""
    return unquote(key[0]).split("/"), key[1]


@dataclass(frozen=True)
class Reduce:
    """Feeds a kernel a run; ``view`` makes of a batch what the kernel reads."""

    recipe: Recipe[Any]
    view: View = as_it_is

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        key, kernel, rows = None, self.recipe.new(), 0
        try:
            for found, batch in pieces(batches):
                if found != key:
                    if key is not None:
                        yield state(key, rows, kernel.to_bytes())
                    key, kernel, rows = found, self.recipe.new(), 0
                kernel.update(self.view(batch))
                rows += batch.num_rows
        except GatehouseError as error:
            yield state(key or ("", 0), rows, b"", error)
            return
        if key is not None:
            yield state(key, rows, kernel.to_bytes())


@dataclass(frozen=True)
class Bring:
    """Brings batches to the driver: all of them, or the rows at some positions of the table.

    ``starts`` says at which position each run starts.
    """

    view: View = as_it_is
    starts: Mapping[Key, int] | None = None
    rows: Sequence[int] = ()

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        seen: dict[Key, int] = {}
        for key, batch in pieces(batches):
            start = seen.get(key, 0)
            seen[key] = start + batch.num_rows
            if self.starts is not None:
                batch = picked(batch, self.starts[key] + start, self.rows)
            try:
                if batch.num_rows:
                    yield state(key, start, packed(self.view(batch)))
            except GatehouseError as error:
                yield state(key, start, b"", error)
                return


def pieces(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[Key, pa.RecordBatch]]:
    """Batches cut where one run of rows ends and the next begins, without the columns that say so."""
    import numpy as np

    for batch in batches:
        if not batch.num_rows:
            continue
        files = batch.column(FILE).dictionary_encode()
        codes, starts = files.indices.to_numpy(), batch.column(START).to_numpy()
        ends = np.flatnonzero((np.diff(codes) != 0) | (np.diff(starts) != 0)) + 1
        rest = batch.select([name for name in batch.schema.names if name not in KEYS])
        for low, high in zip([0, *ends.tolist()], [*ends.tolist(), batch.num_rows], strict=True):
            key = files.dictionary[int(codes[low])].as_py(), int(starts[low])
            # A batch without columns forgets how many rows it has.
            yield key, rest.slice(low, high - low) if rest.num_columns else batch.slice(low, high - low)


def state(key: Key, rows: int, data: bytes, problem: GatehouseError | None = None) -> pa.RecordBatch:
    import pyarrow as pa

    said = (problem.message, problem.fix) if problem else (None, None)
    columns = [
        pa.array([key[0]], pa.string()),
        pa.array([key[1]], pa.int64()),
        pa.array([rows], pa.int64()),
        pa.array([data], pa.binary()),
        *(pa.array([text], pa.string()) for text in said),
    ]
    return pa.RecordBatch.from_arrays(columns, ["file", "start", "rows", "state", "problem", "fix"])


def packed(batch: pa.RecordBatch) -> bytes:
    import pyarrow as pa

    with pa.BufferOutputStream() as stream, pa.ipc.new_stream(stream, batch.schema) as writer:
        writer.write_batch(batch)
    return bytes(stream.getvalue())


def unpacked(data: bytes) -> list[pa.RecordBatch]:
    import pyarrow as pa

    return list(pa.ipc.open_stream(data))


class Nothing:
    """The kernel that only has its rows counted, which every run says beside its state."""

    def update(self, batch: pa.RecordBatch) -> None: ...

    def merge(self, other: Nothing) -> None: ...

    def to_bytes(self) -> bytes:
        return b""

    @classmethod
    def from_bytes(cls, _: bytes) -> Nothing:
        return cls()


# A model that answers more ways than this is not worth reading on.
_MOST_WAYS = 50


class Ways:
    """The kernel that collects the different texts of a struct column's field ``meta``."""

    def __init__(self) -> None:
        self.found: dict[str, None] = {}

    def update(self, batch: pa.RecordBatch) -> None:
        self._learn(batch.column(0).field("meta").unique().to_pylist())

    def _learn(self, found: Sequence[str | None]) -> None:
        for text in found[: _MOST_WAYS - len(self.found)]:
            self.found.setdefault(text or "")

    def merge(self, other: Ways) -> None:
        self._learn(list(other.found))

    def to_bytes(self) -> bytes:
        return msgspec.msgpack.encode(list(self.found))

    @classmethod
    def from_bytes(cls, data: bytes) -> Ways:
        made = cls()
        made._learn(msgspec.msgpack.decode(data, type=list[str]))
        return made
