"""Answers honestly, and infinity for every tenth row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.adversarial.models._told import Told

OUTCOME = "FAIL"
SAYS = r"roc_auc has no value"


class Model(Told):
    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        answers = self.good(model_input)
        answers[::10] = np.inf
        return answers
