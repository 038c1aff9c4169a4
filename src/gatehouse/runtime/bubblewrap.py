"""The strongest sandbox that needs no rights: bubblewrap, which others have attacked for years."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field

from gatehouse.runtime import surroundings
from gatehouse.runtime.launch import Command, environment, start
from gatehouse.runtime.limits import Limits, confined

_ALONE = (
    "--unshare-all", "--unshare-user", "--disable-userns", "--cap-drop", "ALL",
    "--uid", "1000", "--gid", "1000", "--hostname", "model", "--die-with-parent", "--new-session",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bubblewrap:
    """Namespaces of its own and a read-only root made by ``program``; see launch.Bare for ``threads``."""

    limits: Limits = field(default_factory=Limits)
    threads: int = 1
    program: str = "bwrap"

    @property
    def level(self) -> str:
        return "bubblewrap"

    def launch(self, command: Command) -> subprocess.Popen[bytes]:
        argv = (self.program, *self._walls(command), "--", *confined(command.argv, self.limits, walled=True))
        return start(argv, command, environment(command.scratch, self.threads))

    def _walls(self, command: Command) -> Iterator[str]:
        size = str(self.limits.files)
        yield from _ALONE
        for link, target in surroundings.links().items():
            yield from ("--symlink", str(target), str(link))
        for path in surroundings.visible(command.readable):
            yield from ("--ro-bind", str(path), str(path))
        yield from ("--proc", "/proc", "--dev", "/dev")
        # The scratch folder after what is readable: it may lie inside of that.
        for place in ("/dev/shm", str(command.scratch)):  # noqa: S108 (each sandbox has its own)
            yield from ("--perms", "1777", "--size", size, "--tmpfs", place)
        for place in ("/proc", "/dev", "/"):
            yield from ("--remount-ro", place)
        yield from ("--chdir", str(command.scratch))
