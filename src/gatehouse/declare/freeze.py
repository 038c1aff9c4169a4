"""When nothing is promoted, and when people are there: ``promotions/freeze.yaml`` as frozen values."""

from __future__ import annotations

from datetime import datetime, time
from typing import Literal

import msgspec


class Window(msgspec.Struct, frozen=True):
    """A span in which nothing is promoted; ``models`` empty means all."""

    start: datetime
    end: datetime
    reason: str
    models: tuple[str, ...] = ()


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Hours(msgspec.Struct, frozen=True):
    """When people are there: from ``start`` up to and without ``end`` on each of ``days``, by the freeze's clock."""

    start: time
    end: time
    days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")


class Freeze(msgspec.Struct, frozen=True):
    """``promotions/freeze.yaml``; ``gatehouse.declare.calendar`` answers from it.

    ``stop_the_line``: a reason, and nothing moves until it is taken away, whatever the emergency. Days and ``hours``
    are those of ``timezone``. Outside of ``hours`` one of those who approve must be in ``oncall``, logins with ``@``.
    """

    windows: tuple[Window, ...] = ()
    holidays: str | None = None
    weekends: bool = False
    hours: Hours | None = None
    oncall: tuple[str, ...] = ()
    timezone: str = "UTC"
    stop_the_line: str | None = None
