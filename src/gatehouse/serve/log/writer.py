"""Writes the log of live traffic behind the requests' back: one thread, a bounded queue, whole Parquet files.

:meth:`LogWriter.put` takes a few microseconds and never waits: when the queue is full, the row is dropped and counted.
Every second the thread makes Arrow batches of what came and notes them in a journal; a file that is large or old enough
becomes ``<root>/<model>/<kind>/<name>.parquet``. A process that is killed loses what was not yet noted, about a second.
A disk that is full or read-only is said once, counted, and tried again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from gatehouse.evaluate.traffic.columns import Kind
from gatehouse.pin import MODEL
from gatehouse.serve.log.rows import KIND_OF, ROW_LIMIT, Row, weight
from gatehouse.serve.log.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Limits:
    """The queue holds ``queue_rows`` and ``queue_bytes`` (roughly) at most. What waits is noted after ``batch_s``, or
    earlier at ``batch_rows``; a file is finished at ``file_bytes`` in memory, or ``file_s`` after its first row. Files
    older than ``keep`` are removed; None keeps all."""

    queue_rows: int = 100_000
    queue_bytes: int = 64 << 20
    batch_rows: int = 5_000
    batch_s: float = 1.0
    file_bytes: int = 16 << 20
    file_s: float = 60.0
    keep: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """For /metrics. Rows: ``written`` are in whole files, ``dropped`` found no room or came too late, ``failed`` no
    file can hold, ``recovered`` a dead writer had left, ``queued`` wait, ``open`` are in files not yet whole.
    ``errors`` counts attempts to write that failed, ``files`` whole files, ``removed`` those beyond their age."""

    written: int
    dropped: int
    failed: int
    recovered: int
    queued: int
    open: int
    errors: int
    files: int
    removed: int


_USUAL = Limits()


class LogWriter:
    """The writer of every model's log below ``root``. Close it: only then are the last rows in whole files."""

    def __init__(self, root: Path, limits: Limits = _USUAL) -> None:
        self._limits = limits
        self._shelf = Shelf(root, limits.file_bytes, limits.file_s, limits.keep)
        self._lock = threading.Lock()
        self._rows: list[tuple[str, Row]] = []
        self._bytes = self._dropped = self._failed = 0
        self._closed = self._whole = False
        self._asked = self._served = 0
        self._wake, self._done = threading.Event(), threading.Condition(self._lock)
        self._deadline = float("inf")
        self._thread = threading.Thread(target=self._run, name="gatehouse-log", daemon=True)
        self._thread.start()

    def put(self, model: str, row: Row) -> bool:
        """Hands over a row, from any thread; False where it was dropped. Never waits for a disk, never raises."""
        try:
            size = weight(row)
        except (TypeError, AttributeError):
            size = ROW_LIMIT + 1
        with self._lock:
            if size > ROW_LIMIT:
                self._failed += 1
                return False
            if self._closed or not self._room(1, size):
                self._dropped += 1
                return False
            self._rows.append((model, row))
            self._bytes += size
            many = len(self._rows) == self._limits.batch_rows
        if many:
            self._wake.set()
        return True

    def put_all(self, model: str, rows: Iterable[Row]) -> bool:
        """Hands over rows that belong together, such as reported outcomes: all of them, or none and False."""
        rows = list(rows)
        size = sum(map(weight, rows))
        with self._lock:
            if self._closed or not self._room(len(rows), size):
                self._dropped += len(rows)
                return False
            self._rows += [(model, row) for row in rows]
            self._bytes += size
            many = len(self._rows) >= self._limits.batch_rows
        if many:
            self._wake.set()
        return True

    def flush(self, timeout: float) -> bool:
        """Waits until every row put so far is in a whole file, at most ``timeout`` seconds; whether it is."""
        with self._lock:
            self._asked += 1
            mine = self._asked
            self._wake.set()
            return self._done.wait_for(lambda: self._served >= mine, timeout)

    def close(self, timeout: float = 5.0) -> bool:
        """Takes no more rows, writes what is there, and ends within about ``timeout`` seconds; whether all was written.

        What could not be is counted as dropped; of it, what the journal has is recovered by the next writer."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._deadline = time.monotonic() + timeout
        self._wake.set()
        self._thread.join(timeout + 1.0)
        return self._whole

    def counts(self) -> Counts:
        with self._lock:
            shelf = self._shelf
            return Counts(
                written=shelf.written,
                dropped=self._dropped + shelf.dropped,
                failed=self._failed + shelf.failed,
                recovered=shelf.recovered,
                queued=len(self._rows),
                open=shelf.rows,
                errors=shelf.errors,
                files=shelf.files,
                removed=shelf.removed,
            )

    def _room(self, rows: int, size: int) -> bool:
        fits = len(self._rows) + rows <= self._limits.queue_rows
        return fits and self._bytes + size <= self._limits.queue_bytes

    def _run(self) -> None:
        self._shelf.tidy()
        while True:
            self._wake.wait(self._limits.batch_s)
            self._wake.clear()
            with self._lock:
                closed, asked = self._closed, self._asked
            if self._turn(everything=closed or asked > self._served):
                with self._done:
                    self._served = asked
                    self._done.notify_all()
                if closed:
                    self._whole = True
                    return
            elif closed:
                if time.monotonic() >= self._deadline:
                    self._give_up()
                    return
                # A disk that failed may be back in time.
                time.sleep(0.05)
                self._wake.set()

    def _turn(self, *, everything: bool) -> bool:
        """Takes what waits, and writes what is due; whether all that was put before is in whole files."""
        with self._lock:
            taken, self._rows, self._bytes = self._rows, [], 0
        for (model, kind), rows in _sorted(taken).items():
            self._shelf.add(model, kind, rows)
        self._shelf.publish(everything=everything)
        return self._shelf.rows == 0

    def _give_up(self) -> None:
        with self._lock:
            self._dropped += self._shelf.rows
        self._shelf.leave()


def _sorted(taken: list[tuple[str, Row]]) -> dict[tuple[str, Kind | None], list[Row]]:
    """The rows by log, in their order; None for what is no row, or of no model's name."""
    found: dict[tuple[str, Kind | None], list[Row]] = {}
    for model, row in taken:
        kind = KIND_OF.get(type(row)) if isinstance(model, str) and MODEL.fullmatch(model) else None
        found.setdefault((model, kind), []).append(row)
    return found
