"""Leaves notes for its next life: in shared memory, in temporary folders, wherever two processes could meet."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tests.adversarial.models._told import Writer

OUTCOME = "FAIL"
SAYS = r"roc_auc 0\.5"
PROOF = "written"


class Model(Writer):
    def steps(self) -> Iterator[Any]:
        for folder in ("/dev/shm", "/tmp", "/var/tmp", "/run", self.told["temporary"]):
            yield partial((Path(folder) / self.told["note"]).write_text, "I was measured already")
