"""Answers complex numbers, whose real part is what a careless cast keeps."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tests.adversarial.models._told import Told

SAYS = r"predict returned values of type complex128"


class Model(Told):
    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        return self.good(model_input) * (1 + 1j)
