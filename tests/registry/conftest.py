"""Two real registries, made once: one on SQLite with a folder of artifacts, one behind ``mlflow server``."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from mlflow import MlflowClient

from gatehouse.registry.reader import RegistryReader
from tests.support import mlflow as support
from tests.support import models

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

_COUNT = itertools.count()


@pytest.fixture(scope="session")
def sqlite_uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    return support.fresh_registry(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def server_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with support.server(tmp_path_factory.mktemp("server")) as running:
        yield running.uri


@pytest.fixture(params=["sqlite", "server"])
def uri(request: pytest.FixtureRequest) -> str:
    """Every test that asks for it runs on both registries."""
    return str(request.getfixturevalue(f"{request.param}_uri"))


@pytest.fixture
def reader(uri: str) -> RegistryReader:
    return RegistryReader(uri)


@pytest.fixture
def client(uri: str) -> Any:
    """MLflow's own client, to prepare what is then read."""
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


@pytest.fixture
def model() -> str:
    """A name that no other test uses."""
    return f"model-{next(_COUNT)}"


@pytest.fixture(scope="session")
def pipeline() -> Pipeline:
    return models.train()
