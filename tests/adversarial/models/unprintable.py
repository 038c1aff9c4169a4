"""Raises an exception that breaks whoever wants to know what it says."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tests.adversarial.models._told import Told

SAYS = r"exited with status|the model raised|was ended by"


class Model(Told):
    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        class Unprintable(Exception):
            def __str__(self) -> str:
                raise SystemExit(0)

        raise Unprintable
