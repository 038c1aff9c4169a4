"""``gatehouse review --stats``: numbers about reviewing."""

from __future__ import annotations

from gatehouse.cli.frame import Settings
from gatehouse.errors import GatehouseError


def stats(settings: Settings, model: str | None, since: str | None) -> int:  # noqa: ARG001
    raise GatehouseError("not built yet", "")
