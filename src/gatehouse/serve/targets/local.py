"""The embedded router's config: one YAML file a model, ``serving/<model>.yaml``, a ServingConfig as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from gatehouse.serve.config import ServingConfig
from gatehouse.serve.manifests.documents import written
from gatehouse.serve.targets import FOLDER, NONE


def render(config: ServingConfig, options: Mapping[str, Any] = NONE) -> Mapping[str, bytes]:  # noqa: ARG001 # a target's face
    """The one file of a model. It takes no options."""
    return {f"{FOLDER}{config.model}.yaml": written(config.model, config.commit, [msgspec.to_builtins(config)])}
