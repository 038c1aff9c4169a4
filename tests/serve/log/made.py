"""Rows as a router would hand them over."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from gatehouse.evaluate.traffic.columns import EXPOSURES, Kind
from gatehouse.evaluate.traffic.log import read
from gatehouse.serve.log.rows import Exposure, Outcome, Pair
from gatehouse.serve.log.writer import Limits

MODEL = "credit-risk"
NOW = 1_772_438_400_000_000  # 2 March 2026, 8:00 UTC
WHEN = datetime(2026, 3, 2, 8, tzinfo=UTC)
CHAMPION, SHADOWED = "sha256:" + "c" * 64, "sha256:" + "a" * 64
# Nothing is done by itself before it is asked for.
PATIENT = Limits(batch_s=600, file_s=600)


def exposure(request: str = "r1", **more: Any) -> Exposure:
    row = Exposure(request, NOW, "u1", None, "champion", None, 3, CHAMPION, None, (0.5,), 1.5, 200)
    return row._replace(**more)


def pair(request: str = "r1", **more: Any) -> Pair:
    row = Pair(request, NOW, None, 3, CHAMPION, (0.5,), 1.5, 4, SHADOWED, (0.25,), 2.5)
    return row._replace(**more)


def outcome(request: str = "r1", label: float = 1.0, observed: int = NOW) -> Outcome:
    return Outcome(request, label, observed)


def written(root: Path, kind: Kind = EXPOSURES, model: str = MODEL) -> list[dict[str, Any]]:
    """The log's rows as the gates' own reader has them, in the files' order; it refuses what is not as documented."""
    found = read(root / model, kind, model)
    assert found.skipped == ()
    table: pa.Table = found.dataset().to_table()
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def names(root: Path, pattern: str = "*") -> list[str]:
    """Every file below the root, by name."""
    return sorted(path.name for path in root.rglob(pattern) if path.is_file())
