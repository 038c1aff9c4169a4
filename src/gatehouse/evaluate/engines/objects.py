"""S3 and Google Cloud Storage, by pyarrow's file systems and the ordinary credentials of the environment."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from gatehouse.errors import GatehouseError, NotFound, Unreachable

if TYPE_CHECKING:
    from pyarrow.fs import FileInfo, FileSystem

_CHUNK = 8 << 20
# Google's client tries for a quarter of an hour, where nobody says how long.
_PATIENCE = "retry_limit_seconds=60"
_REFUSED = re.compile(
    r"ACCESS_DENIED|INVALID_ACCESS_KEY|SIGNATURE|INVALID_CLIENT_TOKEN|EXPIRED_TOKEN|UNRECOGNIZED_CLIENT"
    r"|HTTP response code 40[13]|PERMISSION_DENIED|UNAUTHENTICATED|No response body",
    re.IGNORECASE,
)
_ABSENT = re.compile(r"NO_SUCH_BUCKET|NO_SUCH_KEY|RESOURCE_NOT_FOUND|NOT_FOUND", re.IGNORECASE)


def download(url: str, folder: Path, progress: Callable[[int], None] = lambda _: None) -> Path:
    """The object, or all objects under a prefix, in ``folder`` under the last part of the URL's path.

    ``progress`` is told the bytes so far. Raises NotFound where there is nothing, Unreachable where nobody answers,
    GatehouseError where the credentials of the environment do not open it.
    """
    named = url.partition("?")[0]
    try:
        store, path = _opened(url)
        found = _found(store, path, named)
        target = folder / PurePosixPath(path).name
        done = 0
        for info in found:
            done = _copy(store, info, _inside(target, info.path[len(path) :], named), done, progress)
    except OSError as error:
        raise _failed(named, error) from error
    return target


def _opened(url: str) -> tuple[FileSystem, str]:
    import pyarrow as pa
    from pyarrow.fs import FileSystem

    if url.startswith(("gs:", "gcs:")) and "retry_limit_seconds" not in url:
        url += f"{'&' if '?' in url else '?'}{_PATIENCE}"
    try:
        store, path = FileSystem.from_uri(url)
    except pa.ArrowException as error:
        raise GatehouseError(f"{url.partition('?')[0]}: {error}", "mend the URL in policy.yaml") from error
    return store, path.rstrip("/")


def _found(store: FileSystem, path: str, named: str) -> list[FileInfo]:
    """What is to be copied, in the order of the names: a prefix's markers of folders are no files."""
    from pyarrow.fs import FileSelector, FileType

    at = store.get_file_info(path)
    if at.type == FileType.File:
        return [at]
    inside = store.get_file_info(FileSelector(path, recursive=True)) if at.type == FileType.Directory else []
    files = sorted((info for info in inside if info.type == FileType.File), key=lambda info: info.path)
    if not files:
        raise NotFound(f"{named}: no such table", "check `data:` in policy.yaml")
    return files


def _inside(target: Path, below: str, named: str) -> Path:
    """Where one object goes. A key may have any characters; none of them leads out of the folder."""
    parts = [part for part in below.split("/") if part]
    if any(part in (".", "..") or "\0" in part or "\\" in part for part in parts):
        raise GatehouseError(f"{named}: holds an object called {below!r}", "rename it")
    return target.joinpath(*parts)


def _copy(store: FileSystem, info: FileInfo, target: Path, done: int, progress: Callable[[int], None]) -> int:
    target.parent.mkdir(parents=True, exist_ok=True)
    with store.open_input_stream(info.path) as source, target.open("wb") as sink:
        while chunk := source.read(_CHUNK):
            sink.write(chunk)
            done += len(chunk)
            progress(done)
    return done


def _failed(named: str, error: OSError) -> GatehouseError:
    why = str(error).splitlines()[0].rpartition("operation: ")[2]
    if isinstance(error, FileNotFoundError) or _ABSENT.search(str(error)):
        return NotFound(f"{named}: no such table", "check `data:` in policy.yaml")
    if isinstance(error, PermissionError) or _REFUSED.search(str(error)):
        fix = "give fetch credentials that may read it, by the environment"
        return GatehouseError(f"{named}: nobody may read it with these credentials: {why}", fix)
    return Unreachable(f"{named}: cannot be reached: {why}", "try again when it answers, or check the URL")
