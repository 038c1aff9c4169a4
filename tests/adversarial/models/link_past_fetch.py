"""The same link, where fetch has overlooked it: what it leads to is not there inside the walls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.adversarial.models._told import Hunter
from tests.adversarial.saving import save as plainly

PROOF = "secret"
OVERLOOKED = True


class Model(Hunter):
    def load_context(self, context: Any) -> None:
        self.link = Path(self.told["material"]) / "models/link_past_fetch/weights.bin"

    def hunt(self) -> Iterator[str]:
        yield self.read(self.link)


def save(folder: Path, told: dict[str, Any]) -> None:
    plainly(Model(told), folder)
    (folder / "weights.bin").symlink_to(told["home"])
