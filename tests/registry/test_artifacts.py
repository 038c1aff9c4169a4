from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

from gatehouse.errors import GatehouseError, NotFound, Unreachable
from gatehouse.registry import _stores, _tree, artifacts, mlmodel
from gatehouse.registry.digest import STAMP, digest
from gatehouse.registry.reader import RegistryReader
from gatehouse.registry.types import Version
from tests.registry.test_connection import answering
from tests.support import models

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


@pytest.fixture
def version(uri: str, reader: RegistryReader, model: str, pipeline: Pipeline) -> Version:
    return reader.version(model, models.register(uri, model, pipeline))


@pytest.fixture
def sqlite_version(sqlite_uri: str, model: str, pipeline: Pipeline) -> Version:
    return RegistryReader(sqlite_uri).version(model, models.register(sqlite_uri, model, pipeline))


@pytest.fixture
def stored(sqlite_uri: str, sqlite_version: Version) -> Path:
    """The folder in which the SQLite registry keeps the version's artifact."""
    return _folder(artifacts.location(RegistryReader(sqlite_uri), sqlite_version))


def _folder(uri: str) -> Path:
    return Path(unquote(urlsplit(uri).path))


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_version_is_fetched_whole(reader: RegistryReader, version: Version, tmp_path: Path) -> None:
    target = artifacts.download(reader, version, tmp_path / "deep/er/model")
    assert target == tmp_path / "deep/er/model"
    assert set(_contents(target)) == {"MLmodel", "model.skops", "conda.yaml", "python_env.yaml", "requirements.txt"}
    assert mlmodel.read(target).run_id == version.run_id
    assert [path.name for path in target.parent.iterdir()] == ["model"]


def test_the_digest_is_one_however_the_artifact_is_fetched(
    uri: str, reader: RegistryReader, version: Version, tmp_path: Path
) -> None:
    """By us, by MLflow's client (which adds a note of its own), and again after that client has been at the store."""
    ours = digest(artifacts.download(reader, version, tmp_path / "ours"))
    with models.registry(uri):
        for number, address in enumerate((f"models:/{version.model}/{version.number}", version.source)):
            theirs = mlflow.artifacts.download_artifacts(address, dst_path=str(tmp_path / str(number)))
            assert digest(Path(theirs)) == ours
        loaded = mlflow.pyfunc.load_model(f"models:/{version.model}/{version.number}")
        assert len(loaded.predict(models.features(3))) == 3
    again = artifacts.download(reader, version, tmp_path / "again")
    assert not (again / STAMP).exists()
    assert digest(again) == ours


def test_the_same_model_has_one_digest_in_a_folder_and_behind_a_server(
    sqlite_uri: str, server_uri: str, model: str, pipeline: Pipeline, tmp_path: Path
) -> None:
    saved = models.save(pipeline, tmp_path / "saved")
    (saved / "code/a b").mkdir(parents=True)
    (saved / "code/a b/é+&=.py").write_text("x = 1")
    found = {digest(saved)}
    for uri in (sqlite_uri, server_uri):
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        run = client.create_run("0")
        client.log_artifacts(run.info.run_id, str(saved), "model")
        client.create_registered_model(model)
        client.create_model_version(model, f"runs:/{run.info.run_id}/model", run.info.run_id)
        reader = RegistryReader(uri)
        target = artifacts.download(reader, reader.version(model, 1), tmp_path / uri[:4])
        assert _contents(target) == _contents(saved)
        found.add(digest(target))
    assert len(found) == 1


def test_mlflows_client_leaves_its_note_in_the_very_store(
    sqlite_uri: str, sqlite_version: Version, stored: Path
) -> None:
    """Why the note may not count: merely loading a version would change its digest."""
    before = digest(stored)
    with models.registry(sqlite_uri):
        mlflow.pyfunc.load_model(f"models:/{sqlite_version.model}/{sqlite_version.number}")
    assert (stored / STAMP).exists()
    assert digest(stored) == before


