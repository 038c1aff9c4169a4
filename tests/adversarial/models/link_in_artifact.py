"""Has a symbolic link among its files that leads to a secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.adversarial.models._told import Told
from tests.adversarial.saving import save as plainly

GATE = "fetch"
SAYS = r"is a symbolic link"


class Model(Told):
    pass


def save(folder: Path, told: dict[str, Any]) -> None:
    plainly(Model(told), folder)
    (folder / "weights.bin").symlink_to(told["home"])
