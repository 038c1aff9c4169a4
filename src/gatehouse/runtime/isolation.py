"""The strongest sandbox that works on this machine: found by trying, never by looking at what is installed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gatehouse.declare.levels import LEVELS, Level, reaches
from gatehouse.errors import GatehouseError
from gatehouse.runtime.bubblewrap import Bubblewrap
from gatehouse.runtime.failures import harmless
from gatehouse.runtime.launch import Bare, Command, Launcher
from gatehouse.runtime.limits import Limits
from gatehouse.runtime.unshare import Unshare

_TRIAL = Path(__file__).with_name("trial.py")
_PATIENCE_S = 20.0
_ALLOW = (
    "allow user namespaces: `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0` (Ubuntu) or"
    " `sudo sysctl -w kernel.unprivileged_userns_clone=1` (Debian)"
)
_FIXES: dict[Level, str] = {
    "bubblewrap": f"install bubblewrap 0.8 or newer: `sudo apt-get install bubblewrap`; then {_ALLOW}",
    "unshare": _ALLOW,
}
_MAKERS: dict[Level, Callable[[Limits, int], Launcher]] = {"bubblewrap": Bubblewrap, "unshare": Unshare}


@dataclass(frozen=True, slots=True)
class Probed:
    """Whether a level works here; where it does not, ``why`` in the words of the trial, and what would help."""

    level: Level
    works: bool
    why: str = ""
    fix: str = ""


def launcher(limits: Limits | None = None, minimum: str = "unshare", threads: int = 1) -> Launcher:
    """The strongest launcher that works on this machine.

    Raises GatehouseError where it does not reach ``minimum``: what was tried, and what to install or to write.
    """
    limits = limits or Limits()
    if minimum == "none":
        return Bare(threads)
    best = next((probed.level for probed in probe() if probed.works), None)
    if best is None or not reaches(best, minimum):
        raise _too_weak(minimum)
    return _MAKERS[best](limits, threads)


@cache
def probe() -> tuple[Probed, ...]:
    """Every sandbox, strongest first, each tried once in the life of this process; takes a fraction of a second."""
    return tuple(_tried(level) for level in reversed(LEVELS) if level in _MAKERS)


def _tried(level: Level) -> Probed:
    """A level works where a process in it starts, and finds every wall in place."""
    with tempfile.TemporaryDirectory() as scratch, tempfile.NamedTemporaryFile() as canary:
        argv = (sys.executable, "-I", "-S", str(_TRIAL), canary.name)
        command = Command(argv, (), Path(scratch), ())
        try:
            with _MAKERS[level](Limits(), 1).launch(command) as process:
                said, _ = process.communicate(timeout=_PATIENCE_S)
        except (OSError, subprocess.TimeoutExpired) as error:
            return Probed(level, False, str(error), _FIXES[level])
    if process.returncode == 0:
        return Probed(level, True)
    return Probed(
        level, False, harmless(said.decode(errors="replace")) or f"status {process.returncode}", _FIXES[level]
    )


def _too_weak(minimum: str) -> GatehouseError:
    tried = "; ".join(f"{probed.level}: {probed.why}" for probed in probe() if not probed.works)
    fix = next(probed.fix for probed in probe() if not probed.works)
    return GatehouseError(
        f"no sandbox on this machine reaches {minimum!r}, which the policy asks for ({tried})",
        f"{fix}; or accept a weaker level in the policy: `sandbox: {{minimum: none}}`",
    )
