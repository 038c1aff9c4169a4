"""KServe: an InferenceService a pinned version, in standard mode, an Istio VirtualService a stage that leads to them.

``serving/kserve/<model>/<model>-v13.yaml`` is a version, ``route.yaml`` the switch. Never KServe's own canary
(``canaryTrafficPercent``): it keeps the stable version in its status, where no review sees it, and takes 250 %.

KServe has no ``mlflow://``, so ``storageUri`` is the address of the artifact itself. KServe fetches it after every init
container that one can write, so none of them can look at it; the server's command does, and only then starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gatehouse.serve.config import ServingConfig
from gatehouse.serve.manifests import allowed, cluster, pods
from gatehouse.serve.manifests.documents import Document
from gatehouse.serve.manifests.pins import Pinned
from gatehouse.serve.targets import NONE

OPTIONS: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "image": allowed.IMAGE,
        "command": allowed.command(cluster.SERVE),
        "runtime": allowed.RUNTIME,
        "ready_path": allowed.READY,
        "live_path": allowed.LIVE,
        "start_s": allowed.START,
        "env": allowed.ENV,
        "namespace": allowed.NAMESPACE,
        "replicas": allowed.REPLICAS,
        "resources": allowed.RESOURCES,
        "service_account": allowed.SERVICE_ACCOUNT,
        "segment": allowed.SEGMENT,
        "gateway": allowed.GATEWAY,
        "domain": allowed.DOMAIN,
    },
    "required": ["image"],
    "additionalProperties": False,
}
# What both MLflow writes to and KServe's storage initializer fetches folders from.
_SCHEMES = frozenset({"s3", "gs", "hdfs", "webhdfs"})
_MODES = {"serving.kserve.io/autoscalerClass": "none", "serving.kserve.io/deploymentMode": "Standard"}


def render(config: ServingConfig, options: Mapping[str, Any] = NONE) -> Mapping[str, bytes]:
    """One file a version, and one with the routes."""
    return cluster.render(config, _CLUSTER, options)


def _version(pin: Pinned, said: Mapping[str, Any], options: Mapping[str, Any]) -> list[Document]:
    # The only way in is the route: KServe is not to make one of its own.
    labels = {**said["labels"], "networking.kserve.io/visibility": "cluster-local"}
    metadata = {**said, "labels": labels, "annotations": {**said["annotations"], **_MODES}}
    spec = {"predictor": _predictor(pin, options)}
    return [{"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "metadata": metadata, "spec": spec}]


def _predictor(pin: Pinned, options: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "minReplicas": options["replicas"],
        "maxReplicas": options["replicas"],
        "deploymentStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        **pods.hardened(options),
        "model": _model(pin, options),
        "volumes": [{"name": "config", "configMap": {"name": pin.name}}, pods.SCRATCH],
    }


def _model(pin: Pinned, options: Mapping[str, Any]) -> dict[str, Any]:
    runtime = {"runtime": options["runtime"]} if "runtime" in options else {}
    # MLServer, where it is the server, answers to the model's name and not to the version's: callers never change.
    named = {"MLSERVER_MODEL_NAME": pin.model}
    return {
        "modelFormat": {"name": "mlflow"},
        **runtime,
        "protocolVersion": "v2",
        "storageUri": pin.arm.artifact,
        "image": options["image"],
        "command": pods.verified(pin.arm.digest, options["command"]),
        "env": pods.variables({**named, **options["env"]}),
        "ports": [{"name": "http1", "containerPort": pods.PORT, "protocol": "TCP"}],
        **pods.probes(options),
        "resources": pods.resources(options),
        "securityContext": pods.security(),
        "volumeMounts": [{"name": "config", "mountPath": cluster.CONFIG, "readOnly": True}, pods.SCRATCH_MOUNT],
    }


def _backend(pin: Pinned) -> str:
    """The Service that KServe makes for a predictor in standard mode."""
    return f"{pin.name}-predictor"


def _selector(pin: Pinned) -> Mapping[str, str]:
    """What KServe calls a predictor's pods."""
    return {"serving.kserve.io/inferenceservice": pin.name, "component": "predictor"}


_CLUSTER = cluster.Cluster("kserve", _SCHEMES, _version, _backend, _selector)
