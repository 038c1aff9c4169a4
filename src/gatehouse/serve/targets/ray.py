"""Ray Serve: a config file a model, for ``serve deploy``: an application a pinned version, one a stage that routes.

``serving/ray/<model>.yaml`` names ``gatehouse.serve.rayapp``, which has to be installed on the cluster. A version is an
application of its own, so that adding one starts no other anew; the router takes its routes as ``user_config``, which
Ray hands to running replicas, and follows new ones when the versions in them answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from gatehouse.errors import GatehouseError
from gatehouse.serve.arms import Routing
from gatehouse.serve.config import Route, ServingConfig
from gatehouse.serve.manifests import names
from gatehouse.serve.manifests.documents import written
from gatehouse.serve.manifests.pins import Pinned, pinned
from gatehouse.serve.manifests.routes import stages
from gatehouse.serve.segments import read
from gatehouse.serve.targets import FOLDER, NONE

_APP = "gatehouse.serve.rayapp"
_COUNT = {"type": "integer", "minimum": 1, "maximum": 1000, "default": 2}
_AMOUNT = {"type": "number", "minimum": 0, "maximum": 1024, "default": 1}
_WHERE = "promotions/stages.yaml: serving.options.requests"

OPTIONS: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "host": {"type": "string", "maxLength": 253, "default": "127.0.0.1", "description": "Where Ray listens."},
        "port": {
            "type": "integer",
            "minimum": 1,
            "maximum": 65535,
            "default": 8000,
            "description": "The port of callers.",
        },
        "replicas": {
            **_COUNT,
            "description": "Replicas a version and a router; with one, an update lets requests wait.",
        },
        "cpus": {**_AMOUNT, "description": "Processors that Ray keeps free for a replica of a version."},
        "router_cpus": {**_AMOUNT, "description": "Processors that Ray keeps free for a replica of a router."},
        "isolation": {
            "type": "string",
            "enum": ["none", "unshare", "bubblewrap"],
            "default": "unshare",
            "description": "The weakest sandbox in which a model may run; where it does not work, nothing starts.",
        },
        "registry": {
            "type": "string",
            "pattern": "^https?://[A-Za-z0-9.:/_-]{1,200}$",
            "description": "The MLflow server that hands out artifacts whose addresses begin with mlflow-artifacts:.",
        },
        "requests": {
            "type": "object",
            "description": "Where requests say their segment and their unit: a header each, or a host for the segment.",
            "default": {
                "segment": {"header": "x-gatehouse-segment"},
                "unit": {"header": "x-gatehouse-unit"},
            },
        },
    },
    "additionalProperties": False,
}


def render(config: ServingConfig, options: Mapping[str, Any] = NONE) -> Mapping[str, bytes]:
    """The one file of a model."""
    document = {
        "proxy_location": "EveryNode",
        "http_options": {"host": options["host"], "port": options["port"]},
        "applications": [
            *(_version(pin, options) for pin in pinned(config)),
            *(_router(config, stage, routes, options) for stage, routes in stages(config)),
        ],
    }
    return {f"{FOLDER}ray/{config.model}.yaml": written(config.model, config.commit, [document])}


def _version(pin: Pinned, options: Mapping[str, Any]) -> dict[str, Any]:
    """The application of one version, which no caller reaches but through a router."""
    arm = pin.arm
    asked = {key: options[key] for key in ("isolation", "registry") if key in options}
    return {
        "name": pin.name,
        "route_prefix": None,
        "import_path": f"{_APP}:version",
        "args": {
            "model": pin.model, "version": arm.version, "digest": arm.digest, "artifact": arm.artifact, **asked
        },
        "deployments": [{"name": "Version", **_deployment(options["replicas"], options["cpus"])}],
    }  # fmt: skip


def _router(config: ServingConfig, stage: str, routes: tuple[Route, ...], options: Mapping[str, Any]) -> dict[str, Any]:
    only = ServingConfig(config.model, config.commit, routes)
    # These raise here what a router would raise on the cluster.
    Routing.of(only, stage)
    keys = read(options["requests"], _WHERE)
    if any(source is not None and source.field is not None for source in (keys.segment, keys.unit)):
        raise GatehouseError(f"{_WHERE}: the router on Ray does not read rows", "name a header in place of a field")
    name = names.of_stage(config.model, stage)
    apps = {str(arm.version): names.of_version(config.model, arm.version) for arm in only.arms()}
    told = {
        "config": msgspec.to_builtins(only),
        "requests": options["requests"],
        "versions": dict(sorted(apps.items())),
    }
    return {
        "name": name,
        "route_prefix": f"/{name}",
        "import_path": f"{_APP}:router",
        "deployments": [
            {"name": "Router", "user_config": told, **_deployment(options["replicas"], options["router_cpus"])}
        ],
    }


def _deployment(replicas: int, cpus: float) -> dict[str, Any]:
    return {
        "num_replicas": replicas,
        # Ray's own default, 5, would let callers wait where nothing is busy.
        "max_ongoing_requests": 128,
        "health_check_period_s": 5,
        "health_check_timeout_s": 10,
        "graceful_shutdown_wait_loop_s": 1,
        "graceful_shutdown_timeout_s": 30,
        "ray_actor_options": {"num_cpus": cpus},
    }
