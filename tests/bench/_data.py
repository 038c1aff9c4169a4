"""The tables that the gates are measured on, made from a seed: one million rows, thirty features, six groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

Floats = npt.NDArray[np.float64]
GROUPS = ("a", "b", "c", "d", "e", "f")
FEATURES = 30
CHUNK = 1_000_000


@dataclass(frozen=True, slots=True)
class Scores:
    """(n,) arrays of one evaluation."""

    label: npt.NDArray[np.int64]
    candidate: Floats
    champion: Floats
    group: npt.NDArray[np.int64]

    @classmethod
    def of(cls, n: int, seed: int = 0) -> Scores:
        random = np.random.default_rng(seed)
        label = (random.random(n) < 0.3).astype(np.int64)
        shared = random.normal(1.2 * label - 0.5, 1)
        candidate = 1 / (1 + np.exp(-(shared + random.normal(0, 0.3, n))))
        champion = 1 / (1 + np.exp(-(shared + random.normal(0, 0.4, n))))
        return cls(label, candidate, champion, random.choice(len(GROUPS), n, p=[0.3, 0.25, 0.2, 0.15, 0.09, 0.01]))

    def columns(self) -> dict[str, Any]:
        names = pa.DictionaryArray.from_arrays(pa.array(self.group, pa.int32()), pa.array(GROUPS))
        return {
            "label": self.label,
            "candidate": self.candidate,
            "champion": self.champion,
            "group": names.cast(pa.string()),
            "region": names.take(pa.array(self.group[::-1].copy())).cast(pa.string()),
        }


def features(n: int, shift: float, seed: int) -> pa.RecordBatch:
    """Thirty numeric columns of several shapes; every third has moved by ``shift``."""
    random = np.random.default_rng(seed)
    columns: dict[str, Floats] = {}
    for index in range(FEATURES):
        values = random.normal(shift * (index % 3 == 0), 1, n)
        columns[f"f{index:02}"] = np.exp(values) if index % 5 == 1 else values
    return pa.RecordBatch.from_pydict({name: pa.array(values) for name, values in columns.items()})


def batches(batch: pa.RecordBatch, size: int = 65_536) -> Iterator[pa.RecordBatch]:
    """A batch as an engine would stream it."""
    for start in range(0, batch.num_rows, size):
        yield batch.slice(start, size)


def written(folder: Path, n: int) -> None:
    """``evaluation.parquet``, ``training.parquet``, ``production.parquet`` of n rows each, written in chunks."""
    for name in ("evaluation", "training", "production"):
        writer = None
        for chunk in range(0, n, CHUNK):
            rows = min(CHUNK, n - chunk)
            if name == "evaluation":
                batch = pa.RecordBatch.from_pydict(
                    {key: pa.array(values) for key, values in Scores.of(rows, chunk).columns().items()}
                )
            else:
                batch = features(rows, 0.1 * (name == "production"), chunk + (name == "production"))
            writer = writer or pq.ParquetWriter(folder / f"{name}.parquet", batch.schema)
            writer.write_batch(batch, row_group_size=131_072)
        assert writer is not None
        writer.close()
