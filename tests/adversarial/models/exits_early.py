"""Ends with status 0, as a job that is done and well does."""

from __future__ import annotations

import os
from typing import Any

import pandas as pd

from tests.adversarial.models._told import Told

SAYS = r"exited with status 0"


class Model(Told):
    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        print('{"outcome": "PASS"}', flush=True)
        os._exit(0)
