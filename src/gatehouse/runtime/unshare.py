"""The same sandbox where bubblewrap is not installed: namespaces that the kernel gives to anyone, made by jail.py."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field

from gatehouse.runtime import surroundings
from gatehouse.runtime.launch import Command, environment, start
from gatehouse.runtime.limits import Limits, confined

_JAIL = (sys.executable, "-P", "-s", "-m", "gatehouse.runtime.jail")


@dataclass(frozen=True, slots=True)
class Unshare:
    """Namespaces of its own and a read-only root; see launch.Bare for ``threads``."""

    limits: Limits = field(default_factory=Limits)
    threads: int = 1

    @property
    def level(self) -> str:
        return "unshare"

    def launch(self, command: Command) -> subprocess.Popen[bytes]:
        walls = {
            "scratch": str(command.scratch),
            "size": self.limits.files,
            "links": {str(link): str(target) for link, target in surroundings.links().items()},
            "visible": [str(path) for path in surroundings.visible(command.readable)],
        }
        argv = (*_JAIL, json.dumps(walls), *confined(command.argv, self.limits, walled=True))
        return start(argv, command, environment(command.scratch, self.threads))
