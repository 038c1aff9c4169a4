"""A table as an engine opens it, and how a kernel is made to see all of its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["path", "table", "query"]


class Mergeable(Protocol):
    """The part of ``gatehouse.evaluate.statistics.kernel.Kernel`` that an engine uses."""

    def update(self, batch: pa.RecordBatch) -> None: ...

    def merge(self, other: Any) -> None: ...

    def to_bytes(self) -> bytes: ...


K = TypeVar("K", bound=Mergeable)


@dataclass(frozen=True, slots=True)
class Recipe(Generic[K]):
    """How a kernel is made, here and on every partition: ``kind(*of)``, and ``kind.from_bytes(*of, data)`` again."""

    kind: Callable[..., K]
    of: tuple[Any, ...] = ()

    def new(self) -> K:
        return self.kind(*self.of)

    def fed(self, batches: Iterable[pa.RecordBatch]) -> K:
        """One kernel that has seen all batches."""
        kernel = self.new()
        for batch in batches:
            kernel.update(batch)
        return kernel

    def merged(self, parts: Iterable[bytes]) -> K:
        """The kernel of all parts, which are in the order of the rows."""
        whole: K | None = None
        for data in parts:
            part: K = self.kind.from_bytes(*self.of, data)  # type: ignore[attr-defined] # a kernel class has it
            if whole is None:
                whole = part
            else:
                whole.merge(part)
        return self.new() if whole is None else whole


class Table(Protocol):
    """Rows that can be read more than once, and only the columns asked for; all columns where none are named."""

    @property
    def schema(self) -> pa.Schema: ...

    def count(self) -> int:
        """The number of rows."""
        ...

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows, brought to this machine a batch at a time: in file order where the engine reads here."""
        ...

    def reduce(self, recipe: Recipe[K], columns: Sequence[str] | None = None) -> K:
        """A kernel that has seen every row, in file order."""
        ...

    def take(self, rows: Sequence[int], columns: Sequence[str] | None = None) -> pa.Table:
        """The rows at these positions of the file order; positions are ascending."""
        ...


class Streamed:
    """What a table on this machine can do once it has batches in file order."""

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        raise NotImplementedError

    def reduce(self, recipe: Recipe[K], columns: Sequence[str] | None = None) -> K:
        return recipe.fed(self.batches(columns))

    def take(self, rows: Sequence[int], columns: Sequence[str] | None = None) -> pa.Table:
        import pyarrow as pa

        parts, start = [], 0
        for batch in self.batches(columns):
            parts.append(picked(batch, start, rows))
            start += batch.num_rows
            if not rows or start > rows[-1]:
                break
        return pa.Table.from_batches(parts)


def picked(batch: pa.RecordBatch, start: int, rows: Sequence[int]) -> pa.RecordBatch:
    """Those of the ascending positions ``rows`` that lie in a batch whose first row is at ``start``."""
    import numpy as np
    import pyarrow as pa

    wanted = np.asarray(rows, np.int64)
    low, high = np.searchsorted(wanted, [start, start + batch.num_rows])
    return batch.take(pa.array(wanted[low:high] - start))
