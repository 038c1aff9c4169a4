"""Attaches System V shared memory that another process of the same user has."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

from tests.adversarial.models._told import Hunter

PROOF = "secret"


class Model(Hunter):
    def hunt(self) -> Iterator[str]:
        library = ctypes.CDLL(None, use_errno=True)
        library.shmat.restype = ctypes.c_void_p
        segment = library.shmget(self.told["shared"], 0, 0)
        if segment >= 0:
            yield ctypes.string_at(library.shmat(segment, None, 0o10000)).decode(errors="replace")
