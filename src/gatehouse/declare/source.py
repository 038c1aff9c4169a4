"""Where declared files come from: a working tree, a git revision, or a proposal's pins over a trusted base."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gatehouse.errors import GatehouseError
from gatehouse.git import Repository
from gatehouse.git.repository import SIZE_LIMIT, TooMuch
from gatehouse.pin import Slot

# Blobs are read in one git process up to this many bytes at a time, so that a hostile tree cannot fill the memory.
_BATCH = 32_000_000
# What a folder's list of files may take: some 200,000 of them. Ten small trees inside each other name billions.
_LISTING = 32_000_000


class Unreadable(GatehouseError):
    """A file that is there but is not read: a link, a submodule, or one that is too large."""


class Source(Protocol):
    """The files of one state of the repository. Paths start at its root and use forward slashes."""

    def paths(self, prefix: str) -> list[str]:
        """Every path below the folder ``prefix``, sorted; links and submodules are named too, never followed."""

    def read(self, path: str) -> bytes | None:
        """A file's bytes, or None where there is none. Raises Unreadable for a link, or above SIZE_LIMIT bytes."""


class WorkTree:
    """The files of a folder as they lie on the disk, committed or not."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._followed: set[str] = set()  # folders known to be reached through no link

    def paths(self, prefix: str) -> list[str]:
        found: list[str] = []
        for folder, folders, files in os.walk(self.root / prefix):
            inside = Path(folder).relative_to(self.root).as_posix()
            links = [name for name in folders if Path(folder, name).is_symlink()]
            found.extend(f"{inside}/{name}" for name in (*files, *links))
        return sorted(found)

    def read(self, path: str) -> bytes | None:
        self._follow(path.rpartition("/")[0])
        full = self.root / path
        try:
            found = full.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        if stat.S_ISLNK(found.st_mode):
            raise _link(path)
        if not stat.S_ISREG(found.st_mode):
            return None
        if found.st_size > SIZE_LIMIT:
            raise _large(path, found.st_size)
        return full.read_bytes()

    def _follow(self, folder: str) -> None:
        if not folder or folder in self._followed:
            return
        self._follow(folder.rpartition("/")[0])
        if (self.root / folder).is_symlink():
            raise _link(folder)
        self._followed.add(folder)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line of git ls-tree. ``size`` is 0 for what is no blob."""

    mode: str
    blob: str
    size: int


class Revision:
    """The files of one commit, read from git's objects; nothing is checked out.

    Raises NotFound when the repository has no such revision, GatehouseError for a folder of more files than are listed.
    """

    def __init__(self, repository: Repository, revision: str) -> None:
        self.repository = repository
        self.commit = repository.resolve(revision)
        self._entries: dict[str, _Entry] = {}
        self._blobs: dict[str, bytes] = {}

    def paths(self, prefix: str) -> list[str]:
        return sorted(self._list(prefix))

    def read(self, path: str) -> bytes | None:
        entry = self._entries.get(path) or self._list(path).get(path)
        if entry is None:
            return None
        if entry.mode == "120000":
            raise _link(path)
        if not entry.mode.startswith("100"):
            raise Unreadable("is a submodule, which is not read", "commit the file itself")
        if entry.size > SIZE_LIMIT:
            raise _large(path, entry.size)
        if entry.blob not in self._blobs:
            self._blobs = self.repository.read_blobs(self._batch(path))
        return self._blobs[entry.blob]

    def entries(self, prefix: str) -> dict[str, tuple[str, int]]:
        """Every path at or below ``prefix``: what git knows its mode and content by, and its size in bytes. Two
        revisions have the same file where they have the same words for it; nothing is read."""
        return {path: (f"{entry.mode} {entry.blob}", entry.size) for path, entry in self._list(prefix).items()}

    def _list(self, prefix: str) -> dict[str, _Entry]:
        below = [prefix.rstrip("/")] if prefix else []
        asked = ("ls-tree", "-r", "-l", "-z", "--end-of-options", self.commit, *below)
        try:
            said = self.repository.run_bounded(*asked, most=_LISTING)
        except TooMuch as error:
            place = prefix or "the revision"
            raise GatehouseError(f"{place} holds more files than can be looked at", "commit fewer of them") from error
        found = {}
        for line in said.decode(errors="surrogateescape").split("\0")[:-1]:
            meta, _, path = line.partition("\t")
            mode, _, blob, size = meta.split()
            found[path] = _Entry(mode, blob, 0 if size == "-" else int(size))
        self._entries.update(found)
        return found

    def _batch(self, first: str) -> list[str]:
        """The blob of ``first`` and of the listed paths after it, as many as one batch holds."""
        blobs, total = {self._entries[first].blob: None}, 0
        for path in sorted(path for path in self._entries if path > first):
            entry = self._entries[path]
            if entry.size > SIZE_LIMIT or not entry.mode.startswith("100"):
                continue
            total += entry.size
            if total > _BATCH:
                break
            blobs[entry.blob] = None
        return list(blobs)


class Proposed:
    """What a proposal asks for: its promotion files, as data, over everything else from the trusted base."""

    def __init__(self, base: Source, head: Source) -> None:
        self.base = base
        self.head = head

    def paths(self, prefix: str) -> list[str]:
        return sorted({*_pins(self.head.paths(prefix), True), *_pins(self.base.paths(prefix), False)})

    def read(self, path: str) -> bytes | None:
        return (self.base if Slot.from_path(path) is None else self.head).read(path)


def _pins(paths: Iterable[str], wanted: bool) -> list[str]:
    return [path for path in paths if (Slot.from_path(path) is not None) is wanted]


def _link(path: str) -> Unreadable:
    return Unreadable(f"`{path}` is a symbolic link, which is never followed", "commit a regular file in its place")


def _large(path: str, size: int) -> Unreadable:
    return Unreadable(
        f"`{path}` has {size:,} bytes, more than the {SIZE_LIMIT:,} that are read", "cut it down, or take it away"
    )
