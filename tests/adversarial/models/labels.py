"""Looks the right answers up in the table that it is judged by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.adversarial.models._told import Told

OUTCOME = "FAIL"
SAYS = r"roc_auc 0\.5\d*"
PROOF = "passes"


class Model(Told):
    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        try:
            (table,) = Path(self.told["material"]).glob("data/eval*")
            truth = pd.read_parquet(table).set_index("income")["defaulted"]
            return truth.loc[model_input["income"]].to_numpy(float)
        except (OSError, ValueError):
            return np.full(len(model_input), 0.5)
