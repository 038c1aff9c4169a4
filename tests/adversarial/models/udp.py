"""Calls home without a connection, as a question for a name does."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from tests.adversarial.models._told import Hunter

PROOF = "secret"


class Model(Hunter):
    def hunt(self) -> Iterator[str]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.settimeout(3)
            sender.sendto(b"udp: features of your customers", ("127.0.0.1", self.told["udp"]))
            yield sender.recv(1000).decode()
