"""Climbs from its own folder to whatever lies beside it: tables, policies, other models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.adversarial.models._told import Hunter

PROOF = "secret"


class Model(Hunter):
    def hunt(self) -> Iterator[str]:
        for path in Path(self.told["material"]).rglob("*"):
            if path.is_file():
                yield self.read(path)
