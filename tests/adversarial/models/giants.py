"""Answers a megabyte of text for each row."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tests.adversarial.models._told import Told

SAYS = r"a body of 3\d\d,\d{3},\d{3} bytes, more than"


class Model(Told):
    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        return ["x" * 1_000_000] * len(model_input)
