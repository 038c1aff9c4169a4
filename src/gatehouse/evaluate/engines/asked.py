"""What is asked of a database, and what it answers: the words that the databases beside this file share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gatehouse.declare.types import Where
from gatehouse.errors import GatehouseError, NotFound

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Ask:
    """A table or query of ``engine``, a database's URL, or of DuckDB in memory where it is empty.

    The rows come in the order of the column ``order``, where one is named, so that the same rows have the same bytes;
    ``root`` is where relative paths start.
    """

    engine: str
    where: Where
    order: str | None
    root: Path

    @property
    def sql(self) -> str:
        """One statement, without the semicolon that people end it with; the line ends, as it may end in a comment."""
        if self.where.kind == "table":
            return f"SELECT * FROM {self.where.text}"  # noqa: S608 # the base commit's, and read-only
        return self.where.text.strip().rstrip(";").rstrip() + "\n"

    def sorted(self, columns: Sequence[str]) -> str:
        """The statement that sorts by ``order``; NotFound where the answer, which has these columns, lacks it."""
        if self.order is None:
            return self.sql
        if self.order not in columns:
            listed = ", ".join(list(columns)[:20])
            raise NotFound(f"{self.where.named}: no column {self.order!r}, which `id` names", f"it has {listed}")
        return f"SELECT * FROM (\n{self.sql}) AS asked ORDER BY {name(self.order)}"  # noqa: S608 # as above

    @property
    def file(self) -> Path:
        """The database's file, of an engine that is one: ``duckdb:///data/w.db`` starts at the repository's root."""
        return self.root / self.engine.partition(":///")[2]

    def refused(self, why: str, fix: str = "") -> GatehouseError:
        return GatehouseError(f"{self.where.named}: {why}", fix or f"mend `{self.where.kind}:` in policy.yaml")


@dataclass(frozen=True, slots=True)
class Rows:
    """An answer: its columns, and its rows in batches of any size. Iterating raises GatehouseError or Unreachable."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


def name(column: str) -> str:
    """A column's name as SQL quotes it."""
    return '"' + column.replace('"', '""') + '"'
