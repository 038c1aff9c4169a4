"""The files in the making of every model and kind: what the writer's thread works on. Only that thread calls this."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from gatehouse.evaluate.traffic.columns import GROUP, KINDS, Kind
from gatehouse.serve.log import growing
from gatehouse.serve.log import rows as made
from gatehouse.serve.log.growing import Growing
from gatehouse.serve.log.names import Names, stamped
from gatehouse.serve.log.rows import Row

logger = logging.getLogger("gatehouse.serve.log")
# Rows a batch: between two of them requests get their turn.
CHUNK = 512
# How long a failed write waits for the next attempt: from the first to the longest, in seconds.
_SHORTEST, _LONGEST = 1.0, 30.0
_HOUSEWORK_S = 3600.0
Place = tuple[str, Kind]


@dataclass
class _Trouble:
    """A folder that could not be written: when it is tried again, on time.monotonic's scale, and the wait after."""

    again: float = 0.0
    wait: float = _SHORTEST


class Shelf:
    """Keeps files in the making and makes them whole. Nothing that it does raises for a disk that fails.

    ``rows`` are those not yet in whole files; the other counts are :class:`Counts`'s. A folder that cannot be written
    holds one file's bytes in memory; what comes on top is dropped.
    """

    def __init__(self, root: Path, file_bytes: int, file_s: float, keep: timedelta | None) -> None:
        self._root, self._file_bytes, self._file_s, self._keep = root, file_bytes, file_s, keep
        self._names = Names()
        # The last of each list still grows; those before are to be written as they are.
        self._files: dict[Place, list[Growing]] = {}
        self._troubles: dict[Path, _Trouble] = {}
        self._tidied = 0.0
        self.rows = self.written = self.dropped = self.failed = self.recovered = 0
        self.errors = self.files = self.removed = 0

    def add(self, model: str, kind: Kind | None, rows: list[Row]) -> None:
        """Takes rows of one log; rows of none are counted as failed."""
        if kind is None:
            self.failed += len(rows)
            return
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            try:
                self._add((model, kind), chunk)
            except Exception:
                # Whatever a row is made of, it must not end the thread that writes all others.
                self.failed += len(chunk)
                logger.exception("%d rows of the log of live traffic were lost", len(chunk))
            # Lets a waiting request have the interpreter.
            time.sleep(0)

    def publish(self, *, everything: bool = False) -> None:
        """Makes whole files of those that are large or old enough, or of all; notes the others on the disk."""
        now = time.monotonic()
        for place, line in list(self._files.items()):
            trouble = self._troubles.get(line[-1].folder)
            if everything or trouble is None or now >= trouble.again:
                last = line[-1]
                due = [one for one in line if everything or one is not last or self._due(one, now)]
                line = self._files[place] = [one for one in line if one not in due or not self._publish(one)]
            for one in line:
                self._attempt(one.folder, one.sync)
            if not line:
                del self._files[place]
        if now - self._tidied > _HOUSEWORK_S:
            self.tidy()

    def tidy(self) -> None:
        """Recovers what dead writers left, and removes files beyond their age."""
        self._tidied = time.monotonic()
        folders: list[tuple[Path, Kind]] = []
        self._attempt(self._root, lambda: folders.extend(self._folders()))
        for folder, kind in folders:
            self._attempt(folder, partial(self._tidy, folder, kind))

    def leave(self) -> None:
        """Gives up; what the journals hold is there for the next writer."""
        for line in self._files.values():
            for one in line:
                one.leave()
        self._files, self.rows = {}, 0

    def _add(self, place: Place, rows: list[Row]) -> None:
        model, kind = place
        line = self._files.get(place, [])
        if line and line[0].folder in self._troubles and sum(one.bytes for one in line) >= self._file_bytes:
            self.dropped += len(rows)
            return
        groups = _groups(line[-1]) if line else ()
        wanted = tuple(sorted({*groups, *made.group_names(rows)})) if kind.groups else ()
        batch, failed = made.batch(model, rows, wanted)
        self.failed += failed
        if not batch.num_rows:
            return
        if not line or wanted != groups:
            line = self._files[place] = [
                *line,
                Growing(self._root / model / kind.name, self._names.next(), batch.schema),
            ]
        self.rows += batch.num_rows
        self._attempt(line[-1].folder, partial(line[-1].add, batch))

    def _due(self, one: Growing, now: float) -> bool:
        return not one.journalled or one.bytes >= self._file_bytes or now - one.since >= self._file_s

    def _publish(self, one: Growing) -> bool:
        if not self._attempt(one.folder, one.publish):
            return False
        self.files += 1
        self.written += one.rows
        self.rows -= one.rows
        if self._troubles.pop(one.folder, None):
            logger.warning("%s is written again", one.folder)
        return True

    def _attempt(self, folder: Path, act: Callable[[], None]) -> bool:
        """Whether it could be done. A failure is counted, said the first time, and makes the next wait longer."""
        try:
            act()
        except Exception as error:
            # Whatever it is: a thread that ends writes nothing ever again.
            self.errors += 1
            if folder not in self._troubles:
                unforeseen = None if isinstance(error, OSError) else error
                logger.error("%s cannot be written, and is tried again: %s", folder, error, exc_info=unforeseen)
            trouble = self._troubles.setdefault(folder, _Trouble())
            trouble.again = time.monotonic() + trouble.wait
            trouble.wait = min(_LONGEST, 2 * trouble.wait)
            return False
        return True

    def _folders(self) -> Iterator[tuple[Path, Kind]]:
        if self._root.is_dir():
            for model in sorted(self._root.iterdir()):
                yield from ((model / kind.name, kind) for kind in KINDS if (model / kind.name).is_dir())

    def _tidy(self, folder: Path, kind: Kind) -> None:
        self.recovered += growing.tidy(folder, kind)
        if self._keep is None:
            return
        oldest = datetime.now(UTC) - self._keep
        for path in folder.glob("[0-9]*.parquet"):
            at = stamped(path.name)
            if at is not None and at < oldest:
                path.unlink(missing_ok=True)
                self.removed += 1


def _groups(one: Growing) -> tuple[str, ...]:
    return tuple(name.removeprefix(GROUP) for name in one.schema.names if name.startswith(GROUP))
