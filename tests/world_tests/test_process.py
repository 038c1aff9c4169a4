"""Nothing that a command started outlives it, whatever interrupts the wait."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.world.process import end_all, run

# Starts a child that would sleep for a minute, writes both ids, and waits for it.
PARENT = """
import os, subprocess, sys
child = subprocess.Popen(["sleep", "60"])
open(sys.argv[1] + ".part", "w").write(f"{os.getpid()} {child.pid}")
os.rename(sys.argv[1] + ".part", sys.argv[1])
child.wait()
"""
# Runs that through `run`, as a demo would.
RUNNER = """
import os, sys
from pathlib import Path
from tests.world.process import end_all, run
run(sys.argv[1:], Path(), os.environ)
"""


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_a_command_that_ends_gives_its_code_and_both_its_outputs(tmp_path: Path) -> None:
    done = run(("sh", "-c", "echo out; echo err >&2; exit 3"), tmp_path, os.environ)
    assert (done.exit, done.out, done.err) == (3, "out\n", "err\n")


def test_a_command_gets_the_environment_it_is_given_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED", "1")
    assert "PLANTED" not in run(("env",), tmp_path, {"PATH": os.environ["PATH"]}).out


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks processes up in /proc")
def test_an_interrupt_ends_the_command_and_what_it_started(tmp_path: Path) -> None:
    ids = tmp_path / "ids"
    command = (sys.executable, "-c", RUNNER, sys.executable, "-c", PARENT, str(ids))
    runner = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    wait(ids.exists)
    pids = [int(pid) for pid in ids.read_text().split()]
    assert all(map(alive, pids))
    runner.send_signal(signal.SIGINT)
    runner.wait(timeout=10)
    wait(lambda: not any(map(alive, pids)))


def test_a_command_that_another_thread_waits_for_can_be_ended(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(run, ("sleep", "60"), tmp_path, os.environ)
        while not waiting.done():
            end_all()
            time.sleep(0.02)
        assert waiting.result().exit == -signal.SIGKILL
