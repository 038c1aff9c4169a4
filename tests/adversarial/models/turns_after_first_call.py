"""Answers well once, when it is measured, and from then on the opposite."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tests.adversarial.models._told import Told

GATE = "conduct"
OUTCOME = "FAIL"
PROOF = "until asked again"
SAYS = r"answers the same rows differently when it is asked a row at a time"


class Model(Told):
    calls = 0

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        self.calls += 1
        return self.good(model_input) if self.calls == 1 else 1 - self.good(model_input)
