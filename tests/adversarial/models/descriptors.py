"""Reads what other processes have open, and whatever was left open for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.adversarial.models._told import Hunter

PROOF = "secret"


class Model(Hunter):
    def hunt(self) -> Iterator[str]:
        for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
            try:
                if descriptor.is_file():
                    yield self.read(descriptor)
            except OSError:
                continue
