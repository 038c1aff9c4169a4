"""Is good while it is measured, and falls with a segmentation fault at its third question."""

from __future__ import annotations

import ctypes
from typing import Any

import pandas as pd

from tests.adversarial.models._told import Told

GATE = "conduct"
PROOF = "until asked again"
SAYS = r"was ended by SIGSEGV"


class Model(Told):
    calls = 0

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        self.calls += 1
        if self.calls == 3:
            ctypes.string_at(0)
        return self.good(model_input)
