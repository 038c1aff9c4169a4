"""Fetching what a version is made of: its artifact into a folder, and the feature profile of its training run.

An artifact is the same bytes, and so has the same digest, whether it is fetched from a folder, over HTTP, or from a
cloud store: files are copied as they are, and the note that MLflow's client leaves beside models (see ``digest``) is
neither made nor kept.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from gatehouse.errors import GatehouseError, NotFound
from gatehouse.registry import _stores, digest, mlmodel
from gatehouse.registry.reader import RegistryReader
from gatehouse.registry.types import Version

PROFILE = PurePosixPath("gatehouse/profile.json")
PROFILE_LIMIT = 8_000_000
# A copy of a copy of a copy ends somewhere.
_MAX_HOPS = 8

Progress = Callable[[int, int], None]


def download(reader: RegistryReader, version: Version, target: Path, progress: Progress | None = None) -> Path:
    """Fetches a version's artifact into ``target``, which must not exist yet; returns it.

    ``target`` appears complete or not at all. ``progress`` is told the bytes that are there and the bytes in all (0
    where the store does not tell). Raises NotFound when the artifact is not where the registry says, GatehouseError
    when it is no MLflow model or holds anything but plain files, Unreachable when the store stops answering.
    """
    return fetched(
        lambda: _stores.at(reader.connection, location(reader, version)), target, f"the artifact of {version}", progress
    )


def fetched(opened: Callable[[], _stores.Store], target: Path, named: str, progress: Progress | None = None) -> Path:
    """``download`` for a store that is at hand; errors call the artifact ``named``."""
    if target.exists() or target.is_symlink():
        raise GatehouseError(f"{target} is there already", "remove it, or name another folder")
    store = opened()
    items = store.files(PurePosixPath())
    if PurePosixPath(mlmodel.NAME) not in [item.path for item in items]:
        raise NotFound(
            f"{named} has no {mlmodel.NAME} file: it is deleted, or is not an MLflow model",
            "log the model again with MLflow, and register that",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as scratch:
        tree = Path(scratch) / "tree"
        _fetch(store, items, tree, progress)
        _drop_stamp(tree)
        tree.rename(target)
    return target


def profile(reader: RegistryReader, version: Version) -> bytes | None:
    """The feature profile that was logged with the training run, None where there is none, or no run any more.

    Raises GatehouseError for one above PROFILE_LIMIT bytes.
    """
    return logged(reader, version, PROFILE, PROFILE_LIMIT)


def logged(reader: RegistryReader, version: Version, path: PurePosixPath, limit: int) -> bytes | None:
    """A file of the training run, by its path among the run's artifacts; None where there is none, or no run any more.

    Raises GatehouseError for one above ``limit`` bytes.
    """
    try:
        run = reader.run(version.run_id) if version.run_id else None
    except NotFound:
        return None
    if run is None:
        return None
    store = _stores.at(reader.connection, run.artifacts)
    item = next((item for item in store.files(path.parent) if item.path == path), None)
    if item is None:
        return None
    if item.size is None or item.size > limit:
        raise GatehouseError(f"{path} of run {run.id} has more than {limit:,} bytes", "log a smaller one")
    with tempfile.TemporaryDirectory() as scratch:
        store.fetch(item, Path(scratch), lambda _: None)
        return (Path(scratch) / path).read_bytes()


def location(reader: RegistryReader, version: Version) -> str:
    """The address of a version's artifact in its store, whatever it was registered from."""
    uri = _of_version(reader, version.model, version.number)
    for _ in range(_MAX_HOPS):
        if found := re.fullmatch(r"models:/+([^/@]+)/?", uri):
            uri = _of_logged(reader, found[1])
        elif found := re.fullmatch(r"models:/+([^/@]+)/(\d+)/?", uri):
            uri = _of_version(reader, found[1], int(found[2]))
        elif found := re.fullmatch(r"runs:/+([0-9a-zA-Z_-]+)/(.+)", uri):
            uri = _of_run(reader, found[1], found[2].strip("/"))
        else:
            return _plain(uri, version)
    raise GatehouseError(f"the source of {version} goes in circles: {version.source}", "register the model again")


def _plain(uri: str, version: Version) -> str:
    if uri.startswith(("models:", "runs:")):
        raise GatehouseError(
            f"the source of {version} is {uri}, which pins nothing", "register the model from a run or a logged model"
        )
    return uri


def _of_version(reader: RegistryReader, model: str, number: int) -> str:
    return str(reader.connection.ask(lambda client: client.get_model_version_download_uri(model, str(number))))


def _of_logged(reader: RegistryReader, model_id: str) -> str:
    return str(reader.connection.ask(lambda client: client.get_logged_model(model_id).artifact_location))


def _of_run(reader: RegistryReader, run_id: str, path: str) -> str:
    """Where a run's model is: a logged model of that name (MLflow 3), or a folder among the run's own artifacts."""
    run = reader.run(run_id)
    name, _, below = path.partition("/")
    logged = reader.connection.pages(
        lambda client, token: client.search_logged_models(
            experiment_ids=[run.experiment], filter_string=f"source_run_id='{run_id}'", page_token=token
        )
    )
    # The last one counts, as it does for MLflow: a run may log a model of the same name at every epoch.
    for model in sorted(logged, key=lambda model: -model.creation_timestamp):
        if model.name == name:
            return "/".join(part for part in (str(model.artifact_location).rstrip("/"), below) if part)
    return f"{run.artifacts.rstrip('/')}/{path}"


def _fetch(store: _stores.Store, items: list[_stores.Item], root: Path, progress: Progress | None) -> None:
    total = sum(item.size or 0 for item in items)
    root.mkdir()
    if total > shutil.disk_usage(root).free:
        raise GatehouseError(
            f"the artifact has {total:,} bytes, more than the disk has room for", f"free {root.anchor}"
        )
    done = 0

    def wrote(size: int) -> None:
        nonlocal done
        done += size
        if progress is not None:
            progress(done, total)

    for item in items:
        store.fetch(item, root, wrote)


def _drop_stamp(root: Path) -> None:
    stamp = PurePosixPath(digest.STAMP)
    if (root / stamp).is_file() and digest.is_stamp(root, stamp):
        (root / stamp).unlink()
