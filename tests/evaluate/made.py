"""What evidence is made of, by hand: saved models, tables, and cases that name them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gatehouse.declare.types import Banding, Data, Evaluation, Policy, Prediction, StagePolicy, Table, Where
from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.material import Case, Fetched
from gatehouse.evaluate.result import Request, Subject
from gatehouse.evaluate.statistics.profile import Profile
from gatehouse.evaluate.table import Streamed
from gatehouse.pin import Pin, Role, Slot
from gatehouse.registry import mlmodel
from gatehouse.registry.digest import digest, file_digest
from gatehouse.runtime.launch import Bare
from tests.support import models

SLOT = Slot("credit-risk", "production")
BASE, HEAD = "b" * 40, "c" * 40
GROUPS: tuple[str | Banding, ...] = ("region", Banding("age_band", "age", (40.0,)))
EVALUATION = Evaluation(Where("data/eval.parquet"), models.LABEL, groups=GROUPS)


def request(candidate: Pin, champion: Pin | None = None, slot: Slot = SLOT, role: Role = Role.CHAMPION) -> Request:
    return Request(slot, role, candidate, champion, champion, BASE, HEAD)


def pin(version: int = 3, digit: str = "a") -> Pin:
    return Pin(version, "sha256:" + digit * 64)


def policy(**more: Any) -> Policy:
    """A binary policy on ``data/eval.parquet``; ``more`` are further fields."""
    fields: dict[str, Any] = {
        "model": SLOT.model,
        "owner": "@acme/credit-risk",
        "risk": "high",
        "task": "binary",
        "reviewed": date(2026, 3, 1),
        "stages": {SLOT.stage: StagePolicy(())},
        "data": Data(EVALUATION, Table(Where("data/production.parquet"))),
    }
    return Policy(**{**fields, **more})


def labels_only() -> Policy:
    return policy(prediction=Prediction("predict"))


@dataclass
class Bench:
    """A folder as *fetch* leaves it. Models are saved once and named; tables are written as they are needed."""

    folder: Path
    saved: dict[str, Fetched] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)

    def model(self, name: str) -> Fetched:
        if name not in self.saved:
            path = _RECIPES[name](self.folder / "models" / name)
            found = digest(path)
            described = mlmodel.read(path)
            size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
            subject = Subject(Pin(len(self.saved) + 1, found), flavor=", ".join(described.flavors), bytes=size)
            self.saved[name] = Fetched(subject, f"models/{name}", found, self._profile())
        return self.saved[name]

    def table(self, name: str, rows: pd.DataFrame | pa.Table) -> str:
        """Writes a Parquet table; its path below the folder."""
        path = self.folder / "data" / f"{name}.parquet"
        path.parent.mkdir(exist_ok=True)
        table = rows if isinstance(rows, pa.Table) else pa.Table.from_pandas(rows, preserve_index=False)
        pq.write_table(table, path)
        return f"data/{name}.parquet"

    def case(self, candidate: Fetched, champion: Fetched | None = None, **tables: str) -> Case:
        """``tables`` maps ``evaluation`` and ``production`` to paths; the usual ones where none are named."""
        data = {**self.tables, **tables}
        digests = {kind: file_digest(self.folder / path) for kind, path in data.items()}
        asked = request(candidate.subject.pin, champion.subject.pin if champion else None)
        return Case(asked, candidate, champion, data=data, digests=digests)

    def evidence(self, case: Case, judged: Policy | None = None) -> Evidence:
        return Evidence(self.folder, case, judged or policy(), Bare())

    def _profile(self) -> str:
        path = self.folder / "profile.json"
        if not path.exists():
            table = pa.Table.from_pandas(models.features(2_000, seed=5), preserve_index=False)
            path.write_bytes(Profile.of(table.to_batches()).to_json())
        return "profile.json"


def fetched(bench: Bench, path: Path) -> Fetched:
    """A model that a test has saved, as fetch describes it."""
    found = digest(path)
    bench.saved.setdefault(str(path), Fetched(Subject(Pin(99, found)), str(path), found, bench._profile()))
    return bench.saved[str(path)]


def bench(folder: Path) -> Bench:
    """With an evaluation table of 2,000 rows and a production table of 1,000, both from the models' own world."""
    made = Bench(folder)
    made.tables["evaluation"] = made.table("eval", models.frame(2_000, seed=7))
    made.tables["production"] = made.table("production", models.features(1_000, seed=9))
    return made


class InMemory(Streamed):
    """An Arrow table as an engine would open it, in batches of at most ``size`` rows."""

    def __init__(self, table: pa.Table, size: int = 1_000) -> None:
        self._table, self._size = table, size

    @property
    def schema(self) -> pa.Schema:
        return self._table.schema

    def count(self) -> int:
        return int(self._table.num_rows)

    def batches(self, columns: Any = None) -> Any:
        chosen = self._table if columns is None else self._table.select(list(columns))
        return iter(chosen.to_batches(max_chunksize=self._size))


class Fickle(mlflow.pyfunc.PythonModel):  # type: ignore[misc] # mlflow is untyped
    """Answers numbers for a full batch, and labels for a smaller one."""

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        return np.full(len(model_input), 0.5) if len(model_input) > 60_000 else np.ones(len(model_input), dtype=int)


def _leaky(path: Path) -> Path:
    """A model whose signature asks for the label."""
    rows = models.frame(2).astype({models.LABEL: float})
    mlflow.models.set_signature(
        str(models.save(models.Odd(), path, signature=False)), mlflow.models.infer_signature(rows, np.zeros(2))
    )
    return path


_RECIPES: dict[str, Any] = {
    "good": lambda path: models.save(models.train(), path),
    "twin": lambda path: models.save(models.train(seed=3), path),
    "constant": lambda path: models.save(models.Odd(0.5), path),
    "nan": lambda path: models.save(models.Odd(float("nan")), path),
    "raises": lambda path: models.save(models.Odd(message="no such region"), path),
    "slow": lambda path: models.save(models.Odd(seconds=0.03), path),
    "fickle": lambda path: models.save(Fickle(), path),
    "unsigned": lambda path: models.save(models.train(), path, signature=False),
    "leaky": _leaky,
}
