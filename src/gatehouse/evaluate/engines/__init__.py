"""What feeds the kernels: an engine opens a table, reduces a kernel over its rows, and has models answer for them.

Embedded streams files on this machine; Spark does the same on the partitions of a table. Ray Data or Dask would be one
more file with the same face.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, Self, TypeVar

from gatehouse.declare.tables import is_spark

if TYPE_CHECKING:
    import pyarrow as pa

    from gatehouse.evaluate.scored import Question, Scored


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


class Engine(Protocol):
    """Opens tables, and has models answer for their rows."""

    name: str

    @property
    def isolation(self) -> str | None:
        """What models run in here; None where they are processes of this machine, whose launcher says so."""
        ...

    def open(self, place: str, named: str = "", kind: Kind = "path") -> Table:
        """The table at ``place``, which errors call ``named``, as the policy does.

        Raises NotFound for a table that is not there, GatehouseError for one that cannot be read or is empty.
        """
        ...

    def digest(self, place: str, named: str = "", kind: Kind = "path") -> str:
        """What a table contains, as ``gatehouse.registry.digest.file_digest`` has it."""
        ...

    def score(self, table: Table, question: Question) -> Scored:
        """Every labelled row with each model's answer to it. Raises GatehouseError that names the model that fails."""
        ...

    def close(self) -> None:
        """Gives back what the engine holds; safe to repeat."""
        ...


class Engines:
    """The engines of one check after another: one that is asked for again is still warm, another takes its place."""

    def __init__(self, progress: Callable[[str], None] = lambda _: None) -> None:
        self._progress = progress
        self._current: tuple[str, Engine] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def of(self, named: str) -> Engine:
        """The engine of a policy's ``engine:``."""
        if self._current is None or self._current[0] != named:
            self.close()
            self._current = named, engine(named, self._progress)
        return self._current[1]

    def close(self) -> None:
        if self._current is not None:
            self._current[1].close()
            self._current = None


def engine(named: str, progress: Callable[[str], None] = lambda _: None) -> Engine:
    """The engine of a policy's ``engine:``. A database's tables arrive as files, which the embedded one reads."""
    if is_spark(named):
        from gatehouse.evaluate.engines.spark import Spark

        return Spark(named, progress)
    from gatehouse.evaluate.engines.embedded import Embedded

    return Embedded()
