from __future__ import annotations

import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import cloudpickle
import mlflow
import pyarrow as pa
import pytest
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema

from gatehouse.runtime.launch import Launcher
from gatehouse.runtime.process import ModelProcess
from tests.runtime import strange
from tests.runtime.processes import launcher
from tests.runtime.stub import Start, starter
from tests.support import models

SIGNATURE = ModelSignature(
    Schema(
        [
            ColSpec(DataType.string, "do"),
            ColSpec(DataType.double, "number"),
            ColSpec(DataType.long, "count", required=False),
            ColSpec(DataType.boolean, "flag", required=False),
            ColSpec(DataType.string, "word", required=False),
            ColSpec(DataType.datetime, "moment", required=False),
        ]
    )
)


def rows(do: str, count: int = 4, **more: Any) -> pa.Table:
    """Rows that tell the strange model what to do; numbers 0, 1, 2, …"""
    return pa.table({"do": [do] * count, "number": [float(row) for row in range(count)], **more})


def full(do: str) -> pa.Table:
    """Two rows with every column of SIGNATURE, in another order."""
    moment = datetime(2026, 3, 3, 12, 0, tzinfo=UTC).replace(tzinfo=None)
    return pa.table(
        {
            "word": ["one", "two"],
            "moment": [moment, moment],
            "flag": [True, False],
            "count": [1, 2],
            "number": [0.5, 1.5],
            "do": [do, do],
        }
    )


def save(folder: Path, at_load: str = "") -> Path:
    cloudpickle.register_pickle_by_value(strange)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*input example was not provided", UserWarning)
        mlflow.pyfunc.save_model(
            folder, python_model=strange.Strange(at_load), signature=SIGNATURE, pip_requirements=["pandas"]
        )
    return folder


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Saved models: ``pipeline`` (scikit-learn on text and numbers) and ``strange``."""
    root = tmp_path_factory.mktemp("models")
    return {"pipeline": models.save(models.train(), root / "pipeline"), "strange": save(root / "strange")}


@pytest.fixture(scope="session", params=["none", "unshare", "bubblewrap"])
def walls(request: pytest.FixtureRequest) -> Launcher:
    """How models are started, one level after the other."""
    return launcher(request.param)


@pytest.fixture
def start(walls: Launcher) -> Start:
    return starter(walls)


@pytest.fixture(scope="session")
def processes(folders: dict[str, Path], walls: Launcher) -> Iterator[dict[str, ModelProcess]]:
    """Both models, started side by side in threads that have ended by the time the models are asked."""
    with ThreadPoolExecutor() as pool:
        begin = partial(ModelProcess.start, launcher=walls)
        started = dict(zip(folders, pool.map(begin, folders.values()), strict=True))
    yield started
    for process in started.values():
        process.close()


@pytest.fixture
def pipeline(processes: dict[str, ModelProcess]) -> ModelProcess:
    return processes["pipeline"]


@pytest.fixture
def odd(processes: dict[str, ModelProcess]) -> ModelProcess:
    return processes["strange"]


@pytest.fixture
def fresh(folders: dict[str, Path], walls: Launcher) -> Iterator[ModelProcess]:
    """A strange model of its own, for a test that ends it."""
    with ModelProcess.start(folders["strange"], launcher=walls) as process:
        yield process
