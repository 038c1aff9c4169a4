"""A pickle that runs a command as it is loaded."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

from tests.adversarial.saving import sklearn
from tests.support import models

GATES = "artifact, accuracy"
GATE = "artifact"
OUTCOME = "FAIL"
SAYS = r"pickle|imports|runs"
PROOF = "written"


class Command:
    def __init__(self, line: str) -> None:
        self.line = line

    def __reduce__(self) -> Any:
        return os.system, (self.line,)


def save(folder: Path, told: dict[str, Any]) -> None:
    sklearn(models.train(), folder, "pickle")
    line = f"cat {told['home']} > {told['results']}/stolen; cp {told['home']} {told['temporary']}/stolen"
    (folder / "model.pkl").write_bytes(pickle.dumps([Command(line), models.train()]))
