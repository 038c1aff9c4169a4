"""Makes itself root in a namespace of its own, from where more of the kernel can be attacked, and mounts things."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

from tests.adversarial.models._told import Hunter

PROOF = "says"
BARE_SAYS = "found CANARY-0{32}"
_NEW_USER, _NEW_MOUNT = 0x10000000, 0x20000


class Model(Hunter):
    def hunt(self) -> Iterator[str]:
        library = ctypes.CDLL(None, use_errno=True)
        child = os.fork()
        if child == 0:
            made = library.unshare(_NEW_USER | _NEW_MOUNT) == 0
            mounted = made and library.mount(b"none", str(Path.cwd()).encode(), b"tmpfs", 0, None) == 0
            os._exit(0 if mounted else 1)
        if os.waitpid(child, 0)[1] == 0:
            yield "CANARY-" + "0" * 32
