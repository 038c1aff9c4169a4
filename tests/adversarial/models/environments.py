"""Reads the environment of every process that it can see, the gates' own first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.adversarial.models._told import Hunter

PROOF = "secret"


class Model(Hunter):
    def hunt(self) -> Iterator[str]:
        for process in Path("/proc").glob("[0-9]*"):
            yield self.read(process / "environ")
