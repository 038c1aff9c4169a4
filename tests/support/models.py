"""Small models, saved and registered for real, in a fraction of a second each."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

NUMERIC = ("income", "age")
CATEGORICAL = ("region",)
LABEL = "defaulted"
# Named, or MLflow runs the model in a subprocess for 30 s to infer them.
REQUIREMENTS = ("scikit-learn", "pandas")


def frame(rows: int = 200, seed: int = 0) -> pd.DataFrame:
    """Labelled rows: ``income`` and ``age`` floats, ``region`` text; ``defaulted``, 0 or 1, depends on them."""
    rng = np.random.default_rng(seed)
    income, age = rng.normal(50, 15, rows), rng.uniform(18, 80, rows)
    region = rng.choice(["north", "south", "west"], rows)
    odds = (45 - income) / 10 + (region == "south") * 0.7
    labels = (rng.uniform(size=rows) < 1 / (1 + np.exp(-odds))).astype("int64")
    return pd.DataFrame({"income": income, "age": age, "region": region, LABEL: labels})


def features(rows: int = 200, seed: int = 0) -> pd.DataFrame:
    return frame(rows, seed).drop(columns=LABEL)


def train(seed: int = 0, strength: float = 1.0) -> Pipeline:
    """A fitted logistic regression on ``frame``; another ``seed`` or ``strength`` (C) gives other coefficients."""
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), list(NUMERIC)),
            ("words", OneHotEncoder(handle_unknown="ignore"), list(CATEGORICAL)),
        ]
    )
    rows = frame(seed=seed)
    return make_pipeline(columns, LogisticRegression(C=strength)).fit(rows.drop(columns=LABEL), rows[LABEL])


class Odd(mlflow.pyfunc.PythonModel):  # type: ignore[misc] # mlflow is untyped
    """A model that misbehaves as told: answers ``value`` for each row, after ``seconds``, or raises ``message``.

    It is saved by value, so that it loads where this module is not to be found.
    """

    def __init__(self, value: float = 0.5, *, seconds: float = 0.0, message: str | None = None) -> None:
        self.value = value
        self.seconds = seconds
        self.message = message

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        time.sleep(self.seconds)
        if self.message is not None:
            raise ValueError(self.message)
        return np.full(len(model_input), self.value)


def save(model: Any, path: Path, *, signature: bool = True, **more: Any) -> Path:
    """Saves a scikit-learn model or a PythonModel at ``path``. ``more`` goes to MLflow's ``save_model``."""
    flavor, arguments = _flavor(model, signature)
    with _quiet():
        flavor.save_model(path=path, **{**arguments, **more})
    return path


def register(
    uri: str,
    name: str,
    model: Any,
    *,
    signature: bool = True,
    metrics: Mapping[str, float] | None = None,
    params: Mapping[str, str] | None = None,
    profile: bytes | None = None,
    **more: Any,
) -> int:
    """Trains nothing: logs ``model`` in a run of its own, with figures and feature profile, and registers it.

    Returns the new version's number. ``more`` goes to MLflow's ``log_model``.
    """
    with registry(uri), mlflow.start_run():
        mlflow.log_metrics(dict(metrics or {}))
        mlflow.log_params(dict(params or {}))
        if profile is not None:
            mlflow.log_text(profile.decode(), "gatehouse/profile.json")
        logged = log(model, signature=signature, registered_model_name=name, **more)
    return int(logged.registered_model_version)


def log(model: Any, *, signature: bool = True, name: str = "model", **more: Any) -> Any:
    """Logs a model in the active run; what MLflow's ``log_model`` returns."""
    flavor, arguments = _flavor(model, signature)
    with _quiet():
        return flavor.log_model(name=name, **{**arguments, **more})


def _flavor(model: Any, signature: bool) -> tuple[Any, dict[str, Any]]:
    arguments: dict[str, Any] = {"pip_requirements": list(REQUIREMENTS)}
    if isinstance(model, mlflow.pyfunc.PythonModel):
        import cloudpickle

        cloudpickle.register_pickle_by_value(sys.modules[type(model).__module__])
        flavor, answers = mlflow.pyfunc, np.zeros(2)
        arguments["python_model"] = model
    else:
        flavor, answers = mlflow.sklearn, model.predict(features(2))
        arguments["sk_model"] = model
    if signature:
        arguments["signature"] = mlflow.models.infer_signature(features(2), answers)
    return flavor, arguments


@contextmanager
def registry(uri: str) -> Iterator[None]:
    """MLflow's fluent calls go to ``uri``, and everything global is as before afterwards."""
    before = {name: os.environ.get(name) for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")}
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    try:
        yield
    finally:
        mlflow.set_registry_uri(None)
        mlflow.set_tracking_uri(None)
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextmanager
def _quiet() -> Iterator[None]:
    """Without MLflow's advice to give an input example: the signature is there already."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*input example was not provided", UserWarning)
        yield
