"""Takes more and more memory, up to 1 GB where nobody minds, and answers honestly."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tests.adversarial.models._told import Told

SANDBOX = "memory_mb: 640"
SAYS = r"used more than 640 MB of memory|MemoryError"
PROOF = "passes"


class Model(Told):
    calls = 0

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        self.calls += 1
        hoard = [b"x" * (64 << 20) for _ in range(16 if self.calls == 1 else 0)]
        del hoard
        return self.good(model_input)
