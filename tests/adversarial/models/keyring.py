"""Asks the kernel for the keys of the session that the gates were started in."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

from tests.adversarial.models._told import Hunter

PROOF = "secret"
_REQUEST_KEY, _KEYCTL = 249, 250
_READ = 11


class Model(Hunter):
    def hunt(self) -> Iterator[str]:
        library = ctypes.CDLL(None, use_errno=True)
        found = ctypes.create_string_buffer(200)
        key = library.syscall(_REQUEST_KEY, b"user", self.told["key"].encode(), None, 0)
        if key > 0 and library.syscall(_KEYCTL, _READ, key, found, 200) > 0:
            yield found.value.decode(errors="replace")
