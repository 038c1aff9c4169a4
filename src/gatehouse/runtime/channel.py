"""The parent's end of the socket: several threads may ask at once, each gets its own answer.

Whoever waits also reads, and hands on what belongs to others. There is no reader thread between the socket and the
caller, so that the latency a caller measures is the model's and not that of a thread waking up.
"""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from gatehouse.runtime import wire

Frame = tuple[wire.FromChild, bytearray]
Room = Callable[[wire.FromChild], int]
# The request that a child answers without being asked, when it is ready.
READY = 0


class Channel:
    """Raises TimeoutError, EOFError, OSError or wire.Malformed; after any of them the channel is of no more use."""

    def __init__(self, sock: socket.socket) -> None:
        # A timeout belongs to a socket object: one for sending and one for receiving do not disturb each other.
        self._out, self._in = sock, sock.dup()
        self._reader = wire.Reader(self._in)
        self._writing = threading.Lock()
        self._ids = itertools.count(READY + 1)
        self._schema: Any = None
        self._turn = threading.Condition()
        self._reading = False
        self._waiting: dict[int, Room] = {}
        self._arrived: dict[int, Frame] = {}

    def ready(self, deadline: float) -> Frame:
        """The answer to request 0. Must be called first, and once."""
        self._waiting[READY] = lambda _: 0
        return self._wait(READY, deadline)

    def ask(self, batch: Any, room: Room, deadline: float) -> Frame:
        """Sends a pyarrow.RecordBatch to predict, and waits for its answer of at most ``room(header)`` bytes."""
        body = memoryview(batch.serialize())
        with self._writing:
            request = next(self._ids)
            with self._turn:
                self._waiting[request] = room
            wire.send(self._out, wire.Predict(request, self._news(batch.schema)), body, deadline)
        return self._wait(request, deadline)

    def shut(self) -> None:
        """Ends the connection: whoever waits gets an EOFError, and the child, if it lives, an end of its input."""
        try:
            self._out.shutdown(socket.SHUT_RDWR)
        except OSError:  # the other end was faster
            return

    def close(self) -> None:
        self._out.close()
        self._in.close()

    def _news(self, schema: Any) -> bytes | None:
        """The schema in bytes where the child does not have it yet. One thread at a time, in the order of sending."""
        if self._schema is not None and schema.equals(self._schema):
            return None
        self._schema = schema
        return bytes(schema.serialize())

    def _wait(self, request: int, deadline: float) -> Frame:
        with self._turn:
            while self._reading and request not in self._arrived:
                if not self._turn.wait(deadline - time.monotonic()):
                    raise TimeoutError
            if request in self._arrived:
                return self._arrived.pop(request)
            self._reading = True
        try:
            while request not in self._arrived:
                self._read(deadline)
            return self._arrived.pop(request)
        finally:
            with self._turn:
                self._reading = False
                self._turn.notify_all()

    def _read(self, deadline: float) -> None:
        header, body = self._reader.receive(wire.decode_from_child, self._room, deadline)
        with self._turn:
            del self._waiting[header.id]
            self._arrived[header.id] = header, body
            self._turn.notify_all()

    def _room(self, header: wire.FromChild) -> int:
        room = self._waiting.get(header.id)
        if room is None:
            raise wire.Malformed(f"an answer to request {header.id}, which is not in flight")
        if isinstance(header, wire.Ready) != (header.id == READY) and not isinstance(header, wire.Failed):
            raise wire.Malformed(f"{type(header).__name__} as the answer to request {header.id}")
        return room(header)
