"""Answers objects whose type nobody expects."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tests.adversarial.models._told import Told

SAYS = r"predict returned rows of type mixed"


class Model(Told):
    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        return [{"score": float("inf"), "__class__": "float"}] * len(model_input)