def test_an_artifact_that_was_overwritten_has_another_digest(
    sqlite_uri: str, sqlite_version: Version, stored: Path, tmp_path: Path
) -> None:
    reader = RegistryReader(sqlite_uri)
    before = digest(artifacts.download(reader, sqlite_version, tmp_path / "before"))
    (stored / "model.skops").write_bytes(b"another model")
    assert reader.version(sqlite_version.model, sqlite_version.number) == sqlite_version
    assert digest(artifacts.download(reader, sqlite_version, tmp_path / "after")) != before


SOURCES: dict[str, Callable[[RegistryReader, Version], str]] = {
    "a logged model": lambda _, version: version.source,
    "another version": lambda _, version: f"models:/{version.model}/{version.number}",
    "a run": lambda _, version: f"runs:/{version.run_id}/model",
    "a store": artifacts.location,
}


@pytest.mark.parametrize("kind", SOURCES)
def test_every_kind_of_source_leads_to_the_same_bytes(
    uri: str, reader: RegistryReader, client: Any, version: Version, tmp_path: Path, kind: str
) -> None:
    assert version.source.startswith("models:/m-")
    source = SOURCES[kind](reader, version)
    # The server takes these two only together with the logged model that they belong to.
    belongs = version.source.removeprefix("models:/") if kind in ("a logged model", "a store") else None
    with models.registry(uri):
        client.create_registered_model(f"{version.model}-again")
        client.create_model_version(f"{version.model}-again", source, version.run_id, model_id=belongs)
    again = reader.version(f"{version.model}-again", 1)
    assert again.source == source
    fetched = artifacts.download(reader, again, tmp_path / "again")
    assert _contents(fetched) == _contents(artifacts.download(reader, version, tmp_path / "first"))


def test_a_run_that_logged_two_models_of_one_name_gives_the_last(
    sqlite_uri: str, model: str, pipeline: Pipeline, tmp_path: Path
) -> None:
    with models.registry(sqlite_uri), mlflow.start_run() as run:
        for strength in (1.0, 0.01):
            models.log(models.train(strength=strength), name="model")
        client = MlflowClient()
        client.create_registered_model(model)
        client.create_model_version(model, f"runs:/{run.info.run_id}/model", run.info.run_id)
        theirs = Path(mlflow.artifacts.download_artifacts(f"models:/{model}/1", dst_path=str(tmp_path / "theirs")))
    reader = RegistryReader(sqlite_uri)
    ours = artifacts.download(reader, reader.version(model, 1), tmp_path / "ours")
    # MLflow's client puts it into a folder below the one that it returns, and then fails to load it.
    assert digest(ours) == digest(theirs / "model")


def test_a_source_that_pins_nothing_is_refused(sqlite_uri: str, sqlite_version: Version, tmp_path: Path) -> None:
    reader = RegistryReader(sqlite_uri)
    _relocate(sqlite_uri, sqlite_version, f"models:/{sqlite_version.model}@champion")
    with pytest.raises(GatehouseError, match="pins nothing"):
        artifacts.download(reader, sqlite_version, tmp_path / "model")


def test_sources_that_go_in_circles_end(sqlite_uri: str, sqlite_version: Version, tmp_path: Path) -> None:
    reader = RegistryReader(sqlite_uri)
    _relocate(sqlite_uri, sqlite_version, f"models:/{sqlite_version.model}/{sqlite_version.number}")
    with pytest.raises(GatehouseError, match="in circles"):
        artifacts.download(reader, sqlite_version, tmp_path / "model")


def _relocate(uri: str, version: Version, location: str) -> None:
    """Points a version elsewhere, as only somebody with the database in hand could."""
    with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as database, database:
        database.execute(
            "UPDATE model_versions SET storage_location = ? WHERE name = ? AND version = ?",
            (location, version.model, version.number),
        )


