"""Snapshots of databases, as tests ask for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gatehouse.declare.types import Where
from gatehouse.errors import GatehouseError
from gatehouse.evaluate.engines.asked import Ask
from gatehouse.evaluate.engines.database import snapshot


def table(name: str) -> Where:
    return Where(name, "table")


def query(sql: str) -> Where:
    return Where(sql, "query")


def taken(
    engine: str,
    where: Where,
    root: Path,
    order: str | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> pa.Table:
    """What the snapshot holds."""
    target = root / "snapshot.parquet"
    target.unlink(missing_ok=True)
    snapshot(Ask(engine, where, order, root), target, progress)
    return pq.read_table(target)


def refused(engine: str, where: Where, root: Path, order: str | None = None) -> GatehouseError:
    """Why there is no snapshot."""
    with pytest.raises(GatehouseError) as raised:
        taken(engine, where, root, order)
    return raised.value
