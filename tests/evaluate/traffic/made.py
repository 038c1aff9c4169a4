"""Logs of live traffic as a router would write them, by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gatehouse.declare.types import Policy
from gatehouse.evaluate.result import Request
from gatehouse.evaluate.traffic.columns import EXPOSURES, GROUP, OUTCOMES, SHADOW, Kind
from gatehouse.evaluate.traffic.traffic import Traffic
from gatehouse.pin import Pin, Slot
from tests.evaluate import made

START = datetime(2026, 3, 2, 8, tzinfo=UTC)  # a Monday
NOW = START + timedelta(days=30)
CHAMPION, CANDIDATE = made.pin(3, "c"), made.pin(4, "a")


def write(folder: Path, kind: Kind, columns: Mapping[str, Any], name: str = "1") -> Path:
    """One file of a log, in the kind's own schema."""
    groups = [column.removeprefix(GROUP) for column in columns if column.startswith(GROUP)]
    rows = len(next(iter(columns.values())))
    schema = kind.schema(groups)
    table = pa.table({one.name: columns.get(one.name, pa.nulls(rows, one.type)) for one in schema}, schema)
    return put(folder, kind, table, name)


def put(folder: Path, kind: Kind, table: pa.Table, name: str = "1") -> Path:
    """One file of a log, whatever is in it."""
    path = folder / kind.name / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
    return path


def times(hours: Any) -> list[datetime]:
    """Moments so many hours after START."""
    return [START + timedelta(hours=float(hour)) for hour in np.asarray(hours, float)]


def one(scores: Any) -> list[list[float] | None]:
    """Answers of one number; None stays None."""
    return [None if score is None else [float(score)] for score in scores]


def shadow_rows(hours: Any, champion: Any = None, shadow: Any = None, **more: Any) -> dict[str, Any]:
    """Pairs at these hours: answers of both, 10 ms and 12 ms; ``more`` are further columns."""
    n = len(hours)
    scores = np.random.default_rng(1).random(n) if champion is None else champion
    return {
        "request_id": [f"r{place}" for place in range(n)],
        "time": times(hours),
        "model": [made.SLOT.model] * n,
        "champion_version": [CHAMPION.version] * n,
        "champion_digest": [CHAMPION.digest] * n,
        "champion_prediction": one(scores),
        "champion_latency_ms": [10.0] * n,
        "shadow_version": [CANDIDATE.version] * n,
        "shadow_digest": [CANDIDATE.digest] * n,
        "shadow_prediction": one(scores if shadow is None else shadow),
        "shadow_latency_ms": [12.0] * n,
        **more,
    }


def exposure_rows(units: Any, challenger: Any, hours: Any, **more: Any) -> dict[str, Any]:
    """One request a row, half of the units for each arm; ``challenger`` says which rows that arm answered."""
    n = len(units)
    ours = np.asarray(challenger, bool)
    return {
        "request_id": [f"r{place}" for place in range(n)],
        "time": times(hours),
        "unit": list(units),
        "experiment": ["gbm-q4"] * n,
        "arm": ["challenger" if mine else "champion" for mine in ours],
        "share": [0.5] * n,
        "model": [made.SLOT.model] * n,
        "version": [CANDIDATE.version if mine else CHAMPION.version for mine in ours],
        "digest": [CANDIDATE.digest if mine else CHAMPION.digest for mine in ours],
        "prediction": one([0.7] * n),
        "latency_ms": [10.0] * n,
        "status": [200] * n,
        **more,
    }


def outcome_rows(requests: Any, labels: Any, hours: Any) -> dict[str, Any]:
    return {"request_id": list(requests), "label": [float(label) for label in labels], "observed": times(hours)}


@dataclass
class World:
    """A model's folder of logs, and what is asked of it."""

    folder: Path
    policy: Policy = field(default_factory=made.policy)
    slot: Slot = made.SLOT
    candidate: Pin = CANDIDATE
    champion: Pin | None = CHAMPION
    now: datetime = NOW

    def shadow(self, hours: Any, champion: Any = None, shadow: Any = None, name: Any = "1", **columns: Any) -> World:
        write(self.folder, SHADOW, shadow_rows(hours, champion, shadow, **columns), name)
        return self

    def exposures(self, units: Any, challenger: Any, hours: Any, name: Any = "1", **columns: Any) -> World:
        write(self.folder, EXPOSURES, exposure_rows(units, challenger, hours, **columns), name)
        return self

    def outcomes(self, requests: Any, labels: Any, hours: Any, name: str = "1") -> World:
        write(self.folder, OUTCOMES, outcome_rows(requests, labels, hours), name)
        return self

    @property
    def request(self) -> Request:
        return made.request(self.candidate, self.champion, self.slot)

    @property
    def traffic(self) -> Traffic:
        return Traffic(self.folder, self.request, self.policy, self.now)
