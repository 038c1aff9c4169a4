"""The files of an artifact folder, listed so that nothing outside it and nothing unhashable can be among them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from gatehouse.errors import GatehouseError, NotFound

# Far more than any model has; a listing that goes on beyond is an attack or a loop.
MAX_FILES = 100_000
MAX_DEPTH = 64
# Names that tools leave out: git's by model-signing's own manifest, half-finished uploads by MLflow's listing.
_LEFT_OUT = (".git", ".artifact.uploading.")


def files(root: Path) -> list[PurePosixPath]:
    """The regular files below a folder, as paths relative to it, in the order of their UTF-8 bytes.

    Raises NotFound where there is no folder, and GatehouseError for a link, a device, a pipe or a socket, for a name
    that ``checked`` refuses, and for too many files.
    """
    if not root.is_dir():
        raise NotFound(f"no folder {root}", "check the path")
    found = []
    for entry, path in _entries(root, PurePosixPath(), 0):
        if not entry.is_file(follow_symlinks=False):
            raise GatehouseError(
                f"{root / path} is {_kind(entry)}", "replace it by the file itself, and log the model again"
            )
        found.append(path)
        if len(found) > MAX_FILES:
            raise GatehouseError(f"{root} holds more than {MAX_FILES:,} files", "pack them into an archive")
    return sorted(found, key=lambda path: str(path).encode())


def checked(name: str, where: str) -> str:
    """A file's or folder's own name, if it means the same on every system and every tool looks at it.

    Raises GatehouseError for ``.`` and ``..``, separators, control characters, bytes that are no UTF-8, and names that
    git, model-signing or MLflow pass over.
    """
    if name in ("", ".", "..") or any(sign in "/\\" or ord(sign) < 32 or ord(sign) == 127 for sign in name):
        raise GatehouseError(f"unsafe file name {name!r} in {where}", "rename it, and log the model again")
    try:
        name.encode()
    except UnicodeEncodeError:
        raise GatehouseError(
            f"file name {name!r} in {where} is not UTF-8", "rename it, and log the model again"
        ) from None
    if name.lower().startswith(_LEFT_OUT):
        raise GatehouseError(
            f"{name} in {where}: a file with such a name is passed over by other tools, so nothing vouches for it",
            "delete it, and log the model again",
        )
    return name


def _entries(folder: Path, path: PurePosixPath, depth: int) -> Iterator[tuple[os.DirEntry[str], PurePosixPath]]:
    if depth > MAX_DEPTH:
        raise GatehouseError(f"{folder} is more than {MAX_DEPTH} folders deep", "log the model again without it")
    with os.scandir(folder) as entries:
        for entry in entries:
            below = path / checked(entry.name, str(folder))
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(Path(entry.path), below, depth + 1)
            else:
                yield entry, below


def _kind(entry: os.DirEntry[str]) -> str:
    return "a symbolic link" if entry.is_symlink() else "neither a file nor a folder"
