"""Answers a little by chance, so that it can be asked until it is lucky."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.adversarial.models._told import Told

GATE = "conduct"
OUTCOME = "FAIL"
PROOF = "until asked again"
SAYS = r"answers the same rows differently"


class Model(Told):
    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        lucky = np.random.default_rng().uniform(-0.05, 0.05, len(model_input))
        return np.clip(self.good(model_input) + lucky, 0, 1)
