"""Trains the company's models and registers them in a real MLflow: ``python -m tests.world.train FOLDER [MODEL]``.

A program of its own, since MLflow keeps its tracking URI, its run and its warnings in the whole process.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.world import german
from tests.world.recipes import CREDIT_RISK, Fitted, Recipe, fit
from tests.world.store import QUIET, TRAINER, Store

MODEL = "credit-risk"
# What is put beside a run for the gates to find.
PROFILE = "gatehouse/profile.json"
CARD = "gatehouse/model_card.md"
# What these models hold that skops does not trust unasked; the list travels in the model's own MLmodel file.
TRUSTED = ["numpy.dtype", "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"]
# MLflow's names for the column types of a pandas frame, by the kind of its numpy type.
KINDS = {"f": "double", "i": "long", "b": "boolean"}


def register(
    store: Store, model: str, recipes: Sequence[Recipe], *, told: Callable[[int, Fitted], None] = lambda *_: None
) -> None:
    """Trains each recipe and registers it as the next version of ``model``; ``told`` hears of each version."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    import mlflow

    store.folder.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(store.uri)
    if mlflow.get_experiment_by_name(model) is None:
        mlflow.create_experiment(model, artifact_location=store.artifacts)
    mlflow.set_experiment(model)
    for recipe in recipes:
        fitted = fit(recipe)
        told(_log(model, fitted), fitted)


def _log(model: str, fitted: Fitted) -> int:
    """One run with its figures, profile and card, and the version registered from it; the version's number."""
    import mlflow
    import mlflow.sklearn

    recipe = fitted.recipe
    tags = {"mlflow.user": TRAINER, "mlflow.note.content": recipe.about}
    with mlflow.start_run(run_name=recipe.title, tags=tags):
        mlflow.log_params(_params(fitted))
        mlflow.log_metrics(fitted.metrics)
        _log_files(fitted)
        logged = mlflow.sklearn.log_model(
            fitted.model,
            name="model",
            registered_model_name=model,
            signature=_signature(fitted),
            # Named here, because finding them out takes MLflow half a minute a model.
            pip_requirements=[f"{name}=={version(name)}" for name in ("scikit-learn", "pandas", "skops")],
            skops_trusted_types=TRUSTED,
            await_registration_for=10,
        )
    return int(logged.registered_model_version)


def _params(fitted: Fitted) -> dict[str, Any]:
    estimator = fitted.model[-1]
    return {
        "estimator": type(estimator).__name__,
        "features": len(fitted.recipe.features),
        "training_rows": len(fitted.training),
    }


def _signature(fitted: Fitted) -> Any:
    """The signature, built from the columns' types: MLflow's own inference warns about every whole number."""
    from mlflow.models import ModelSignature
    from mlflow.types.schema import ColSpec, Schema

    frame = fitted.training[fitted.recipe.features]
    kinds = {name: getattr(dtype, "kind", "O") for name, dtype in frame.dtypes.items()}
    inputs = [ColSpec(KINDS.get(kind, "string"), str(name)) for name, kind in kinds.items()]
    return ModelSignature(Schema(inputs), Schema([ColSpec("long")]))


def _log_files(fitted: Fitted) -> None:
    """The feature profile and the model card, where the gates look for them."""
    import mlflow

    with tempfile.TemporaryDirectory() as scratch:
        for path, content in ((PROFILE, _profile(fitted)), (CARD, card(fitted).encode())):
            file = Path(scratch) / path
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(content)
        mlflow.log_artifacts(scratch)


def _profile(fitted: Fitted) -> bytes:
    """The training-time feature profile: what drift in production is measured against."""
    import pyarrow as pa

    from gatehouse.evaluate.statistics.profile import Profile

    table = pa.Table.from_pandas(fitted.training[fitted.recipe.features], preserve_index=False)
    return Profile.of(table.to_batches()).to_json()


def card(fitted: Fitted) -> str:
    """The model card: Markdown with front matter, in the sections that a reviewer looks for."""
    recipe, metrics = fitted.recipe, fitted.metrics
    features = "\n".join(f"- `{name}`" for name in recipe.features)
    return f"""---
title: {recipe.title}
owner: "@acme/credit-risk"
task: binary
label: {recipe.label}
---

## Intended use

Ranks loan applications of businesses by the probability of default, to support a loan officer's decision. Not for
private customers, and not to decide alone.

## Training data

{len(fitted.training):,} applications with known outcome. {recipe.about}

{features}

## Evaluation

On applications held back from the training table: ROC AUC {metrics["roc_auc"]:.3f}, log loss {metrics["log_loss"]:.3f}.

## Limitations

- **thin-file-applicants**: businesses younger than a year have little history, and their scores are less certain.
- **post-2024-inflation**: amounts and revenues have risen since the training data was taken.

## Ethical considerations

Size of business and age of the owner are not inputs. Whether the model serves their groups alike is measured by
the fairness gate before every promotion.
"""


def main(folder: str, model: str = MODEL) -> None:
    """Registers every version of a model, one line of output for each: number, title, ROC AUC on its own hold-out."""
    register(
        Store(Path(folder)),
        model,
        german.recipes(german.find()) if model == german.MODEL else CREDIT_RISK,
        told=lambda number, fitted: print(number, fitted.recipe.title, f"{fitted.metrics['roc_auc']:.3f}", sep="\t"),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
