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
    " `sudo sysctl -w kernel.unprivileged_userns_clone=1` (Debian); a container has to be started with"
    " `--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined`"
)
_FIXES: dict[Level, str] = {
    "bubblewrap": f"install bubblewrap 0.8 or newer: `sudo apt-get install bubblewrap`; then {_ALLOW}",
    "unshare": _ALLOW,
}
_MAKERS: dict[Level, Callable[[Limits, int], Launcher]] = {"bubblewrap": Bubblewrap, "unshare": Unshare}
_STRONGEST_FIRST = tuple(level for level in reversed(LEVELS) if level in _MAKERS)


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
    best: Level = next((level for level in _STRONGEST_FIRST if _tried(level).works), "none")
    if not reaches(best, minimum):
        raise _too_weak(best, minimum)
    return at(best, limits, threads)


def at(level: str, limits: Limits | None = None, threads: int = 1) -> Launcher:
    """The launcher of just this level. Raises GatehouseError where it does not work on this machine."""
    limits = limits or Limits()
    if level == "none":
        return Bare(threads, limits)
    known = next((one for one in _STRONGEST_FIRST if one == level), None)
    if known is None:
        raise GatehouseError(f"no process starts in {level!r}", f"one of none, {', '.join(_STRONGEST_FIRST)}")
    if not (probed := _tried(known)).works:
        raise GatehouseError(f"{level} does not work on this machine: {probed.why}", probed.fix)
    return _MAKERS[known](limits, threads)


def probe() -> tuple[Probed, ...]:
    """Every sandbox, strongest first; each is tried once in the life of this process, in a fraction of a second."""
    return tuple(map(_tried, _STRONGEST_FIRST))


@cache
def _tried(level: Level) -> Probed:
    """A level works where a process in it starts, and finds every wall in place."""
    with tempfile.TemporaryDirectory() as scratch, tempfile.NamedTemporaryFile() as canary:
        argv = (sys.executable, "-I", "-S", str(_TRIAL), canary.name)
        try:
            with _MAKERS[level](Limits(), 1).launch(Command(argv, (), Path(scratch), ())) as process:
                try:
                    said, _ = process.communicate(timeout=_PATIENCE_S)
                finally:
                    process.kill()
        except (OSError, subprocess.TimeoutExpired) as error:
            return Probed(level, False, harmless(str(error)), _FIXES[level])
    if process.returncode == 0:
        return Probed(level, True)
    # Of a traceback the last line says what it is about.
    *_, last = said.decode(errors="replace").strip().splitlines() or [
        f"its trial ended with status {process.returncode}"
    ]
    return Probed(level, False, harmless(last), _FIXES[level])


def _too_weak(best: Level, minimum: str) -> GatehouseError:
    failed = [probed for probed in probe() if not probed.works]
    tried = "".join(f"; {probed.level} does not work: {probed.why}" for probed in failed)
    fix = failed[0].fix if failed else f"name one of {', '.join(LEVELS)}"
    return GatehouseError(
        f"the policy asks for a sandbox of at least {minimum!r}, and this machine reaches {best!r}{tried}",
        f"{fix}; or, for models whose code you trust, accept less in the policy: `sandbox: {{minimum: {best}}}`",
    )
