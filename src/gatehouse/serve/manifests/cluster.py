"""What the targets for Kubernetes have in common: a file a version, and one with the routes that lead to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from gatehouse.pin import Role
from gatehouse.serve.config import Arm, Route, ServingConfig
from gatehouse.serve.manifests import names, pods, routes
from gatehouse.serve.manifests.documents import Document, text, written
from gatehouse.serve.manifests.pins import Pinned, alone, metadata, pinned
from gatehouse.serve.targets import FOLDER

CONFIG = "/etc/gatehouse"
SERVE = ("gatehouse", "serve", f"{CONFIG}/serving.yaml", "--host", "0.0.0.0", "--port", str(pods.PORT))  # noqa: S104


@dataclass(frozen=True, slots=True)
class Cluster:
    """What differs from target to target.

    ``schemes`` are the addresses from which it fetches artifacts; ``version`` is what runs a version, given the
    object's metadata; ``backend`` is the Service that a version is behind, by its name, and ``selector`` its pods.
    """

    target: str
    schemes: frozenset[str]
    version: Callable[[Pinned, Mapping[str, Any], Mapping[str, Any]], list[Document]]
    backend: Callable[[Pinned], str]
    selector: Callable[[Pinned], Mapping[str, str]]


def render(config: ServingConfig, cluster: Cluster, options: Mapping[str, Any]) -> Mapping[str, bytes]:
    """The files of a model; the same input gives the same bytes."""
    folder = f"{FOLDER}{cluster.target}/{config.model}/"
    files = {}
    for pin in pinned(config, cluster.schemes):
        said = metadata(config, pin.name, options.get("namespace"), wave=0, pin=pin)
        told = {"serving.yaml": text(msgspec.to_builtins(alone(config, pin, pods.MODEL)))}
        server = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": said, "data": told}
        documents = [server, *cluster.version(pin, said, options)]
        # Under the commit that pinned it, so that the file of a version that stays stays as it is.
        files[f"{folder}{pin.name}.yaml"] = written(config.model, pin.arm.commit, documents)
    leading = written(config.model, config.commit, _routes(config, cluster, options))
    return {**files, f"{folder}route.yaml": leading}


def _routes(config: ServingConfig, cluster: Cluster, options: Mapping[str, Any]) -> Iterator[Document]:
    for stage, found in routes.stages(config):

        def backend(arm: Arm, stage: str = stage) -> str:
            return cluster.backend(Pinned(config.model, stage, arm))

        yield _front(config, stage, found, cluster, options)
        yield routes.virtual_service(config, stage, found, backend, options)


def _front(
    config: ServingConfig, stage: str, found: tuple[Route, ...], cluster: Cluster, options: Mapping[str, Any]
) -> Document:
    """The name that callers in the mesh ask for. Callers without a sidecar, whom no VirtualService leads, get the
    champion of requests without a segment; where there is none, nobody answers them."""
    champions = (arm for route in found if route.segment is None for arm in route.arms if arm.role is Role.CHAMPION)
    champion = next(champions, None)
    selector = {"selector": dict(cluster.selector(Pinned(config.model, stage, champion)))} if champion else {}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(config, names.of_stage(config.model, stage), options.get("namespace"), wave=1),
        "spec": {**selector, "ports": [port()]},
    }


def port() -> dict[str, Any]:
    return {"name": "http", "port": routes.PORT, "targetPort": pods.PORT}