def test_progress_counts_up_to_the_whole(reader: RegistryReader, version: Version, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    target = artifacts.download(reader, version, tmp_path / "model", lambda done, total: told.append((done, total)))
    size = sum(map(len, _contents(target).values()))
    assert told[-1] == (size, size)
    assert told == sorted(told)
    assert len(told) >= 5


def test_a_target_that_is_there_is_left_alone(reader: RegistryReader, version: Version, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("model", "link"):
        with pytest.raises(GatehouseError, match="is there already"):
            artifacts.download(reader, version, tmp_path / name)


def test_a_download_that_breaks_off_leaves_nothing(reader: RegistryReader, version: Version, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        artifacts.download(reader, version, tmp_path / "model", stop)
    assert list(tmp_path.iterdir()) == []


def test_a_deleted_artifact_says_so(uri: str, reader: RegistryReader, version: Version, tmp_path: Path) -> None:
    get_artifact_repository(artifacts.location(reader, version), tracking_uri=uri).delete_artifacts()
    with pytest.raises(NotFound, match=r"is deleted|not on this machine"):
        artifacts.download(reader, version, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_no_model_is_not_fetched(sqlite_uri: str, sqlite_version: Version, tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/id_rsa").write_text("secret")
    _relocate(sqlite_uri, sqlite_version, str(tmp_path / "secrets"))
    with pytest.raises(NotFound, match="no MLmodel file"):
        artifacts.download(RegistryReader(sqlite_uri), sqlite_version, tmp_path / "model")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("kind", ["link", "folder link", "pipe", "git"])
def test_what_cannot_be_vouched_for_is_not_fetched(
    sqlite_uri: str, sqlite_version: Version, stored: Path, tmp_path: Path, kind: str
) -> None:
    if kind == "pipe":
        os.mkfifo(stored / "pipe")
    elif kind == "git":
        (stored / ".gitattributes").write_text("")
    else:
        (stored / "data").symlink_to("/etc/passwd" if kind == "link" else "/etc")
    with pytest.raises(GatehouseError, match=r"symbolic link|neither a file nor|nothing vouches"):
        artifacts.download(RegistryReader(sqlite_uri), sqlite_version, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("address", ["http://evil.invalid/api", "mlflow-artifacts://evil.invalid/0/m"])
def test_the_registrys_credentials_go_to_no_other_server(server_uri: str, address: str) -> None:
    reader = RegistryReader(server_uri)
    with pytest.raises(GatehouseError, match=r"evil\.invalid, another server"):
        _stores.at(reader.connection, address)
    with pytest.raises(GatehouseError, match="is none"):
        _stores.at(RegistryReader("sqlite:///x.db").connection, address)


def test_credentials_never_leave_an_encrypted_connection() -> None:
    reader = RegistryReader("https://mlflow.acme.example")
    with pytest.raises(GatehouseError, match="another server"):
        _stores.at(reader.connection, "http://mlflow.acme.example/api/2.0/mlflow-artifacts/artifacts/0")


def _listing(*files: dict[str, object]) -> bytes:
    return json.dumps({"files": files}).encode()


@pytest.mark.parametrize(
    "path",
    ["../../etc/passwd", "/etc/passwd", "a/../../b", "..", "a\\..\\b", ".gitignore", "a/b", "%2e%2e/b"],
)
def test_a_listing_that_leads_out_of_the_folder_is_refused(path: str) -> None:
    with answering(200, _listing({"path": path, "is_dir": False, "file_size": 3})) as uri:
        store = _stores.at(RegistryReader(uri).connection, "mlflow-artifacts:/0/m")
        with pytest.raises(GatehouseError):
            store.files(PurePosixPath())


def test_a_listing_without_end_ends() -> None:
    with answering(200, _listing({"path": "again", "is_dir": True})) as uri:
        store = _stores.at(RegistryReader(uri).connection, "mlflow-artifacts:/0/m")
        with pytest.raises(GatehouseError, match="folders without end"):
            store.files(PurePosixPath())


def test_a_listing_of_too_many_files_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_tree, "MAX_FILES", 2)
    files = [{"path": name, "is_dir": False, "file_size": 1} for name in "abc"]
    with answering(200, _listing(*files)) as uri:
        store = _stores.at(RegistryReader(uri).connection, "mlflow-artifacts:/0/m")
        with pytest.raises(GatehouseError, match="more than 2 files"):
            store.files(PurePosixPath())


def test_a_file_that_vanished_after_it_was_listed_is_named(server_uri: str, tmp_path: Path) -> None:
    store = _stores.at(RegistryReader(server_uri).connection, "mlflow-artifacts:/0/gone")
    assert store.files(PurePosixPath()) == []
    with pytest.raises(NotFound, match=r"MLmodel is listed by .* but is not there"):
        store.fetch(_stores.Item(PurePosixPath("MLmodel"), 3), tmp_path, lambda _: None)


@pytest.mark.parametrize("size", [3, 10**9])
def test_a_file_of_another_size_than_announced_is_refused(tmp_path: Path, size: int) -> None:
    with answering(200, b"12345") as uri:
        store = _stores.at(RegistryReader(uri).connection, "mlflow-artifacts:/0/m")
        with pytest.raises(Unreachable, match="5 bytes"):
            store.fetch(_stores.Item(PurePosixPath("x"), size), tmp_path, lambda _: None)


def test_a_folder_that_mlflow_shows_as_empty_is_not_taken_for_empty(
    server_uri: str, model: str, pipeline: Pipeline, tmp_path: Path
) -> None:
    """MLflow's HTTP client loses a file that is alone in a folder of its own name; the model would run without it."""
    saved = models.save(pipeline, tmp_path / "saved")
    (saved / "data").mkdir()
    (saved / "data/data").write_text("x")
    client = MlflowClient(tracking_uri=server_uri, registry_uri=server_uri)
    run = client.create_run("0")
    client.log_artifacts(run.info.run_id, str(saved), "model")
    client.create_registered_model(model)
    client.create_model_version(model, f"runs:/{run.info.run_id}/model", run.info.run_id)
    reader = RegistryReader(server_uri)
    with pytest.raises(GatehouseError, match="lists the folder data as empty"):
        artifacts.download(reader, reader.version(model, 1), tmp_path / "model")


def test_a_store_of_another_kind_is_fetched_through_mlflow(stored: Path, sqlite_uri: str, tmp_path: Path) -> None:
    """No cloud here: the kind that would speak to one gets MLflow's repository of a folder, which has the same face."""
    store = _stores.Foreign(RegistryReader(sqlite_uri).connection, LocalArtifactRepository(str(stored)))
    (stored / "code").mkdir()
    (stored / "code/a.py").write_text("x")
    wrote: list[int] = []
    for item in store.files(PurePosixPath()):
        store.fetch(item, tmp_path, wrote.append)
    assert _contents(tmp_path) == _contents(stored)
    assert sum(wrote) == sum(map(len, _contents(stored).values()))


def test_a_disk_that_is_too_small_is_noticed_before_anything_is_fetched(
    sqlite_uri: str, sqlite_version: Version, stored: Path, tmp_path: Path
) -> None:
    with (stored / "huge").open("wb") as out:
        out.truncate(shutil.disk_usage(tmp_path).free + 10**9)
    with pytest.raises(GatehouseError, match="more than the disk has room for"):
        artifacts.download(RegistryReader(sqlite_uri), sqlite_version, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_the_profile_of_the_training_run_is_read(
    uri: str, reader: RegistryReader, model: str, pipeline: Pipeline
) -> None:
    number = models.register(uri, model, pipeline, profile=b'{"rows": 200}')
    assert artifacts.profile(reader, reader.version(model, number)) == b'{"rows": 200}'


def test_no_profile_no_run_and_a_lost_run_are_all_none(reader: RegistryReader, version: Version, client: Any) -> None:
    assert artifacts.profile(reader, version) is None
    client.create_registered_model(f"{version.model}-runless")
    client.create_model_version(f"{version.model}-runless", "s3://bucket/m")
    client.create_model_version(f"{version.model}-runless", "s3://bucket/m", "0123456789abcdef0123456789abcdef")
    for number in (1, 2):
        assert artifacts.profile(reader, reader.version(f"{version.model}-runless", number)) is None


def test_a_profile_that_is_too_large_is_not_fetched(
    uri: str, reader: RegistryReader, model: str, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = models.register(uri, model, pipeline, profile=b"{}" * 10)
    monkeypatch.setattr(artifacts, "PROFILE_LIMIT", 19)
    with pytest.raises(GatehouseError, match="more than 19 bytes"):
        artifacts.profile(reader, reader.version(model, number))
