"""Replaces its own files, so that what is loaded next is not what was pinned."""

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
    def load_context(self, context: Any) -> None:
        self.folder = Path(self.told["material"]) / "models"

    def steps(self) -> Iterator[Any]:
        for path in self.folder.rglob("*"):
            yield partial(path.chmod, 0o777)
            if path.name == "MLmodel":
                yield partial(path.write_text, path.read_text() + "swapped: true\n")
        yield partial((self.folder / "more.pkl").write_bytes, b"later")
