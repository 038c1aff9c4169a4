"""How long processes have run, and how long they were ready to run while the processor was somebody else's."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gatehouse.runtime.watchdog import PROC, tree


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds: ``worked`` on a processor, ``waited`` for one. All 0 where the kernel does not say."""

    worked: float
    waited: float

    def __sub__(self, before: Spent) -> Spent:
        return Spent(self.worked - before.worked, self.waited - before.waited)


def of_family(pid: int) -> Spent:
    """Of a process and all that descend from it, as far as they are there."""
    return _sum(task for each in tree(pid) for task in (PROC / str(each) / "task").glob("*"))


def of_this_thread() -> Spent:
    return _sum([PROC / "self" / "task" / str(threading.get_native_id())])


def _sum(tasks: Iterable[Path]) -> Spent:
    # Nanoseconds on a processor, nanoseconds in the queue for one, and how often (Documentation/scheduler/sched-stats).
    worked = waited = 0
    for task in tasks:
        with suppress(OSError, ValueError):
            running, queued, _ = (task / "schedstat").read_text().split()
            worked, waited = worked + int(running), waited + int(queued)
    return Spent(worked / 1e9, waited / 1e9)
