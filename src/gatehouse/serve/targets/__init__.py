"""What serves: configs rendered from pins. A target is a module here; adding one is adding a file.

Its name is what ``serving.target`` in promotions/stages.yaml says; its face is :class:`Target`. A target that takes
``serving.options`` says which in ``OPTIONS``: a JSON Schema with descriptions and defaults, as a gate's THRESHOLDS.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Any, Protocol, cast

from gatehouse.declare.fault import dotted
from gatehouse.declare.schema import thresholds
from gatehouse.errors import GatehouseError
from gatehouse.serve.config import ServingConfig

# Every file that a target renders is below this folder of the serving branch; files there that nobody renders go.
FOLDER = "serving/"
NONE: Mapping[str, Any] = MappingProxyType({})
_NO_OPTIONS: Mapping[str, Any] = {"type": "object", "properties": {}}


class Target(Protocol):
    """Renders one model's serving config; the same input gives the same bytes."""

    def render(self, config: ServingConfig, options: Mapping[str, Any] = NONE) -> Mapping[str, bytes]:
        """Paths below FOLDER, and the UTF-8 text of each. The options have passed OPTIONS, defaults filled in."""
        ...


def places(model: str) -> tuple[str, ...]:
    """Where a model's files are, as git's path patterns: ``serving/<model>.yaml``, and for targets with a folder of
    their own ``serving/<target>/<model>.yaml`` or whatever is below ``serving/<target>/<model>/``."""
    file = f"{model}.yaml"
    return tuple(f":(glob){FOLDER}{below}" for below in (file, f"*/{file}", f"*/{model}/**"))


def names() -> list[str]:
    """The targets that are there."""
    return sorted(module.name for module in iter_modules(__path__))


def find(name: str) -> Target:
    """The target of that name; raises GatehouseError with the nearest names for one that is not there."""
    if name not in names():
        near = get_close_matches(name, names(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"use one of: {', '.join(names())}"
        raise GatehouseError(f"promotions/stages.yaml: serving.target: no target {name!r}", hint)
    return cast(Target, import_module(f"{__name__}.{name}"))


def render(name: str, config: ServingConfig, options: Mapping[str, Any] = NONE) -> Mapping[str, bytes]:
    """What the target of that name makes of a model's config; raises GatehouseError for options that it does not take,
    and for a config that it cannot render."""
    return find(name).render(config, checked(name, _options(name), options))


def options() -> Mapping[str, Mapping[str, Any]]:
    """The options of each target, as JSON Schemas."""
    return {name: _options(name) for name in names()}


def _options(name: str) -> Mapping[str, Any]:
    schema: Mapping[str, Any] = getattr(find(name), "OPTIONS", _NO_OPTIONS)
    return schema


def checked(name: str, schema: Mapping[str, Any], options: Mapping[str, Any]) -> Mapping[str, Any]:
    """The options with their defaults, frozen; raises GatehouseError with everything that is wrong with them."""
    complaints = list(thresholds(schema).complaints(dict(options)))
    if complaints:
        said = [
            f"promotions/stages.yaml: serving.{dotted(('options', *complaint.keys))}: {complaint.message}"
            for complaint in complaints
        ]
        fixes = dict.fromkeys(complaint.fix for complaint in complaints if complaint.fix)
        raise GatehouseError(
            "\n".join(said), "; ".join(fixes) or f"docs/targets.md says what the target {name!r} takes"
        )
    defaults = {key: body["default"] for key, body in schema["properties"].items() if "default" in body}
    return MappingProxyType({**defaults, **options})
