"""Running a command so that nothing it started outlives it, whatever interrupts the wait."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# What runs now, in any thread.
_RUNNING: set[subprocess.Popen[str]] = set()
# How long a command gets to clean up after an interrupt before it is killed, in seconds.
GRACE = 5.0


@dataclass(frozen=True, slots=True)
class Completed:
    """A command that ended: its exit code (negative: the signal), what it printed, and how long it took in seconds."""

    command: tuple[str, ...]
    exit: int
    out: str
    err: str
    seconds: float


def run(command: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Completed:
    """Runs a command to its end. An interrupt here (Ctrl-C, say) ends it and all that it started, then is raised on.

    The command gets a process group of its own, so that it can be ended as one.
    """
    started = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    _RUNNING.add(process)
    try:
        out, err = process.communicate()
    except BaseException:
        _end(process)
        raise
    finally:
        _RUNNING.discard(process)
    return Completed(tuple(command), process.returncode, out, err, time.monotonic() - started)


def end_all() -> None:
    """Ends every command that other threads wait for; they get its exit code as if it had ended by itself."""
    for process in tuple(_RUNNING):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _end(process: subprocess.Popen[str]) -> None:
    for sign in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.communicate(timeout=GRACE)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
    process.wait()
