"""The files in the making of every model and kind: what the writer's thread works on. Only that thread calls this."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from gatehouse.evaluate.traffic.columns import KINDS, Kind
from gatehouse.serve.log import rows as made
from gatehouse.serve.log.names import Names, stamped
from gatehouse.serve.log.rows import Row

if TYPE_CHECKING:
    from gatehouse.serve.log.growing import Growing

logger = logging.getLogger("gatehouse.serve.log")
# Rows a batch: between two of them requests get their turn.
CHUNK = 512
# How long a failed write waits for the next attempt: from the first to the longest, in seconds.
_PATIENCE = (1.0, 30.0)
_HOUSEWORK_S = 3600.0
Place = tuple[str, Kind]


class Shelf:
    """Keeps files in the making and makes them whole. Nothing that it does raises for a disk that fails.

    ``rows`` are those not yet in whole files; the other counts are :class:`Counts`'s.
    """

    def __init__(self, root: Path, file_bytes: int, file_s: float, keep: timedelta | None) -> None:
        self._root, self._file_bytes, self._file_s, self._keep = root, file_bytes, file_s, keep
        self._names = Names()
        self._growing: dict[Place, Growing] = {}
        # Files whose groups are no longer those of the rows that come, to be written first.
        self._finished: list[Growing] = []
        self._wait, self._next_try, self._tidied = 0.0, 0.0, 0.0
        self.written = self.failed = self.recovered = self.errors = self.files = self.removed = self.rows = 0

    @property
    def full(self) -> bool:
        """Whether a file that ought to be written cannot be, so that nothing more should be taken into memory."""
        return self._wait > 0 and sum(one.bytes for one in self._all()) >= self._file_bytes

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
        if now >= self._next_try or everything:
            self._finished = [one for one in self._finished if not self._publish(one)]
            for place, one in list(self._growing.items()):
                if (everything or self._due(one, now)) and self._publish(one):
                    del self._growing[place]
        for one in self._growing.values():
            self._attempt(one.sync)
        if now - self._tidied > _HOUSEWORK_S:
            self.tidy()

    def tidy(self) -> None:
        """Recovers what dead writers left, and removes files beyond their age."""
        from gatehouse.serve.log.growing import tidy

        self._tidied = time.monotonic()
        for folder, kind in self._folders():
            try:
                self.recovered += tidy(folder, kind)
                self._retire(folder)
            except OSError as error:
                self._failing(error)

    def leave(self) -> None:
        """Gives up; what the journals hold is there for the next writer."""
        for one in self._all():
            one.leave()
        self._growing, self._finished, self.rows = {}, [], 0

    def _add(self, place: Place, rows: list[Row]) -> None:
        from gatehouse.serve.log.growing import Growing

        model, kind = place
        one = self._growing.get(place)
        old = () if one is None else _groups(one)
        groups = tuple(sorted({*old, *made.group_names(rows)})) if kind.groups else ()
        batch, failed = made.batch(model, rows, groups)
        self.failed += failed
        if not batch.num_rows:
            return
        if one is not None and groups != old:
            self._finished.append(self._growing.pop(place))
            one = None
        if one is None:
            folder = self._root / model / kind.name
            one = self._growing[place] = Growing(folder, self._names.next(), batch.schema)
        self.rows += batch.num_rows
        try:
            one.add(batch)
        except OSError as error:
            self._failing(error)

    def _due(self, one: Growing, now: float) -> bool:
        return not one.journalled or one.bytes >= self._file_bytes or now - one.since >= self._file_s

    def _publish(self, one: Growing) -> bool:
        if not self._attempt(one.publish):
            return False
        self.files += 1
        self.written += one.rows
        self.rows -= one.rows
        if self._wait:
            logger.warning("the log of live traffic is written again")
        self._wait = self._next_try = 0.0
        return True

    def _attempt(self, act: Callable[[], None]) -> bool:
        try:
            act()
        except OSError as error:
            self._failing(error)
            return False
        return True

    def _failing(self, error: OSError) -> None:
        """Counts it, says it the first time, and waits longer each time."""
        self.errors += 1
        if not self._wait:
            logger.error("the log of live traffic cannot be written, and is tried again: %s", error)
        shortest, longest = _PATIENCE
        self._wait = min(longest, max(shortest, 2 * self._wait))
        self._next_try = time.monotonic() + self._wait

    def _all(self) -> list[Growing]:
        return [*self._finished, *self._growing.values()]

    def _folders(self) -> Iterator[tuple[Path, Kind]]:
        if self._root.is_dir():
            for model in sorted(self._root.iterdir()):
                yield from ((model / kind.name, kind) for kind in KINDS if (model / kind.name).is_dir())

    def _retire(self, folder: Path) -> None:
        if self._keep is None:
            return
        oldest = datetime.now(UTC) - self._keep
        for path in folder.glob("[0-9]*.parquet"):
            made_at = stamped(path.name)
            if made_at is not None and made_at < oldest:
                path.unlink(missing_ok=True)
                self.removed += 1


def _groups(one: Growing) -> tuple[str, ...]:
    from gatehouse.evaluate.traffic.columns import GROUP

    return tuple(name.removeprefix(GROUP) for name in one.schema.names if name.startswith(GROUP))
