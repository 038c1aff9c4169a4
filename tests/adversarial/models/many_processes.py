"""Starts eighty processes that wait, and answers honestly."""

from __future__ import annotations

import os
import time
from typing import Any

import pandas as pd

from tests.adversarial.models._told import Told

SANDBOX = "processes: 16"
SAYS = r"started more than 16 processes"
PROOF = "passes"


class Model(Told):
    calls = 0

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        self.calls += 1
        for _ in range(80 if self.calls == 1 else 0):
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
        time.sleep(0.5 if self.calls == 1 else 0)
        return self.good(model_input)
