"""Versions in a real registry whose artifact is two small files: for everything that never runs the model."""

from __future__ import annotations

from pathlib import Path

from gatehouse.pin import Pin
from gatehouse.registry.digest import digest


def register(uri: str, folder: Path, model: str, content: str) -> Pin:
    """Registers one more version of ``model`` whose artifact lies below ``folder``; its pin.

    Other ``content`` gives another digest.
    """
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    client = MlflowClient(uri, uri)
    try:
        client.get_registered_model(model)
    except MlflowException:
        client.create_registered_model(model)
    place = folder / model / content
    overwrite(place, content)
    version = client.create_model_version(model, source=place.as_uri())
    return Pin(int(version.version), digest(place))


def overwrite(place: Path, content: str) -> None:
    """Writes an artifact, over the one that is there if there is one; the registry notices nothing."""
    place.mkdir(parents=True, exist_ok=True)
    (place / "MLmodel").write_text("flavors:\n  python_function:\n    loader_module: none\n")
    (place / "weights.txt").write_text(content)
