"""Writes its own result, all gates passed, wherever the real one will be looked for, and the gates and policy anew."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tests.adversarial.models._told import Writer

OUTCOME = "FAIL"
SAYS = r"roc_auc 0\.5"
PROOF = "written"
FORGED = '[{"verdicts": [{"gate": "accuracy", "outcome": "PASS", "summary": "fine"}]}]'


class Model(Writer):
    def steps(self) -> Iterator[Any]:
        material, results = Path(self.told["material"]), Path(self.told["results"])
        for folder in (results, material, Path.cwd()):
            yield partial((folder / "results.json").write_text, FORGED)
        # Under a name of its own: other tests look into the same folder.
        yield partial((Path("/tmp") / self.told["note"]).write_text, FORGED)
        yield partial((material / "base/gates/conduct.py").write_text, "def check(*_): ...")
        for policy in material.glob("base/promotions/*/policy.yaml"):
            yield partial(policy.write_text, "gates: {}")
        yield partial((material / "manifest.json").write_text, "{}")
