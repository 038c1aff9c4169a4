"""Multiplies without end."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

import pandas as pd

from tests.adversarial.models._told import Told

SANDBOX = "processes: 16"
SAYS = r"started more than 16 processes and was killed|was ended by SIGKILL"
# Where nothing would stop it, it is not let loose.
LEVELS = ("bubblewrap", "unshare")


class Model(Told):
    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        while True:
            with suppress(OSError):
                os.fork()
