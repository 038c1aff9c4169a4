"""Says in its signature that it takes and gives something else than it does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.adversarial.models._told import Told
from tests.adversarial.saving import save as plainly
from tests.support import models

GATES = "schema, accuracy"
GATE = "schema"
OUTCOME = "FAIL"
SAYS = r"income"


class Model(Told):
    pass


def save(folder: Path, told: dict[str, Any]) -> None:
    import mlflow

    signature = mlflow.models.infer_signature(models.features(2).astype({"income": str}), np.zeros(2))
    plainly(Model(told), folder, signature)
