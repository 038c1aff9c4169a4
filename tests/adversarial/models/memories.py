"""Reads the memory of every process that it can see: secrets, labels and thresholds are somewhere in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests.adversarial.models._told import Hunter

PROOF = "secret"


class Model(Hunter):
    def hunt(self) -> Iterator[str]:
        mine = str(Path("/proc/self").resolve())
        for process in sorted(Path("/proc").glob("[0-9]*")):
            if str(process) != mine:
                yield from self._stack(process)

    def _stack(self, process: Path) -> Iterator[str]:
        """Where the kernel has put a process's environment."""
        for line in self.read(process / "maps").splitlines():
            if line.endswith("[stack]"):
                low, high = (int(number, 16) for number in line.split()[0].split("-"))
                with suppress(OSError), (process / "mem").open("rb") as memory:
                    memory.seek(low)
                    yield memory.read(high - low).decode(errors="replace")
