"""What feeds the kernels: an engine opens a table by path and reads it as Arrow batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa


class Table(Protocol):
    """Rows that can be read more than once, a batch at a time, and only the columns asked for."""

    @property
    def schema(self) -> pa.Schema: ...

    def count(self) -> int:
        """The number of rows."""
        ...

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows in file order; all columns where none are named."""
        ...


class Engine(Protocol):
    """Opens tables. Another engine (Spark, Ray Data, Dask) is one more file beside this one."""

    name: str

    def open(self, path: str, named: str = "") -> Table:
        """The table at ``path``, which errors call ``named``, as the policy does.

        Raises NotFound for a table that is not there, GatehouseError for one that cannot be read or is empty.
        """
        ...
