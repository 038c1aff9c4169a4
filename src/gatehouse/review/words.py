"""Moments and spans as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def moment(when: datetime) -> str:
    """To the second: a review can be early by one."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def seconds(start: datetime, end: datetime) -> float:
    """From one moment to another, whatever their zones; in one zone Python would compare the clocks on the wall.

    Raises ValueError for a moment without a zone: nobody knows when it was.
    """
    if start.utcoffset() is None or end.utcoffset() is None:
        raise ValueError(f"a moment without a zone: {start.isoformat()}, {end.isoformat()}")
    return (end.astimezone(UTC) - start.astimezone(UTC)).total_seconds()


def span(length: float) -> str:
    """Seconds in their two largest units, rounded down: ``3 min 20 s``."""
    left = max(0, int(length))
    parts = []
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        parts += [f"{count} {unit}"] if count else []
    return " ".join(parts[:2]) or "0 s"


def people(logins: Sequence[str]) -> str:
    """``@anna, @bob and @chen``."""
    named = [f"@{login}" for login in logins]
    return " and ".join([", ".join(named[:-1]), named[-1]]) if len(named) > 1 else "".join(named)


def count(number: int, noun: str) -> str:
    """``1 approval``, ``2 approvals``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
