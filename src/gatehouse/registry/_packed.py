"""Compressed files, known by how they begin and unpacked a piece at a time, so that whoever asks can stop in time."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any

_MADE: dict[bytes, Callable[[], Any]] = {
    b"\x1f\x8b": lambda: zlib.decompressobj(31),
    b"\x78\x01": zlib.decompressobj,
    b"\x78\x5e": zlib.decompressobj,
    b"\x78\x9c": zlib.decompressobj,
    b"\x78\xda": zlib.decompressobj,
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ": lzma.LZMADecompressor,
    b"\x5d\x00\x00": lzma.LZMADecompressor,
}
BEGINNINGS = tuple(_MADE)
# What unpacking raises.
ERRORS = (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError)
_READ, _PIECE = 1 << 16, 1 << 20


def known(head: bytes) -> bool:
    return head.startswith(BEGINNINGS)


def pieces(stream: IO[bytes], head: bytes) -> Iterator[bytes]:
    """The content, in pieces of a megabyte at most; a file that breaks off just ends. Raises one of ERRORS."""
    unpacker = next(made for magic, made in _MADE.items() if head.startswith(magic))()
    while not unpacker.eof:
        left = getattr(unpacker, "unconsumed_tail", b"")
        fed = left or (stream.read(_READ) if getattr(unpacker, "needs_input", True) else b"")
        piece = unpacker.decompress(fed, _PIECE)
        if not fed and not piece:
            return
        yield piece
