"""Answers NaN for every row, hoping that no comparison with a limit fails."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.adversarial.models._told import Told

SAYS = r"roc_auc has no value"
OUTCOME = "FAIL"


class Model(Told):
    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        return np.full(len(model_input), np.nan)
