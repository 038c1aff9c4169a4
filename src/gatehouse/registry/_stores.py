"""Where artifacts lie: a folder on this machine, behind the registry's own server, or in a store that MLflow knows."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote, urlsplit

from gatehouse.errors import GatehouseError, NotFound, Unreachable
from gatehouse.registry import _tree
from gatehouse.registry._connection import Connection

# A proxying server fetches a whole file from its own store before it sends the first byte.
PATIENCE = 120
_CHUNK = 1 << 20
Wrote = Callable[[int], None]


class Item(NamedTuple):
    """One file: its path within the artifact, and its size in bytes where the store tells."""

    path: PurePosixPath
    size: int | None


class Store(Protocol):
    """The files below one artifact address."""

    def files(self, under: PurePosixPath) -> list[Item]:
        """Every file below a folder, empty where the folder is not there."""

    def fetch(self, item: Item, root: Path, wrote: Wrote) -> None:
        """Writes one file to its path below ``root``, telling how many bytes at a time."""


def at(connection: Connection, uri: str) -> Store:
    """The store at an artifact address. Raises GatehouseError for one that would get the registry's credentials."""
    scheme = urlsplit(uri).scheme
    with connection.translated():
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
        from mlflow.utils.file_utils import local_file_uri_to_path

        if scheme in ("", "file"):
            return Folder(Path(local_file_uri_to_path(uri)))
        if scheme in ("http", "https", "mlflow-artifacts"):
            _same_server(connection, uri)
        repository = get_artifact_repository(uri, tracking_uri=connection.uri, registry_uri=connection.uri)
    return (Server if scheme in ("http", "https", "mlflow-artifacts") else Foreign)(connection, repository)


class Folder:
    """Artifacts in a folder of this machine, as a registry on SQLite keeps them."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def files(self, under: PurePosixPath) -> list[Item]:
        folder = self.root / under
        if under.parts and not folder.is_dir():
            return []
        if not folder.is_dir():
            raise NotFound(
                f"the artifact folder {self.root} is not on this machine",
                "run this where the folder is, or let the MLflow server hand artifacts out (--serve-artifacts)",
            )
        return [Item(under / path, (folder / path).stat().st_size) for path in _tree.files(folder)]

    def fetch(self, item: Item, root: Path, wrote: Wrote) -> None:
        target = _place(root, item)
        shutil.copyfile(self.root / item.path, target, follow_symlinks=False)
        wrote(target.lstat().st_size)


class _Listed:
    """Artifacts that MLflow lists a folder at a time; whatever it answers is a stranger's word."""

    def __init__(self, connection: Connection, repository: Any) -> None:
        self.connection = connection
        self.repository = repository

    def files(self, under: PurePosixPath) -> list[Item]:
        found = []
        for item in self._below(under, 0):
            found.append(item)
            if len(found) > _tree.MAX_FILES:
                raise GatehouseError(
                    f"{self._shown} lists more than {_tree.MAX_FILES:,} files", "log fewer, packed ones"
                )
        return sorted(found, key=lambda item: str(item.path).encode())

    @property
    def _shown(self) -> str:
        return f"the artifact store of {self.connection.shown}"

    def _below(self, folder: PurePosixPath, depth: int) -> Iterator[Item]:
        if depth > _tree.MAX_DEPTH:
            raise GatehouseError(f"{self._shown} lists folders without end", "look at the artifact in MLflow's UI")
        with self.connection.translated():
            listed = self.repository.list_artifacts("" if folder == PurePosixPath() else str(folder))
        for entry in listed:
            name = entry.path.removeprefix(f"{folder}/" if folder.parts else "")
            path = folder / _tree.checked(name, self._shown)
            if not entry.is_dir:
                yield Item(path, entry.file_size)
                continue
            yield from self._folder(path, depth + 1)

    def _folder(self, path: PurePosixPath, depth: int) -> Iterator[Item]:
        empty = True
        for item in self._below(path, depth):
            empty = False
            yield item
        if empty:
            # MLflow shows a folder with one file of the folder's own name as empty, and would lose the file.
            raise GatehouseError(
                f"{self._shown} lists the folder {path} as empty, though only files make folders",
                "if it holds a file of its own name, rename that, and log the model again",
            )


class Server(_Listed):
    """Artifacts that the registry's server hands out over HTTP."""

    def fetch(self, item: Item, root: Path, wrote: Wrote) -> None:
        target, size = _place(root, item), 0
        with self.connection.translated(), self._opened(item) as answer, target.open("xb") as out:
            for chunk in answer.iter_content(_CHUNK):
                size += len(chunk)
                if item.size is not None and size > item.size:
                    break
                out.write(chunk)
                wrote(len(chunk))
        if item.size is not None and size != item.size:
            raise Unreachable(
                f"{item.path} came with {size:,} bytes from {self._shown}, where {item.size:,} were announced",
                "it may be changing at this moment; run it again",
            )

    def _opened(self, item: Item) -> Any:
        from mlflow.utils.credentials import get_default_host_creds
        from mlflow.utils.rest_utils import augmented_raise_for_status, http_request

        credentials = get_default_host_creds(self.repository.artifact_uri)
        try:
            with self.connection.translated():
                answer = http_request(credentials, f"/{quote(str(item.path))}", "GET", stream=True, timeout=PATIENCE)
                augmented_raise_for_status(answer)
        except NotFound as error:
            raise NotFound(
                f"{item.path} is listed by {self._shown}, but is not there",
                "it may be deleted at this moment; look again",
            ) from error
        return answer


class Foreign(_Listed):
    """Artifacts in a store of MLflow's choosing: S3, Azure, Google, …, with that store's own credentials."""

    def fetch(self, item: Item, root: Path, wrote: Wrote) -> None:
        target = _place(root, item)
        with self.connection.translated():
            self.repository.download_artifacts(str(item.path), dst_path=str(root))
        wrote(target.lstat().st_size)


def _place(root: Path, item: Item) -> Path:
    target = root / item.path
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def _same_server(connection: Connection, uri: str) -> None:
    """Refuses an artifact on another server: MLflow would send it the registry's user and password."""
    registry, artifact = urlsplit(connection.uri), urlsplit(uri)
    named = artifact.netloc.rpartition("@")[2]
    if registry.scheme not in ("http", "https"):
        raise GatehouseError(
            f"the artifact is kept by an MLflow server, and {connection.shown} is none", "use the server's address"
        )
    elsewhere = named and named != registry.netloc.rpartition("@")[2]
    if elsewhere or (artifact.scheme == "http" and registry.scheme == "https"):
        raise GatehouseError(
            f"the artifact is at {named}, another server than the registry {connection.shown}",
            "register the version again with its artifact on the registry's server or in a store of its own",
        )
