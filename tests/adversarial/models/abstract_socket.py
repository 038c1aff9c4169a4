"""Speaks to a daemon on an abstract socket, which no file system guards."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from tests.adversarial.models._told import Hunter

PROOF = "secret"


class Model(Hunter):
    def hunt(self) -> Iterator[str]:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(3)
            connection.connect("\0" + self.told["abstract"])
            connection.sendall(b"abstract: let me out")
            yield connection.recv(1000).decode()
