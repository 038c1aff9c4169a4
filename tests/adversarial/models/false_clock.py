"""Turns its clocks back while it works, so that it looks quick."""

from __future__ import annotations

import time
from typing import Any

import pandas as pd

from tests.adversarial.models._told import Told

GATES = "latency"
LATENCY = "{p95_ms: 100, rate_per_s: 4, duration_s: 2, warmup_s: 0}"
GATE = "latency"
OUTCOME = "FAIL"
SAYS = r"p95 2\d\d\.\d ms"


class Model(Told):
    def load_context(self, context: Any) -> None:
        self.sleep = time.sleep
        for clock in ("time", "monotonic", "perf_counter", "process_time"):
            setattr(time, clock, lambda: 0.0)

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        self.sleep(0.2)
        return self.good(model_input)
