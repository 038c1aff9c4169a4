"""The policy's tables, placed inside the material, so that *evaluate* needs nothing outside it."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from gatehouse.declare.tables import URLS, WEB, passed_through, scheme
from gatehouse.declare.types import Evaluation, Table
from gatehouse.errors import GatehouseError, NotFound
from gatehouse.evaluate.engines.asked import Ask

_REMOTE = (*WEB, "gs", "s3")
# What comes between two words of progress: bytes, and rows.
_BYTES, _ROWS = 64 << 20, 500_000


@dataclass(frozen=True, slots=True)
class Placer:
    """Places tables into ``folder``; relative paths start at ``root``."""

    root: Path
    folder: Path
    progress: Callable[[str], None] = lambda _: None

    def place(self, engine: str, table: Evaluation | Table) -> str:
        """Where *evaluate* finds the table: a path below the folder, or the policy's own words for what Spark reads.

        Raises NotFound, Unreachable or GatehouseError, in the policy's words, for a table that cannot be had.
        """
        where = table.where
        if passed_through(engine, where):
            return where.text
        # A room of its own for each table, named by us: no path in a policy can lead out of the material or on top of
        # another table.
        order = table.id if isinstance(table, Evaluation) and where.kind != "path" else None
        room = self.folder / "data" / short_hash(engine, where.kind, where.text, order or "")
        if not room.exists():
            self._fill(room, Ask(engine, where, order, self.root))
        (placed,) = room.iterdir()
        return placed.relative_to(self.folder).as_posix()

    def _fill(self, room: Path, ask: Ask) -> None:
        """Fetches into a new room, or leaves none: the next case that wants the table asks again."""
        room.mkdir(parents=True)
        try:
            if ask.where.kind == "path":
                download(ask.where.text, self.root, room, self.progress)
            else:
                self._snapshot(ask, room)
        except BaseException:
            shutil.rmtree(room)
            raise

    def _snapshot(self, ask: Ask, room: Path) -> None:
        from gatehouse.evaluate.engines.database import snapshot

        named = ask.where.named
        self.progress(f"fetching {named}")
        count = _Every(_ROWS, lambda rows: self.progress(f"fetching {named}: {rows:,} rows so far"))
        snapshot(ask, room / "table.parquet", count)


def download(path: str, root: Path, room: Path, progress: Callable[[str], None]) -> Path:
    """The file or folder at a path or URL, inside ``room`` under its own name."""
    from gatehouse.evaluate.engines import objects, web

    kind = scheme(path)
    if kind in _REMOTE:
        named = path.partition("?")[0]
        progress(f"fetching {named}")
        count = _Every(_BYTES, lambda done: progress(f"fetching {named}: {done / 1e6:,.0f} MB so far"))
        return web.download(path, room, count) if kind in WEB else objects.download(path, room, count)
    source = _local(path, root)
    progress(f"fetching {path}")
    target = room / source.name
    if source.is_dir():
        # Links inside are kept as links, which the digest refuses.
        shutil.copytree(source, target, symlinks=True, copy_function=_link_or_copy)
    else:
        _link_or_copy(str(source), str(target))
    return target


def _local(path: str, root: Path) -> Path:
    source = (_of_url(path) if scheme(path) else root / path).resolve()
    if not source.exists():
        raise NotFound(f"{path}: no such table", "check `data:` in policy.yaml; paths start at the repository's root")
    return source


def _of_url(url: str) -> Path:
    parts = urlsplit(url)
    if parts.scheme.lower() != "file":
        raise GatehouseError(f"{url}: no table is read from {parts.scheme}", f"use one of {', '.join(URLS)}, or a path")
    if parts.netloc not in ("", "localhost"):
        raise GatehouseError(f"{url}: is on another machine", "write file:/// and the path on this one")
    return Path(url2pathname(parts.path))


class _Every:
    """Says how much has come, once for every ``step`` of it."""

    def __init__(self, step: int, say: Callable[[int], None]) -> None:
        self._step, self._say, self._next = step, say, step

    def __call__(self, done: int) -> None:
        if done >= self._next:
            self._say(done)
            self._next = done - done % self._step + self._step


def short_hash(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:12]


def _link_or_copy(source: str, target: str) -> str:
    """A hard link costs nothing where both are on one file system; nothing here writes to either."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
    return target
