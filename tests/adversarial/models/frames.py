"""Writes frames of its own on the connection to the gates: answers to questions that nobody asked yet."""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path
from typing import Any

import pandas as pd

from tests.adversarial.models._told import Told

SAYS = r"sent (an answer to request|a (header|body))"


class Model(Told):
    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        from gatehouse.runtime import wire

        for descriptor in sorted(int(name.name) for name in Path("/proc/self/fd").iterdir())[3:]:
            try:
                connection = socket.socket(fileno=os.dup(descriptor))
                wire.send(connection, wire.Answered(2, "values", "float64", 1, 1, None), struct.pack("d", 1.0))
            except OSError:
                continue
        return self.good(model_input)
