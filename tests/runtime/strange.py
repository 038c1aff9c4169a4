"""A model that does what its input tells it, so that one process shows many behaviours."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd


class Strange(mlflow.pyfunc.PythonModel):  # type: ignore[misc] # mlflow is untyped
    """Does what the column ``do`` of the first row says; ``at_load`` happens while it is loaded."""

    def __init__(self, at_load: str = "") -> None:
        self.at_load = at_load
        self.calls = 0

    def load_context(self, context: Any) -> None:
        if self.at_load == "exit":
            print("the license server said no")
            os._exit(7)
        if self.at_load == "raise":
            raise ImportError("No module named 'xgboost'")

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        self.calls += 1
        do, rows = model_input["do"].iloc[0], len(model_input)
        doing = getattr(self, f"_{do}")
        return doing(model_input, rows)

    def _number(self, frame: pd.DataFrame, rows: int) -> Any:
        return frame["number"].to_numpy()

    def _wait_number(self, frame: pd.DataFrame, rows: int) -> Any:
        time.sleep(0.05)
        return frame["number"].to_numpy()

    def _types(self, frame: pd.DataFrame, rows: int) -> Any:
        return [" ".join(f"{name}:{kind}" for name, kind in frame.dtypes.items())] * rows

    def _words(self, frame: pd.DataFrame, rows: int) -> Any:
        return frame["word"]

    def _flags(self, frame: pd.DataFrame, rows: int) -> Any:
        return frame["flag"]

    def _counts(self, frame: pd.DataFrame, rows: int) -> Any:
        return frame[["count"]]

    def _three(self, frame: pd.DataFrame, rows: int) -> Any:
        return pd.DataFrame({"low": frame["number"], "mid": 0.25, "high": 0.5})

    def _not_finite(self, frame: pd.DataFrame, rows: int) -> Any:
        return np.array([np.nan, np.inf, -np.inf, 0.5])[:rows]

    def _short(self, frame: pd.DataFrame, rows: int) -> Any:
        return np.zeros(rows - 1)

    def _mapping(self, frame: pd.DataFrame, rows: int) -> Any:
        return {"answer": [0.5] * rows}

    def _raise(self, frame: pd.DataFrame, rows: int) -> Any:
        raise ZeroDivisionError("\x1b[31mred\x1b[0m\n::error::injected " + "x" * 5000)

    def _print(self, frame: pd.DataFrame, rows: int) -> Any:
        print("\x1b[2J{not a frame}")
        sys.stderr.write("nor this\n")
        return np.zeros(rows)

    def _environment(self, frame: pd.DataFrame, rows: int) -> Any:
        return [";".join(f"{name}={value}" for name, value in os.environ.items())] * rows

    def _exit_second(self, frame: pd.DataFrame, rows: int) -> Any:
        if self.calls == 2:
            sys.exit(0)
        return np.zeros(rows)

    def _hang(self, frame: pd.DataFrame, rows: int) -> Any:
        time.sleep(3600)

    def _garbage(self, frame: pd.DataFrame, rows: int) -> Any:
        # Every descriptor that is open: a parent that holds many gives the socket a high number.
        for descriptor in sorted(int(name.name) for name in Path("/proc/self/fd").iterdir())[3:]:
            try:
                socket.socket(fileno=os.dup(descriptor)).send(b"\xff" * 4096)
            except OSError:
                continue
        return np.zeros(rows)

    def _wide(self, frame: pd.DataFrame, rows: int) -> Any:
        return np.zeros((rows, 5000))
