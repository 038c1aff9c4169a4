"""Containers and their walls: what the Pod Security Standard "restricted" asks for, and a little more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# Where the artifact lies in the server's container; KServe says so, and the other targets follow.
MODEL = "/mnt/models"
PORT = 8080
# A user that no image has, so that what a model writes belongs to nobody.
_USER = 10001

# Frameworks want a folder to write to, and the root is not to be written.
SCRATCH: Mapping[str, Any] = {"name": "tmp", "emptyDir": {}}
_TMP = "/tmp"  # noqa: S108 # in the pod, where it is a volume of its own
SCRATCH_MOUNT: Mapping[str, Any] = {"name": "tmp", "mountPath": _TMP}


def hardened(options: Mapping[str, Any]) -> dict[str, Any]:
    """Of a pod: an account's cloud identity, where one is named, and never its token for the cluster's own API."""
    account = {"serviceAccountName": options["service_account"]} if "service_account" in options else {}
    return {
        **account,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def security() -> dict[str, Any]:
    """Of a container."""
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
    }


def probes(options: Mapping[str, Any]) -> dict[str, Any]:
    """Ready: takes traffic. Live: is started anew when it fails. Startup: loading takes as long as it takes, up to
    ``start_s`` seconds, before the other two count."""
    ready, live = (_get(options[key]) for key in ("ready_path", "live_path"))
    return {
        "startupProbe": {**ready, "periodSeconds": 2, "failureThreshold": max(1, -(-options["start_s"] // 2))},
        "readinessProbe": {**ready, "periodSeconds": 5, "timeoutSeconds": 2, "failureThreshold": 2},
        "livenessProbe": {**live, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 3},
    }


def _get(path: str) -> dict[str, Any]:
    return {"httpGet": {"path": path, "port": PORT}}


def variables(values: Mapping[str, str]) -> list[dict[str, str]]:
    """Environment variables, by name; programs that want a home get the folder that they may write to."""
    return [{"name": name, "value": value} for name, value in sorted({"HOME": _TMP, **values}.items())]


def resources(options: Mapping[str, Any]) -> dict[str, Any]:
    """Requests and limits as they are written, each with its keys in order."""
    return {kind: dict(sorted(options["resources"][kind].items())) for kind in sorted(options["resources"])}


def fetched(address: str, folder: str, digest: str) -> list[str]:
    """The command that fetches an artifact, and leaves it only when it has the digest."""
    return ["python", "-m", "gatehouse.serve.artifact", "fetch", address, folder, digest]


def verified(digest: str, command: Sequence[str]) -> list[str]:
    """A command that starts only when the artifact in its container has the digest."""
    return ["python", "-m", "gatehouse.serve.artifact", "verify", MODEL, digest, "--", *command]
