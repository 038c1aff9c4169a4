"""Prints commands for whoever reads the log, and falls with an exception that cannot be printed."""

from __future__ import annotations

import os
from typing import Any

import pandas as pd

from tests.adversarial.models._told import Told

SAYS = r"exited with status 3; it last said: .*add-mask"


class Model(Told):
    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        print("\x1b[2J\x1b]0;root\x07\n::add-mask::PASS\n::set-output name=passed::true\n" + "\u202e" * 50, flush=True)
        os._exit(3)
