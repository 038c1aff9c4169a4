"""An artifact is the same by its address alone as by its version: in a folder, behind a server, and in S3."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gatehouse.errors import GatehouseError, NotFound
from gatehouse.registry import artifacts
from gatehouse.registry.digest import digest
from gatehouse.registry.located import download
from gatehouse.registry.reader import RegistryReader
from tests.support import buckets, models

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


def test_the_address_of_a_version_gives_what_the_version_gives(
    uri: str, reader: RegistryReader, model: str, pipeline: Pipeline, tmp_path: Path
) -> None:
    version = reader.version(model, models.register(uri, model, pipeline))
    found = download(artifacts.location(reader, version), tmp_path / "by address", uri)
    assert digest(found) == digest(artifacts.download(reader, version, tmp_path / "by version"))


def test_an_artifact_in_s3_needs_no_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with buckets.started(monkeypatch) as store:
        monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", f"http://{store.host}")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        files = {"MLmodel": b"flavors: {}\n", "data/weights": bytes(range(256))}
        for name, body in files.items():
            store.put(f"models/1/{name}", body)
        found = download("s3://bucket/models/1", tmp_path / "model")
        assert {name: (found / name).read_bytes() for name in files} == files
        with pytest.raises(NotFound, match="MLmodel"):
            download("s3://bucket/models/2", tmp_path / "other")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize("address", ["models:/credit-risk/1", "models:/m-1", "runs:/1/model"])
def test_an_address_that_has_to_be_looked_up_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(GatehouseError, match="pins nothing"):
        download(address, tmp_path / "model")


def test_what_is_there_already_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(GatehouseError, match="is there already"):
        download(str(tmp_path), tmp_path)
