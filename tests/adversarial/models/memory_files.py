"""Hides its memory in files that have no name and are nowhere mapped."""

from __future__ import annotations

import os
import time
from typing import Any

import pandas as pd

from tests.adversarial.models._told import Told

SANDBOX = "memory_mb: 640"
SAYS = r"used more than 640 MB of memory|Function not implemented"
PROOF = "passes"


class Model(Told):
    calls = 0
    kept: list[int] = []  # noqa: RUF012 (descriptors stay open as long as the process)

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        self.calls += 1
        chunk = b"x" * (64 << 20)
        for _ in range(0 if self.kept else 16):
            self.kept.append(os.memfd_create("hoard"))
            os.write(self.kept[-1], chunk)
        time.sleep(0.5 if self.calls == 1 else 0)
        return self.good(model_input)
