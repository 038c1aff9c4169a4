"""Says in its signature that it needs the label, and would answer with that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.adversarial.models._told import Told
from tests.adversarial.saving import save as plainly
from tests.support import models

SAYS = r"takes 'defaulted', which is the label that it is to predict"


class Model(Told):
    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        return model_input["defaulted"].to_numpy(float)


def save(folder: Path, told: dict[str, Any]) -> None:
    import mlflow

    signature = mlflow.models.infer_signature(models.frame(2).astype({"defaulted": float}), np.zeros(2))
    plainly(Model(told), folder, signature)
