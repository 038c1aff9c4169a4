"""How a model's process is started. Bare starts it as it is; a sandbox is one more class with the same face."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gatehouse.runtime.limits import Limits, confined

# What numerical libraries read, once, as they are imported.
_COUNTS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
)


@dataclass(frozen=True, slots=True)
class Command:
    """What to start: it may read ``readable`` and write ``scratch`` (its home and working folder), nothing else.

    ``inherit`` are the file descriptors that it keeps, under the same numbers. A launcher that cannot forbid the rest
    says so in its ``level``.
    """

    argv: tuple[str, ...]
    readable: tuple[Path, ...]
    scratch: Path
    inherit: tuple[int, ...]


class Launcher(Protocol):
    """Starts a command in a session of its own, standard output and error joined in one pipe.

    Raises OSError when it cannot be started.
    """

    @property
    def level(self) -> str:
        """The isolation reached, for the report: ``none`` for a bare process."""

    @property
    def limits(self) -> Limits | None:
        """What all that it starts may use together, for whoever keeps it; None for whatever it likes."""

    def launch(self, command: Command) -> subprocess.Popen[bytes]: ...


@dataclass(frozen=True, slots=True)
class Bare:
    """A plain process: a clean environment and a folder of its own, within ``limits`` if there are any; but no walls.

    ``threads`` is what the numerical libraries may use. It is one by default, so that the latency measured does not
    depend on what else the machine does, and several models on one machine do not fight over its cores.
    """

    threads: int = 1
    limits: Limits | None = None

    @property
    def level(self) -> str:
        return "none"

    def launch(self, command: Command) -> subprocess.Popen[bytes]:
        argv = command.argv if self.limits is None else confined(command.argv, self.limits, walled=False)
        return start(argv, command, environment(command.scratch, self.threads))


def start(argv: tuple[str, ...], command: Command, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Starts ``argv`` for the command, in its scratch folder, with the descriptors that it inherits."""
    return subprocess.Popen(
        argv,
        cwd=command.scratch,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=command.inherit,
        start_new_session=True,
    )


def environment(scratch: Path, threads: int) -> dict[str, str]:
    """The whole environment of a model's process: nothing of the parent's, which holds secrets."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(scratch),
        # There are no users behind walls, and some libraries ask for the name of theirs.
        "LOGNAME": "model",
        "TMPDIR": str(scratch),
        "LANG": "C.UTF-8",
        # The same order of sets and dictionaries in every run, so that a prediction can be repeated.
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        # MLflow reports its use to its makers as it is imported; a model's process has no business on the network.
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        **dict.fromkeys(_COUNTS, str(threads)),
    }
