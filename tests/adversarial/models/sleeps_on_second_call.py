"""Answers its first question, and goes to sleep at the second."""

from __future__ import annotations

import time
from typing import Any

import pandas as pd

from tests.adversarial.models._told import Told

GATE = "conduct"
PROOF = "until asked again"
SANDBOX = "seconds: 10"
SAYS = r"asked again .*ran for more than 10 s and was killed"


class Model(Told):
    calls = 0

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        self.calls += 1
        time.sleep(3600 if self.calls > 1 else 0)
        return self.good(model_input)
