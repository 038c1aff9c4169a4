"""What a model's process may use at most, and the command line that holds it to that."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

from gatehouse.runtime import seccomp

MIB = 1 << 20
# Files and shared memory are memory in a sandbox: each may take this share of it.
_SHARE = 4
_OPEN_FILES = 1024
# What libraries ask for ahead and never touch, which counts as data: so the limit that bites is on what is used.
_RESERVED = 1 << 30
# A process has threads, which the kernel counts as it counts processes; libraries start some.
_TASKS_PER_PROCESS = 16
# After its time a process is asked to stop (SIGXCPU), and then is stopped.
_GRACE_S = 5
_CONFINE = (sys.executable, "-P", "-s", "-m", "gatehouse.runtime.confine")


@dataclass(frozen=True, slots=True)
class Limits:
    """``memory_mb`` (MiB) and ``processes`` for all that one model's process starts, itself included; ``seconds`` from
    its start to its end. Files that no process has mapped come on top, as much as ``files`` says, twice.

    Raises ValueError for one that is not positive.
    """

    memory_mb: int = 8192
    processes: int = 64
    seconds: int = 3600

    def __post_init__(self) -> None:
        if min(self.memory_mb, self.processes, self.seconds) <= 0:
            raise ValueError(f"every limit is above 0: {self}")

    @property
    def memory(self) -> int:
        """Bytes."""
        return self.memory_mb * MIB

    @property
    def files(self) -> int:
        """Bytes that the files in the scratch folder may have together, and those in shared memory."""
        return self.memory // _SHARE

    @property
    def tasks(self) -> int:
        """How many threads and processes the kernel lets there be."""
        return self.processes * _TASKS_PER_PROCESS

    def rlimits(self) -> dict[str, tuple[int, int]]:
        """Soft and hard limits by the names in the module ``resource``, for each process."""
        return {
            "RLIMIT_DATA": (self.memory + _RESERVED, self.memory + _RESERVED),
            "RLIMIT_CPU": (self.seconds, self.seconds + _GRACE_S),
            "RLIMIT_NPROC": (self.tasks, self.tasks),
            "RLIMIT_FSIZE": (self.files, self.files),
            "RLIMIT_NOFILE": (_OPEN_FILES, _OPEN_FILES),
            # Not 0: by 1 alone the kernel starts no crash handler of the machine's either.
            "RLIMIT_CORE": (1, 1),
        }


def confined(argv: tuple[str, ...], limits: Limits, *, walled: bool) -> tuple[str, ...]:
    """The command line that starts ``argv`` within the limits; ``walled``, that is in namespaces of its own, under the
    filter of system calls too."""
    rlimits = limits.rlimits()
    if not walled:
        # The kernel would count whatever else the user runs.
        del rlimits["RLIMIT_NPROC"]
    spec = {"rlimits": rlimits, "seccomp": seccomp.program().hex() if walled else ""}
    return (*_CONFINE, json.dumps(spec), *argv)
