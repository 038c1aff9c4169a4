"""Starting a child, catching what it prints, holding it to its limits, and burying it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable

from gatehouse.declare.levels import reaches
from gatehouse.runtime.launch import Command, Launcher
from gatehouse.runtime.watchdog import Watchdog, tree

CAUGHT = 64 * 1024
# How often it is looked after, and how soon a death is noticed when a grandchild keeps the pipe open; a plain death is
# noticed at once.
_LOOK_EVERY = 0.1
# How long a launcher may take to end after all that it started was killed.
_PATIENCE_S = 2.0
# A launcher's exit status for "ended by a signal" begins here, as in a shell.
_SIGNALS = range(129, 129 + signal.SIGRTMAX)


class Keeper(threading.Thread):
    """A thread that starts the child, reads its output until it ends, and reaps it with everything that it started.

    The worker asks the kernel to be killed with its parent, and for the kernel the parent is the *thread* that started
    it. So that thread must live exactly as long as the child, and this is it.
    """

    def __init__(self, launcher: Launcher, command: Command, at_end: Callable[[], None]) -> None:
        super().__init__(name="gatehouse-keeper", daemon=True)
        self._launcher = launcher
        self._command = command
        self._at_end = at_end
        # Inside walls the kernel kills everything with the first process, and the launcher only tells how it ended.
        self._walled = reaches(launcher.level, "unshare")
        self._tail = bytearray()
        self._process: subprocess.Popen[bytes] | None = None
        self._killed = float("inf")
        self.launched = threading.Event()
        self.failure: Exception | None = None
        # What it used too much of, in words that go on from "the model's process".
        self.excess = ""

    def run(self) -> None:
        try:
            self._process = self._launcher.launch(self._command)
        except Exception as error:  # noqa: BLE001 (it is raised again, in the thread that waits)
            self.failure = error
        self.launched.set()
        if self._process is not None:
            with self._process:
                self._keep(self._process)
            self._kill_group(self._process.pid)
        self._at_end()

    def kill(self) -> None:
        """Kills the child and every process that it started; nothing happens to one that is gone."""
        if self._process is None:
            return
        self._killed = min(self._killed, time.monotonic())
        # The first process inside alone: its launcher lives to bury it, so that its end is the end of all of them.
        first = tree(self._process.pid, 1)[1:] if self._walled else []
        self._send(first, signal.SIGKILL)
        if not first:
            self._kill_group(self._process.pid)

    def pause(self) -> None:
        """Takes the processor from the child and all that it started, until ``resume``."""
        stopped: set[int] = set()
        # It may be starting another one at this moment.
        while fresh := set(self._inside()) - stopped:
            self._send(fresh, signal.SIGSTOP)
            stopped |= fresh

    def resume(self) -> None:
        self._send(self._inside(), signal.SIGCONT)

    def _inside(self) -> list[int]:
        """The child with all that it started, without the launcher around it, which has to see how they end."""
        found = [] if self._process is None else tree(self._process.pid)
        return found[1:] if self._walled else found

    @staticmethod
    def _send(pids: Iterable[int], number: signal.Signals) -> None:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status once reaped: negative is the signal that ended it."""
        code = None if self._process is None else self._process.returncode
        return 128 - code if code is not None and self._walled and code in _SIGNALS else code

    @property
    def output(self) -> str:
        """The last CAUGHT bytes that the child and its children printed, as they came: not to be shown raw."""
        return bytes(self._tail).decode(errors="replace")

    def _keep(self, process: subprocess.Popen[bytes]) -> None:
        """Reads and looks until the child has ended and nothing more is to be read."""
        assert process.stdout is not None
        pipe, due = process.stdout.fileno(), 0.0
        limits = self._launcher.limits
        watchdog = None if limits is None else Watchdog(process.pid, limits)
        says_more = True
        while True:
            if (now := time.monotonic()) >= due:
                self._look(watchdog, process.pid, now)
                due = now + _LOOK_EVERY
            ended = process.poll() is not None
            if not says_more:
                if ended:
                    return
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_LOOK_EVERY)
            elif select.select([pipe], [], [], 0 if ended else _LOOK_EVERY)[0]:
                says_more = self._read(pipe)
            elif ended:
                return

    def _look(self, watchdog: Watchdog | None, pid: int, now: float) -> None:
        if self._killed < now - _PATIENCE_S:
            self._kill_group(pid)
        elif watchdog is not None and not self.excess and (excess := watchdog.look()):
            self.excess = excess
            self.kill()

    def _read(self, pipe: int) -> bool:
        """Keeps the end of what was printed; False where nothing will follow."""
        said = os.read(pipe, CAUGHT)
        self._tail += said
        del self._tail[:-CAUGHT]
        return bool(said)

    def _kill_group(self, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
