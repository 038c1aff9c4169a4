"""Hostile models as MLflow saves models."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from tests.support import models


def save(model: Any, folder: Path, signature: Any = None) -> None:
    """A PythonModel, its class and what it is made of by value, so that it loads where the tests are not seen."""
    import cloudpickle
    import mlflow
    import numpy as np

    import tests.adversarial.models as package

    signature = signature or mlflow.models.infer_signature(models.features(2), np.zeros(2))
    cloudpickle.register_pickle_by_value(package)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*input example was not provided", UserWarning)
        mlflow.pyfunc.save_model(folder, python_model=model, signature=signature, pip_requirements=["pandas"])


def sklearn(model: Any, folder: Path, form: str, trusted: list[str] | None = None) -> None:
    """A scikit-learn model in one of MLflow's serialization formats; it is not asked anything here."""
    import mlflow
    import numpy as np

    signature = mlflow.models.infer_signature(models.features(2), np.zeros(2))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*input example was not provided", UserWarning)
        mlflow.sklearn.save_model(
            model,
            folder,
            signature=signature,
            pip_requirements=["scikit-learn"],
            serialization_format=form,
            skops_trusted_types=trusted,
        )
