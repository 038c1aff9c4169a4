"""The model's own process: ``python -m gatehouse.runtime.worker DESCRIPTOR FOLDER METHOD``.

Started by process.py, which holds the other end of the socket. It loads the model, says so, and answers one request
after the other until its input ends. Everything it does may be done by hostile code instead, once a model is loaded.

Importing MLflow is nearly all of the start, and there is no lighter way that is also right: its signature enforcement
lives in modules that import the rest. So it is imported once, with the garbage collector off, before the model.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import time
from typing import TYPE_CHECKING

from gatehouse.runtime import wire

if TYPE_CHECKING:
    from gatehouse.runtime.predictor import Predictor

_PR_SET_PDEATHSIG = 1


def main(descriptor: int, folder: str, method: str) -> int:
    die_with_parent()
    sock = socket.socket(fileno=descriptor)
    # What the model may start must not hold the connection open after this process is gone.
    sock.set_inheritable(False)
    try:
        predictor = load(sock, folder, method)
        return 1 if predictor is None else answer(sock, predictor)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return 0


def die_with_parent() -> None:
    """Asks the kernel to kill this process with its parent, even where the model never looks at its input again."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def load(sock: socket.socket, folder: str, method: str) -> Predictor | None:
    """Loads the model and says what it is, or why not."""
    gc.disable()
    began = time.monotonic()
    try:
        from gatehouse.runtime import predictor

        imported = time.monotonic()
        loaded = predictor.load(folder, method)
    except Exception as error:  # noqa: BLE001 (loading runs the model's code, which may raise anything)
        wire.send(sock, failed(0, error))
        return None
    ready = loaded.ready(import_s=imported - began, load_s=time.monotonic() - imported)
    # What is there now stays: the collector need not look through it in the middle of a request.
    gc.freeze()
    gc.enable()
    wire.send(sock, ready)
    return loaded


def answer(sock: socket.socket, predictor: Predictor) -> int:
    reader = wire.Reader(sock)
    while True:
        request, body = reader.receive(wire.decode_from_parent, lambda _: wire.BODY_LIMIT)
        try:
            said: tuple[wire.FromChild, wire.Buffer] = predictor(request, body)
        except Exception as error:  # noqa: BLE001 (a model may raise anything, and the next request may do better)
            said = failed(request.id, error), b""
        wire.send(sock, *said)


def failed(request: int, error: Exception) -> wire.Failed:
    message = str(error)
    # MLflow prints the whole input before it comes to the point, and keeps the point as the context.
    if getattr(error, "error_class", None) == "SCHEMA_ENFORCEMENT_FAILED" and error.__context__ is not None:
        message = str(error.__context__)
    return wire.Failed(request, type(error).__name__, message[:10_000])


if __name__ == "__main__":
    status = main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
    # Nothing is left to be saved, and a model's threads or exit handlers must not keep the process.
    os._exit(status)
