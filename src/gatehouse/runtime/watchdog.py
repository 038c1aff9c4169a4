"""What a model's process uses together with all that it started, seen from outside: no rlimit counts a whole family.

The kernel's limits bind one process each, bind root not at all where processes are counted, and know no clock. So
whoever keeps the process looks at it several times a second. A look reads one small file a process.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from gatehouse.runtime.limits import MIB, Limits

PROC = Path("/proc")
# The launcher's own processes around the model's.
_AROUND = 2
# Below this much of its memory, and never more than that, a machine is about to kill whatever comes to its mind.
_LEFT_SHARE, _LEFT_MOST = 0.02, 256 * MIB
_FIRST_TO_DIE = "1000"
_LINES = re.compile(
    rb"^(Threads|RssAnon|RssShmem|VmSwap|Pss_Anon|Pss_Shmem|SwapPss|MemTotal|MemAvailable):\s+(\d+)( kB)?$",
    re.MULTILINE,
)


class Watchdog:
    """Of one process, from its start on."""

    def __init__(self, pid: int, limits: Limits) -> None:
        self._pid = pid
        self._limits = limits
        self._end = time.monotonic() + limits.seconds
        self._known: set[int] = set()

    def look(self) -> str:
        """What it used too much of, in words that go on from "the model's process"; "" while it keeps its limits."""
        limits = self._limits
        if time.monotonic() > self._end:
            return f"ran for more than {limits.seconds:,} s"
        found = tree(self._pid, limits.processes + _AROUND)
        if len(found) > limits.processes + _AROUND:
            return f"started more than {limits.processes:,} processes"
        self._volunteer(found)
        statuses = [status(pid) for pid in found]
        if sum(one.get("Threads", 0) for one in statuses) > limits.tasks:
            return f"started more than {limits.tasks:,} threads"
        if sum(map(_resident, statuses)) > limits.memory and sum(map(_proportional, found)) > limits.memory:
            return f"used more than {limits.memory_mb:,} MB of memory"
        return _short(_counts(PROC / "meminfo"))

    def _volunteer(self, pids: list[int]) -> None:
        """Where the kernel has to kill something for want of memory, it is to be these."""
        for pid in set(pids) - self._known:
            with suppress(OSError):
                (PROC / str(pid) / "oom_score_adj").write_text(_FIRST_TO_DIE)
        self._known = set(pids)


def tree(root: int, most: int | None = None) -> list[int]:
    """A process and all that descend from it, as far as they are there; no more than ``most`` + 1 of them."""
    found = [root]
    for pid in found:
        found += _children(pid)
        if most is not None and len(found) > most:
            break
    return found


def status(pid: int) -> dict[str, int]:
    """Of /proc/PID/status the number of Threads, and in bytes what is in memory; empty for a process that is gone."""
    return _counts(PROC / str(pid) / "status")


def _children(pid: int) -> Iterator[int]:
    try:
        tasks = os.listdir(PROC / str(pid) / "task")  # noqa: PTH208 (ten times as fast as iterdir)
    except OSError:
        return
    for task in tasks:
        with suppress(OSError):
            yield from map(int, (PROC / str(pid) / "task" / task / "children").read_text().split())


def _counts(file: Path) -> dict[str, int]:
    """The lines that are read here, such as "RssAnon:  12 kB" in bytes; empty where the file is not there."""
    try:
        text = file.read_bytes()
    except OSError:
        return {}
    return {name.decode(): int(number) * (1024 if unit else 1) for name, number, unit in _LINES.findall(text)}


def _resident(counts: dict[str, int]) -> int:
    """Bytes that would be free without it. What two processes share, each has."""
    return counts.get("RssAnon", 0) + counts.get("RssShmem", 0) + counts.get("VmSwap", 0)


def _proportional(pid: int) -> int:
    """The same with what is shared divided by the number that share it. The kernel walks all pages for it."""
    counts = _counts(PROC / str(pid) / "smaps_rollup")
    if not counts:  # it is gone, or it hides
        return _resident(status(pid))
    return counts.get("Pss_Anon", 0) + counts.get("Pss_Shmem", 0) + counts.get("SwapPss", 0)


def _short(memory: dict[str, int]) -> str:
    left, whole = memory.get("MemAvailable"), memory.get("MemTotal", 0)
    if left is None or left >= min(_LEFT_MOST, whole * _LEFT_SHARE):
        return ""
    return f"ran while the machine had only {left // MIB:,} MB of memory left"
