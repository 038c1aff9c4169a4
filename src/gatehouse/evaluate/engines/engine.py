"""What feeds the kernels: an engine opens a table, reduces a kernel over its rows, and has models answer for them.

Embedded streams files on this machine; Spark does the same on the partitions of a table. Ray Data or Dask would be one
more file with the same face.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, Self

from gatehouse.declare.tables import is_spark
from gatehouse.evaluate.scored import Question, Scored
from gatehouse.evaluate.table import Kind, Table


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
