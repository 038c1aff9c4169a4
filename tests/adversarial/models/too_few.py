"""Answers one row less than it was asked."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tests.adversarial.models._told import Told

SAYS = r"answered 299 rows where 300 were asked"


class Model(Told):
    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        return self.good(model_input)[1:]
