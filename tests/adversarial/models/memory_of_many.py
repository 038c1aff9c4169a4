"""Takes memory with eight processes, each of them below any limit of its own."""

from __future__ import annotations

import os
import time
from typing import Any

import pandas as pd

from tests.adversarial.models._told import Told

SANDBOX = "memory_mb: 640"
SAYS = r"used more than 640 MB of memory"
PROOF = "passes"


class Model(Told):
    calls = 0

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        self.calls += 1
        for _ in range(8 if self.calls == 1 else 0):
            if os.fork() == 0:
                _hoard = b"x" * (128 << 20)
                time.sleep(60)
                os._exit(0)
        time.sleep(2 if self.calls == 1 else 0)
        return self.good(model_input)
