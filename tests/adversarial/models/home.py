"""Reads the credentials in the home folder of whoever runs the gates."""

from __future__ import annotations

from collections.abc import Iterator

from tests.adversarial.models._told import Hunter

PROOF = "secret"


class Model(Hunter):
    def hunt(self) -> Iterator[str]:
        yield self.read(self.told["home"])
