"""Speaks to a daemon on a socket that is a file, as a container engine's is."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from tests.adversarial.models._told import Hunter

PROOF = "secret"


class Model(Hunter):
    def hunt(self) -> Iterator[str]:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(3)
            connection.connect(self.told["socket"])
            connection.sendall(b"socket: run me as root")
            yield connection.recv(1000).decode()
