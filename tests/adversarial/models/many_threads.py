"""Starts six hundred threads that wait, and answers honestly."""

from __future__ import annotations

import threading
import time
from typing import Any

import pandas as pd

from tests.adversarial.models._told import Told

SANDBOX = "processes: 16"
SAYS = r"started more than 256 threads|can't start new thread"
PROOF = "passes"


class Model(Told):
    calls = 0

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        self.calls += 1
        for _ in range(600 if self.calls == 1 else 0):
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        time.sleep(0.5 if self.calls == 1 else 0)
        return self.good(model_input)
