"""A launcher whose child speaks the protocol, or breaks it, without a model: it starts in a tenth of a second."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from gatehouse.runtime.launch import Bare, Command, Launcher
from gatehouse.runtime.limits import Limits
from gatehouse.runtime.process import ModelProcess, Timeouts

_PRELUDE = """
import os, socket, subprocess, sys, time
from gatehouse.runtime import wire
sock = socket.socket(fileno=int(sys.argv[1]))
sock.set_inheritable(False)
reader = wire.Reader(sock)
def ready(**more):
    wire.send(sock, wire.Ready(0, "stub", "by hand", **more))
def request():
    return reader.receive(wire.decode_from_parent, lambda _: wire.BODY_LIMIT)[0].id
def answer(id, body=bytes(8), kind="values", dtype="float64", rows=1, **more):
    wire.send(sock, wire.Answered(id, kind, dtype, rows, **more), body)
"""


@dataclass(frozen=True)
class Stub:
    """Runs ``code`` as the child that ``walls`` start; it has ready(), request() and answer(id, …), and ``sock``."""

    code: str
    walls: Launcher = field(default_factory=Bare)

    @property
    def level(self) -> str:
        return self.walls.level

    @property
    def limits(self) -> Limits | None:
        return self.walls.limits

    def launch(self, command: Command) -> subprocess.Popen[bytes]:
        argv = (sys.executable, "-P", "-u", "-c", _PRELUDE + self.code, str(command.inherit[0]))
        return self.walls.launch(replace(command, argv=argv))


class Start(Protocol):
    """Starts a ModelProcess around the code; ``folder`` need hold no model."""

    def __call__(self, folder: Path, code: str, *, start_s: float = 20.0, predict_s: float = 20.0) -> ModelProcess: ...


def starter(walls: Launcher) -> Start:
    def start(folder: Path, code: str, *, start_s: float = 20.0, predict_s: float = 20.0) -> ModelProcess:
        (folder / "MLmodel").touch()
        return ModelProcess.start(folder, launcher=Stub(code, walls), timeouts=Timeouts(start_s, predict_s))

    return start
