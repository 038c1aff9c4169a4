"""What ``gatehouse review PR`` does for a person: asks, submits, rejects, calls an emergency, prints the form."""

from __future__ import annotations

from pathlib import Path

from gatehouse.cli.frame import Settings
from gatehouse.errors import GatehouseError


def approve(settings: Settings, number: int, answers: Path | None) -> int:  # noqa: ARG001
    raise GatehouseError("not built yet", "")


def reject(settings: Settings, number: int, reason: str) -> int:  # noqa: ARG001
    raise GatehouseError("not built yet", "")


def emergency(settings: Settings, number: int, reason: str) -> int:  # noqa: ARG001
    raise GatehouseError("not built yet", "")


def template(settings: Settings, number: int) -> int:  # noqa: ARG001
    raise GatehouseError("not built yet", "")
