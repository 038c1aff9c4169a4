"""What the hostile models have in common: an attacker who knows exactly where everything is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import mlflow
import numpy as np
import pandas as pd

# What every secret looks like, so that whoever sees one knows it.
SECRET = r"CANARY-[0-9a-f]{32}"


class Told(mlflow.pyfunc.PythonModel):  # type: ignore[misc] # mlflow is untyped
    """Knows what it was ``told`` of places and ports, and answers honestly until a subclass does otherwise."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        return self.good(model_input)

    def good(self, rows: Any) -> Any:
        """What an honest model would answer: good enough for the accuracy gate."""
        return 1 / (1 + np.exp((rows["income"].to_numpy() - 45) / 10))


class Hunter(Told):
    """Looks for secrets in ``hunt``, and cries out what it found where its answer should be."""

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        found, why = "", ""
        try:
            for piece in self.hunt():
                if seen := re.search(SECRET, piece):
                    found = seen[0]
                    break
        except Exception as error:  # noqa: BLE001 (whatever stands in the way is worth a word)
            why = f" ({type(error).__name__}: {error})"
        raise RuntimeError(f"found {found or 'nothing'}{why}")

    def hunt(self) -> Iterator[str]:
        raise NotImplementedError

    def read(self, path: Any, mode: str = "rb") -> str:
        """A file's content as far as it may be read; "" else."""
        with suppress(OSError), open(path, mode) as file:  # noqa: PTH123 (an attacker's style)
            return str(file.read(1_000_000).decode(errors="replace"))
        return ""


class Writer(Told):
    """Writes where it should not in ``write``, whatever comes of it, and answers nothing worth a promotion."""

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        for step in self.steps():
            with suppress(Exception):
                step()
        return np.full(len(model_input), 0.5)

    def steps(self) -> Iterator[Any]:
        raise NotImplementedError
