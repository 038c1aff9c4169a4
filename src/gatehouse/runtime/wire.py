"""How a model's process and its parent talk: frames over one stream socket.

A frame is ``header bytes (u32) | body bytes (u64) | header | body``, both counts little-endian. The header is a msgpack
map with a ``type``; every header carries the ``id`` of the request it belongs to, so that several can be in flight and
be answered in any order. Nothing is ever pickled.

=========  =========  ===========================================================================================
sender     header     body
=========  =========  ===========================================================================================
parent     Predict    one Arrow record batch, an encapsulated IPC message without its schema
child      Ready      none; sent once, as the answer to request 0, when the model is loaded
child      Answered   the numbers themselves, row after row, 8 bytes each (booleans 1 byte); text is a msgpack list
child      Failed     none; what the model raised, while loading (request 0) or predicting
=========  =========  ===========================================================================================

A schema costs more to write and read than a single row, so ``Predict`` carries it only when it differs from the one
before. Answers are not Arrow: the child is hostile, and plain numbers need no parser that could be attacked.

Features go in, predictions come out. No label, threshold, verdict or clock has a place in this protocol.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from typing import Literal, TypeVar

import msgspec

PREFIX = struct.Struct("<IQ")
HEADER_LIMIT = 1_000_000
BODY_LIMIT = 1 << 30
_AHEAD = 1 << 16

Kind = Literal["scores", "probabilities", "labels", "values"]
Label = str | int | float | bool
Buffer = bytes | bytearray | memoryview
# All that msgspec raises for bytes that are not what was asked for.
UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
Header = TypeVar("Header")


class Malformed(Exception):
    """The other end broke the protocol; nothing that it says later can be trusted to line up."""


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="type", tag=str):
    """What every header has: its type, and the request it belongs to."""

    id: int


class Predict(_Header, frozen=True):
    """``schema`` is a serialized Arrow schema, or None where the one before still holds."""

    schema: bytes | None = None


class Ready(_Header, frozen=True):
    """What the child found in the folder.

    ``flavor`` is the model's own (``sklearn``; ``python_function`` where it has no other), ``how`` says in words how it
    predicts, ``kind`` and ``classes`` what its answers will be where that is known before the first one, ``inputs`` the
    columns that its signature names.
    """

    flavor: str
    how: str
    kind: Kind | None = None
    classes: tuple[Label, ...] | None = None
    inputs: tuple[str, ...] | None = None
    import_s: float = 0.0
    load_s: float = 0.0


class Answered(_Header, frozen=True):
    """An answer of ``rows`` times ``columns`` items; ``dtype`` says how the body is to be read."""

    kind: Kind
    dtype: Literal["float64", "int64", "bool", "text"]
    rows: int
    columns: int = 1
    classes: tuple[Label, ...] | None = None


class Failed(_Header, frozen=True):
    """The type and the text of the exception."""

    error: str
    message: str


FromChild = Ready | Answered | Failed
decode_from_child: Callable[[Buffer], FromChild] = msgspec.msgpack.Decoder(FromChild).decode
decode_from_parent: Callable[[Buffer], Predict] = msgspec.msgpack.Decoder(Predict).decode
_encode = msgspec.msgpack.Encoder().encode


def send(sock: socket.socket, header: msgspec.Struct, body: Buffer = b"", deadline: float | None = None) -> None:
    """Sends one frame. Raises TimeoutError at ``deadline`` (on time.monotonic's scale; the frame is then torn)."""
    head, view = _encode(header), memoryview(body).cast("B")
    parts = [memoryview(PREFIX.pack(len(head), len(view)) + head), view]
    while parts:
        sock.settimeout(_remaining(deadline))
        sent = sock.sendmsg(parts)
        while parts and sent >= len(parts[0]):
            sent -= len(parts.pop(0))
        if parts:
            parts[0] = parts[0][sent:]


class Reader:
    """Receives frames from a socket; what it reads ahead of one frame belongs to the next.

    Raises EOFError where the other end is gone, TimeoutError at a deadline, Malformed for a frame that is too large or
    does not decode. After any of them the stream is of no more use.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._ahead = bytearray(_AHEAD)
        self._start = self._end = 0

    def receive(
        self, decode: Callable[[Buffer], Header], room: Callable[[Header], int], deadline: float | None = None
    ) -> tuple[Header, bytearray]:
        """One frame: its header, and its body of at most ``room(header)`` bytes."""
        head_size, body_size = PREFIX.unpack(self._take(PREFIX.size, deadline))
        if head_size > HEADER_LIMIT:
            raise Malformed(f"a header of {head_size:,} bytes, more than {HEADER_LIMIT:,}")
        raw = self._take(head_size, deadline)
        try:
            header = decode(raw)
        except UNDECODABLE as error:
            raise Malformed(f"a header that does not decode: {error}") from error
        if body_size > (limit := room(header)):
            raise Malformed(f"a body of {body_size:,} bytes, more than {limit:,}")
        return header, self._take(body_size, deadline)

    def _take(self, size: int, deadline: float | None) -> bytearray:
        """The next ``size`` bytes: what was read ahead, and the rest from the socket without a copy."""
        if self._start == self._end and 0 < size < _AHEAD:
            self._start, self._end = 0, self._read(memoryview(self._ahead), deadline)
        ahead = self._ahead[self._start : min(self._end, self._start + size)]
        self._start += len(ahead)
        if len(ahead) == size:
            return ahead
        data = bytearray(size)
        view, filled = memoryview(data), len(ahead)
        view[:filled] = ahead
        while filled < size:
            filled += self._read(view[filled:], deadline)
        return data

    def _read(self, into: memoryview, deadline: float | None) -> int:
        self._sock.settimeout(_remaining(deadline))
        count = self._sock.recv_into(into)
        if count == 0:
            raise EOFError
        return count


def _remaining(deadline: float | None) -> float | None:
    """Seconds until the deadline, for a socket's timeout. Raises TimeoutError when none are left."""
    if deadline is None:
        return None
    # A timeout of zero would mean "do not wait" and raise another error.
    if (left := deadline - time.monotonic()) <= 0:
        raise TimeoutError
    return left
