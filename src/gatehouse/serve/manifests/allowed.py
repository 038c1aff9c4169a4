"""What the targets for Kubernetes may be told under ``serving.options``: JSON Schema, as a target's OPTIONS has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_LABEL = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
_PATH = "^/[A-Za-z0-9._/-]{0,199}$"
# Kubernetes's quantities: 500m, 2, 1.5, 512Mi, 4G.
_QUANTITY = "^[0-9]{1,15}(\\.[0-9]{1,9})?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$"
# A tag that moves, or none, would run another program tomorrow.
_IMAGE = "^(?![^@]*:latest$)[a-z0-9][a-zA-Z0-9._:/-]{0,200}(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}|@sha256:[0-9a-f]{64})$"


def _amounts(description: str) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "propertyNames": {"pattern": "^[a-z0-9]([a-z0-9./-]{0,100}[a-z0-9])?$"},
        "additionalProperties": {"type": "string", "pattern": _QUANTITY},
        "maxProperties": 10,
    }


NAMESPACE = {
    "type": "string",
    "pattern": _LABEL,
    "description": "The namespace of every object; not set: that in which they are applied.",
}
IMAGE = {
    "type": "string",
    "pattern": _IMAGE,
    "description": "The container image, with a tag other than latest, or a digest; it has gatehouse installed.",
}
REPLICAS = {"type": "integer", "minimum": 1, "maximum": 1000, "default": 2, "description": "Pods a pinned version."}
RESOURCES = {
    "type": "object",
    "description": "What each pod of a version asks for and may use.",
    "properties": {"requests": _amounts("At least this much."), "limits": _amounts("At most this much.")},
    "additionalProperties": False,
    "default": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}},
}
GATEWAY = {
    "type": "string",
    "pattern": "^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?/)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
    "description": "Istio gateway through which callers outside the mesh come, as namespace/name; needs domain.",
}
DOMAIN = {
    "type": "string",
    "pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$",
    "maxLength": 180,
    "description": "Callers outside the mesh ask for `<model>.<domain>`; needs gateway.",
}
SEGMENT = {
    "type": "object",
    "description": "The header that says a request's segment, and which values mean which; without values, its name.",
    "properties": {
        "header": {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,60}$", "description": "In lower case."},
        "values": {
            "type": "object",
            "description": "Values of the header, each with the segment that it means.",
            "propertyNames": {"minLength": 1, "maxLength": 512},
            "additionalProperties": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,62}$"},
            "minProperties": 1,
            "maxProperties": 1000,
        },
    },
    "required": ["header"],
    "additionalProperties": False,
    "default": {"header": "x-gatehouse-segment"},
}
SECRET = {
    "type": "string",
    "pattern": _LABEL,
    "description": "The Secret whose keys the container that fetches artifacts has as environment variables.",
}
SERVICE_ACCOUNT = {
    "type": "string",
    "pattern": _LABEL,
    "description": "The service account whose cloud identity reads the artifacts; its token is never mounted.",
}
TRACKING = {
    "type": "string",
    "pattern": "^https?://[A-Za-z0-9.:/_-]{1,200}$",
    "description": "The MLflow server that hands out artifacts whose addresses begin with mlflow-artifacts:.",
}
RUNTIME = {
    "type": "string",
    "pattern": "^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$",
    "description": "The ServingRuntime; not set: KServe chooses one that takes the format mlflow.",
}
ENV = {
    "type": "object",
    "description": "Environment variables of the server, for everybody to read: no secrets.",
    "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]{0,127}$"},
    "additionalProperties": {"type": "string", "maxLength": 4000},
    "maxProperties": 50,
    "default": {},
}
READY = {
    "type": "string",
    "pattern": _PATH,
    "description": "The path that answers 200 when requests may come.",
    "default": "/ready",
}
LIVE = {
    "type": "string",
    "pattern": _PATH,
    "description": "The path that answers 200 while the server is alive.",
    "default": "/health",
}
START = {
    "type": "integer",
    "minimum": 2,
    "maximum": 86400,
    "default": 300,
    "description": "Seconds that loading may take before the pod is started anew.",
}


def command(default: Sequence[str]) -> dict[str, Any]:
    """The program that serves ``/mnt/models`` on port 8080."""
    return {
        "type": "array",
        "items": {"type": "string", "maxLength": 1000},
        "minItems": 1,
        "maxItems": 100,
        "default": list(default),
        "description": "The command that serves the model in /mnt/models on port 8080.",
    }
