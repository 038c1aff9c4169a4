"""``gatehouse review --verify``: judges the reviews of pull requests."""

from __future__ import annotations

from dataclasses import dataclass

from gatehouse.cli.frame import Settings
from gatehouse.errors import GatehouseError


@dataclass(frozen=True, slots=True)
class Way:
    """How far it goes: sets the check, merges; for a merge queue's group ``group``, on the commit ``commit``."""

    set_check: bool = False
    merge: bool = False
    group: str = ""
    commit: str = ""


def verify(settings: Settings, number: int | None, way: Way) -> int:  # noqa: ARG001
    raise GatehouseError("not built yet", "")
