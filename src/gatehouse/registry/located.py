"""An artifact by its address alone, for those who serve it: they have a pin, and no business in the registry."""

from __future__ import annotations

from pathlib import Path

from gatehouse.errors import GatehouseError
from gatehouse.registry import _stores, artifacts
from gatehouse.registry._connection import Connection


def download(address: str, target: Path, registry: str = "") -> Path:
    """Fetches the artifact at an address of its store into ``target``, which must not exist yet; returns it.

    ``target`` appears complete or not at all. ``registry`` is the MLflow server behind ``mlflow-artifacts:`` addresses.
    Raises NotFound where no MLflow model is there, GatehouseError for what is no plain address, Unreachable.
    """
    if address.startswith(("models:", "runs:")):
        raise GatehouseError(f"{address} pins nothing", "give the address of the artifact in its store")
    connection = Connection(registry or address)
    return artifacts.fetched(lambda: _stores.at(connection, address), target, f"the artifact at {connection.shown}")
