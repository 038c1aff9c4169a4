"""What one model serves, as every target and the router see it: pins only, never an alias or a stage to look up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from gatehouse.pin import Pin, Role


class Arm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One pinned version that takes traffic.

    ``artifact`` is the URI of its files, whose digest must be ``digest`` before they are loaded. ``percent`` (0 to
    100) is its share of the requests, for a shadow the share that is copied to it; the champion has none and takes
    what the others leave. ``salt`` keeps one experiment's users apart from another's. ``commit`` on main pinned it,
    ``since`` is when.
    """

    role: Role
    version: int
    digest: str
    artifact: str
    commit: str
    since: datetime
    percent: float | None = None
    experiment: str | None = None
    salt: str = ""

    @property
    def pin(self) -> Pin:
        return Pin(self.version, self.digest)


class Route(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The arms of one slot; ``segment`` None takes the requests that name no segment of their own."""

    stage: str
    segment: str | None
    arms: tuple[Arm, ...]


class ServingConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything one model serves. ``commit`` is the last one on main that changed any of it."""

    model: str
    commit: str
    routes: tuple[Route, ...]
    schema: int = 1

    def arms(self) -> Iterator[Arm]:
        for route in self.routes:
            yield from route.arms
