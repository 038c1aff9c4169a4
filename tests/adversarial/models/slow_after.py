"""Is quick for as long as its latency is measured, and slow from then on."""

from __future__ import annotations

import time
from typing import Any

import pandas as pd

from tests.adversarial.models._told import Told

GATES = "accuracy, latency"
GATE = "conduct"
OUTCOME = "FAIL"
PROOF = "until asked again"
SAYS = r"has become \d+\.\d times slower than it was measured"


class Model(Told):
    calls = 0

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        self.calls += 1
        # One question for the table, and about 66 that are timed, whatever chance makes of it.
        time.sleep(0.04 if self.calls > 110 else 0)
        return self.good(model_input)
