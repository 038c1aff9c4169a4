"""Plain Kubernetes: a Deployment and a Service a pinned version, an Istio VirtualService a stage that leads to them.

``serving/kubernetes/<model>/<model>-v13.yaml`` is a version, ``route.yaml`` the switch: it is applied when the versions
are ready, and what it no longer leads to is taken away after it (docs/targets.md says how). An init container fetches
the artifact and checks its digest; the server, which runs the model's code, has neither its credentials nor a token.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gatehouse.errors import GatehouseError
from gatehouse.serve.config import ServingConfig
from gatehouse.serve.manifests import allowed, cluster, pods
from gatehouse.serve.manifests.documents import Document
from gatehouse.serve.manifests.pins import Pinned
from gatehouse.serve.targets import NONE

OPTIONS: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "image": allowed.IMAGE,
        "server_image": {**allowed.IMAGE, "description": "The server's own image, where it is another one than image."},
        "command": allowed.command(cluster.SERVE),
        "ready_path": allowed.READY,
        "live_path": allowed.LIVE,
        "start_s": allowed.START,
        "env": allowed.ENV,
        "namespace": allowed.NAMESPACE,
        "replicas": allowed.REPLICAS,
        "resources": allowed.RESOURCES,
        "secret": allowed.SECRET,
        "tracking_uri": allowed.TRACKING,
        "service_account": allowed.SERVICE_ACCOUNT,
        "segment": allowed.SEGMENT,
        "gateway": allowed.GATEWAY,
        "domain": allowed.DOMAIN,
    },
    "required": ["image"],
    "additionalProperties": False,
}
_SCHEMES = frozenset({"s3", "gs", "abfss", "wasbs", "hdfs", "https", "mlflow-artifacts"})
_HANDED_OUT = ("mlflow-artifacts:", "https:")
# Below the volume's root, so that it appears whole or not at all.
_FOLDER = "model"


def render(config: ServingConfig, options: Mapping[str, Any] = NONE) -> Mapping[str, bytes]:
    """One file a version, and one with the routes."""
    handed = [arm for arm in config.arms() if arm.artifact.startswith(_HANDED_OUT)]
    if handed and "tracking_uri" not in options:
        raise GatehouseError(
            f"{config.model}: the MLflow server hands out the artifact of version {handed[0].version}, "
            f"{handed[0].artifact}, and nothing says where it is",
            "set serving.options.tracking_uri in promotions/stages.yaml to its address as the cluster sees it",
        )
    return cluster.render(config, _CLUSTER, options)


def _version(pin: Pinned, said: Mapping[str, Any], options: Mapping[str, Any]) -> list[Document]:
    deployment = {
        "replicas": options["replicas"],
        "selector": {"matchLabels": pin.labels},
        # Never fewer than there should be: a pod goes when its successor takes requests.
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "template": {
            # Only what the pin is: a version that changes its role is not started anew.
            "metadata": {"labels": pin.labels, "annotations": {"gatehouse.digest": pin.arm.digest}},
            "spec": _pod(pin, options),
        },
    }
    service = {"selector": pin.labels, "ports": [cluster.port()]}
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": said, "spec": deployment},
        {"apiVersion": "v1", "kind": "Service", "metadata": said, "spec": service},
    ]


def _pod(pin: Pinned, options: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **pods.hardened(options),
        "initContainers": [_fetch(pin, options)],
        "containers": [_server(options)],
        "volumes": [
            {"name": "model", "emptyDir": {}},
            {"name": "config", "configMap": {"name": pin.name}},
            pods.SCRATCH,
        ],
    }


def _fetch(pin: Pinned, options: Mapping[str, Any]) -> dict[str, Any]:
    """The container that has the credentials, and runs nothing of the model."""
    secret = {"envFrom": [{"secretRef": {"name": options["secret"]}}]} if "secret" in options else {}
    tracking = {"MLFLOW_TRACKING_URI": options["tracking_uri"]} if "tracking_uri" in options else {}
    return {
        "name": "fetch",
        "image": options["image"],
        "command": pods.fetched(pin.arm.artifact, f"{pods.MODEL}/{_FOLDER}", pin.arm.digest),
        "env": pods.variables(tracking),
        **secret,
        "resources": pods.resources(options),
        "securityContext": pods.security(),
        "volumeMounts": [{"name": "model", "mountPath": pods.MODEL}, pods.SCRATCH_MOUNT],
    }


def _server(options: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": "server",
        "image": options.get("server_image", options["image"]),
        "command": list(options["command"]),
        "env": pods.variables(options["env"]),
        "ports": [{"name": "http", "containerPort": pods.PORT}],
        **pods.probes(options),
        "resources": pods.resources(options),
        "securityContext": pods.security(),
        "volumeMounts": [
            {"name": "model", "mountPath": pods.MODEL, "subPath": _FOLDER, "readOnly": True},
            {"name": "config", "mountPath": cluster.CONFIG, "readOnly": True},
            pods.SCRATCH_MOUNT,
        ],
    }


_CLUSTER = cluster.Cluster("kubernetes", _SCHEMES, _version, lambda pin: pin.name, lambda pin: pin.labels)
