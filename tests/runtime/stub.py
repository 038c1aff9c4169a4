"""A launcher whose child speaks the protocol, or breaks it, without a model: it starts in a tenth of a second."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from gatehouse.runtime.launch import Command
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
    """Runs ``code`` as the child; it has ready(), request() and answer(id, …), and the raw ``sock``."""

    code: str
    level: str = "stub"

    def launch(self, command: Command) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            (sys.executable, "-u", "-c", _PRELUDE + self.code, str(command.inherit[0])),
            cwd=command.scratch,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=command.inherit,
            start_new_session=True,
        )


def start(folder: Path, code: str, *, start_s: float = 20.0, predict_s: float = 20.0) -> ModelProcess:
    """A ModelProcess around the code; ``folder`` need hold no model."""
    (folder / "MLmodel").touch()
    return ModelProcess.start(folder, launcher=Stub(code), timeouts=Timeouts(start_s, predict_s))
