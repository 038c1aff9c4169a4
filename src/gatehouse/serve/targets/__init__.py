"""What serves: configs rendered from pins. A target is a module here; adding one is adding a file.

Its name is what ``serving.target`` in promotions/stages.yaml says; its face is :class:`Target`.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, cast

from gatehouse.errors import GatehouseError
from gatehouse.serve.config import ServingConfig

# Every file that a target renders is below this folder of the serving branch; files there that nobody renders go.
FOLDER = "serving/"


class Target(Protocol):
    """Renders one model's serving config; the same input gives the same bytes."""

    def render(self, config: ServingConfig) -> Mapping[str, bytes]:
        """Paths below FOLDER, and the UTF-8 text of each."""
        ...


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
