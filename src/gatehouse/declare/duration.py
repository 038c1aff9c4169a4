"""Spans of time as people write them: ``30s``, ``10m``, ``2h``, ``90d``, ``1w``."""

from __future__ import annotations

import re
from datetime import timedelta

_WRITTEN = re.compile(r"(?:0|[1-9][0-9]{0,5})[smhdw]")
_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}


def parse(text: str) -> timedelta:
    """Raises ValueError for anything but a whole number and one unit."""
    if not _WRITTEN.fullmatch(text):
        raise ValueError(f"a duration is written like 30s, 10m, 2h, 90d or 1w, got {text!r}")
    return int(text[:-1]) * _UNITS[text[-1]]


def shown(span: timedelta) -> str:
    """The shortest exact way to write a whole number of seconds: ``timedelta(days=1)`` is ``1d``.

    A fraction of a second is dropped. Weeks are written as days, since people compare days.
    """
    whole = timedelta(seconds=int(span.total_seconds()))
    unit, size = next((unit, size) for unit, size in _UNITS.items() if unit != "w" and not whole % size)
    return f"{whole // size}{unit}" if whole else "0s"
