"""Starting a child, catching what it prints, and burying it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
from collections.abc import Callable

CAUGHT = 64 * 1024
# How soon a death is noticed when a grandchild keeps the pipe open; a plain death is noticed at once.
_LOOK_EVERY = 0.1


class Keeper(threading.Thread):
    """A thread that starts the child, reads its output until it ends, and reaps it with its whole process group.

    The worker asks the kernel to be killed with its parent, and for the kernel the parent is the *thread* that started
    it. So that thread must live exactly as long as the child, and this is it.
    """

    def __init__(self, launch: Callable[[], subprocess.Popen[bytes]], at_end: Callable[[], None]) -> None:
        super().__init__(name="gatehouse-keeper", daemon=True)
        self._launch = launch
        self._at_end = at_end
        self._tail = bytearray()
        self._process: subprocess.Popen[bytes] | None = None
        self.launched = threading.Event()
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            self._process = self._launch()
        except Exception as error:  # noqa: BLE001 (it is raised again, in the thread that waits)
            self.failure = error
        self.launched.set()
        if self._process is not None:
            with self._process:
                self._drain(self._process)
                self._process.wait()
            self.kill()
        self._at_end()

    def kill(self) -> None:
        """Kills the child and every process of its group; nothing happens to one that is gone."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status once reaped: negative is the signal that ended it."""
        return None if self._process is None else self._process.returncode

    @property
    def output(self) -> str:
        """The last CAUGHT bytes that the child and its children printed, as they came: not to be shown raw."""
        return bytes(self._tail).decode(errors="replace")

    def _drain(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        pipe = process.stdout.fileno()
        while True:
            ended = process.poll() is not None
            readable, _, _ = select.select([pipe], [], [], 0 if ended else _LOOK_EVERY)
            if not readable:
                if ended:
                    return
                continue
            said = os.read(pipe, CAUGHT)
            if not said:
                return
            self._tail += said
            del self._tail[:-CAUGHT]
