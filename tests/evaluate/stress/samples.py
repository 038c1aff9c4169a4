"""Samples by hand: features of every kind, and what a signature says of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from gatehouse.evaluate.stress.sample import Sample
from gatehouse.registry.signature import Column, Scalar

ROWS = 4_000


def wanted(*names: str, optional: tuple[str, ...] = ()) -> tuple[Column, ...]:
    return tuple(Column(name, Scalar("double"), name not in optional) for name in names)


def mixed(rows: int = ROWS, seed: int = 1) -> Sample:
    """Floats with gaps and infinities, whole numbers, text, yes and no, dates, a constant, and a column of no model."""
    random = np.random.default_rng(0)
    income = random.normal(50, 10, rows)
    income[:4] = [np.nan, np.inf, -np.inf, 50]
    columns: dict[str, Any] = {
        "income": pa.array(income, mask=np.arange(rows) == 5),
        "debt": random.normal(0, 2, rows),
        "age": pa.array(random.integers(18, 80, rows), pa.int32(), mask=np.arange(rows) == 6),
        "children": random.integers(0, 5, rows),
        "region": pa.array(random.choice(["north", "south", "west"], rows), mask=np.arange(rows) == 7),
        "city": random.choice(["a", "b"], rows),
        "owner": random.random(rows) < 0.5,
        "since": pa.array([0] * rows, pa.date32()),
        "constant": np.ones(rows),
        "customer": np.arange(rows),
    }
    features = [name for name in columns if name != "customer"]
    asked = wanted(*features, "absent", optional=("income", "region", "absent"))
    return Sample(pa.RecordBatch.from_pydict(columns), asked, seed)
