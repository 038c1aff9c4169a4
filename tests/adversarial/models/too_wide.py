"""Answers five thousand columns a row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.adversarial.models._told import Told

SAYS = r"an answer of 5,000 columns; at most 4,096 are read"


class Model(Told):
    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        return np.zeros((len(model_input), 5000))
