"""One file of a log in the making: its batches in memory, and in a journal on disk in case this process dies.

The journal is an Arrow stream, ``.<name>.journal``. It is removed when ``<name>.parquet`` is there; the next writer to
start makes ``<name>.parquet`` of a journal whose writer died. Doing that twice gives the same file.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from gatehouse.evaluate.traffic.columns import GROUP, Kind
from gatehouse.serve.log import files, names

logger = logging.getLogger("gatehouse.serve.log")


class Growing:
    """``bytes`` and ``rows`` are what is in memory, ``since`` when the first row came, on ``clock``'s scale."""

    def __init__(self, folder: Path, name: str, schema: pa.Schema, clock: Callable[[], float] = time.monotonic) -> None:
        self.folder, self.name, self.schema = folder, name, schema
        self.since = clock()
        self.bytes = self.rows = 0
        self.journalled, self._unsynced = True, False
        self._batches: list[pa.RecordBatch] = []
        self._journal: BinaryIO | None = None

    def add(self, batch: pa.RecordBatch) -> None:
        """Keeps a batch of this very schema. Raises OSError where the journal cannot be written; the batch is kept."""
        self._batches.append(batch)
        self.bytes += batch.nbytes
        self.rows += batch.num_rows
        if self.journalled:
            self._note(batch)

    def sync(self) -> None:
        """Forces the journal to the disk. Raises OSError where that fails."""
        if self._journal is not None and self._unsynced:
            self._unsynced = False
            try:
                os.fsync(self._journal.fileno())
            except OSError:
                self._forget()
                raise

    def publish(self) -> None:
        """Makes the whole file, and drops the journal. Raises OSError where it cannot; nothing is lost then."""
        table = pa.Table.from_batches(self._batches, self.schema)
        write(self.folder, self.name, table)
        self._forget()

    def leave(self) -> None:
        """Lets go of the journal without removing it, so that the next writer finds the rows."""
        if self._journal is not None:
            self._journal.close()

    def _note(self, batch: pa.RecordBatch) -> None:
        try:
            if self._journal is None:
                self._journal = files.begin(self.folder, self.name, files.JOURNAL)
                self._journal.write(self.schema.serialize())
            self._journal.write(batch.serialize())
            self._journal.flush()
            self._unsynced = True
        except OSError:
            # Half a batch may be in it, behind which nothing would be read.
            self._forget()
            raise

    def _forget(self) -> None:
        self.journalled = False
        if self._journal is None:
            return
        try:
            files.drop(self.folder, self.name, files.JOURNAL)
            self._journal.close()
        except OSError:
            logger.debug("the journal %s could not be removed", self.name, exc_info=True)
        self._journal = None


def write(folder: Path, name: str, table: pa.Table) -> None:
    """``<name>.parquet``, whole or not at all. Raises OSError."""
    with files.whole(folder, name) as file:
        pq.write_table(table.combine_chunks(), file, compression="zstd")


def tidy(folder: Path, kind: Kind) -> int:
    """Makes files of the journals that dead writers left, and removes their half-written files; rows recovered.

    A journal of another form stays where it is. Raises OSError where the disk does not let it be done.
    """
    rows = 0
    # Half-written files first: a journal becomes a file under the name of the one that was cut off.
    for path in sorted(folder.glob(".*"), key=lambda path: path.suffix == files.JOURNAL):
        if names.stamped(path.name) is None or path.suffix not in (files.JOURNAL, files.PARTIAL):
            continue
        with files.left(path) as file:
            if file is None:
                continue
            found = _recovered(folder, path, file, kind) if path.suffix == files.JOURNAL else 0
            if found is not None:
                path.unlink(missing_ok=True)
                rows += found
    return rows


def _recovered(folder: Path, path: Path, file: BinaryIO, kind: Kind) -> int | None:
    """How many rows became a file; None for a journal that some other version wrote."""
    name = path.name.removeprefix(".").removesuffix(files.JOURNAL)
    batches = list(_readable(file))
    if not batches or (folder / f"{name}{files.WHOLE}").exists():
        return 0
    table = pa.Table.from_batches(batches)
    groups = [one.removeprefix(GROUP) for one in table.schema.names if kind.groups and one.startswith(GROUP)]
    if not table.schema.equals(kind.schema(groups)):
        logger.warning("%s/%s is of another form, and stays unread", kind.name, path.name)
        return None
    write(folder, name, table)
    logger.warning("recovered %d rows of %s that a writer left unfinished", table.num_rows, kind.name)
    return int(table.num_rows)


def _readable(file: BinaryIO) -> Iterator[pa.RecordBatch]:
    """The journal's batches up to where it was cut off."""
    try:
        with pa.ipc.open_stream(file) as stream:
            for batch in stream:
                batch.validate(full=True)
                yield batch
    except (pa.ArrowException, OSError, EOFError):
        return
