"""A real terminal for a command: what it shows is awaited, what a person would type is typed."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_PATIENCE_S = 60.0
_PRESSES, _UNHEARD_S = 6, 10.0


class Terminal:
    """80 columns, and what ran in them: ``seen`` is everything shown, without colours and cursor moves."""

    def __init__(self, command: Sequence[str], cwd: Path, environ: Mapping[str, str], columns: int = 80) -> None:
        self._main, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self._raw = b""
        self._read = 0
        self._process = subprocess.Popen(
            command, stdin=other, stdout=other, stderr=other, cwd=cwd, close_fds=True, start_new_session=True,
            env={**environ, "TERM": "xterm-256color"}, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(other)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._main)

    @property
    def seen(self) -> str:
        return _ESCAPES.sub("", self._raw.decode(errors="replace")).replace("\r", "")

    def awaits(self, text: str) -> str:
        """Waits until the text is shown, behind what was awaited before; what stood there up to it."""
        end = time.monotonic() + _PATIENCE_S
        while (at := self.seen.find(text, self._read)) < 0:
            assert self._more(end), f"never shown: {text!r}; but:\n{self.seen}"
        passed = self.seen[self._read : at + len(text)]
        self._read = at + len(text)
        return passed

    def types(self, line: str, *, enter: bool = True) -> None:
        os.write(self._main, line.encode() + (b"\n" if enter else b""))

    def interrupts(self) -> int:
        """Ctrl-C, and once more where it was not heard, as a person does it; the exit code.

        Python hears a signal that comes just before it begins to wait for a key only when a key has come.
        """
        for _ in range(_PRESSES):
            os.write(self._main, b"\x03")
            end = time.monotonic() + _UNHEARD_S
            while select.select([self._main], [], [], max(0.0, end - time.monotonic()))[0]:
                if not self._taken():
                    return self._process.wait(timeout=10)
        raise AssertionError(f"Ctrl-C ends nothing:\n{self.seen}")

    def ends(self) -> int:
        """Waits for the end; the exit code."""
        end = time.monotonic() + _PATIENCE_S
        while self._more(end):
            pass
        return self._process.wait(timeout=10)

    def _more(self, end: float) -> bool:
        """Reads what is shown next; False when nothing more comes, and where the time is over."""
        left = end - time.monotonic()
        if left <= 0 or not select.select([self._main], [], [], left)[0]:
            self._process.send_signal(signal.SIGKILL)
            return False
        return self._taken()

    def _taken(self) -> bool:
        """Reads what is there; False where the other end is closed."""
        try:
            got = os.read(self._main, 65536)
        except OSError:
            return False
        self._raw += got
        return bool(got)
