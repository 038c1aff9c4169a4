"""Reads files of the repository that it is promoted in."""

from __future__ import annotations

from collections.abc import Iterator

from tests.adversarial.models._told import Hunter

PROOF = "secret"


class Model(Hunter):
    def hunt(self) -> Iterator[str]:
        yield self.read(self.told["repository"])
