"""Levels to start processes at, and what becomes of them, as seen from outside."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from gatehouse.errors import GatehouseError
from gatehouse.runtime import isolation
from gatehouse.runtime.launch import Launcher
from gatehouse.runtime.limits import Limits
from gatehouse.runtime.process import ModelProcess
from gatehouse.runtime.watchdog import tree


def launcher(level: str, limits: Limits | None = None) -> Launcher:
    """Skips the test, and says why, where the level does not work on this machine."""
    try:
        return isolation.at(level, limits)
    except GatehouseError as error:
        pytest.skip(str(error))


def family(process: ModelProcess) -> list[int]:
    """The process and all that it started, by the numbers that they have here."""
    assert process.pid is not None
    return tree(process.pid)


def outside(process: ModelProcess, inside: int) -> int:
    """The number that a process has here, from the one that it knows itself by."""
    for pid in family(process):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        if next(line for line in lines if line.startswith("NSpid")).split()[-1] == str(inside):
            return pid
    raise AssertionError(f"no process calls itself {inside}")


def alive(pid: int) -> bool:
    """An orphan is reaped by whoever adopts it; a zombie is dead all the same."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(*pids: int, within: float = 5.0) -> bool:
    deadline = time.monotonic() + within
    while (any_left := any(map(alive, pids))) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any_left
