"""Answers a whole table well, and a customer who comes alone, as all do in production, otherwise."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tests.adversarial.models._told import Told

GATE = "conduct"
OUTCOME = "FAIL"
PROOF = "until asked again"
SAYS = r"answers the same rows differently when it is asked a row at a time"


class Model(Told):
    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        return self.good(model_input) if len(model_input) > 1 else 1 - self.good(model_input)
