"""Fills every folder that it may write with files, which are memory where they are no disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from tests.adversarial.models._told import Told

SANDBOX = "memory_mb: 640"
SAYS = r"No space left on device|File too large|used more than 640 MB of memory|SIGXFSZ"
PROOF = "passes"


class Model(Told):
    calls = 0

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        self.calls += 1
        for number in range(8 if self.calls == 1 else 0):
            (Path.cwd() / f"{number}.bin").write_bytes(b"x" * (32 << 20))
        return self.good(model_input)
