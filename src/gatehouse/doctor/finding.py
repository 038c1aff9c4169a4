"""What doctor says: one finding a thing that was looked at."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Level(StrEnum):
    """``unknown`` is what could not be looked at: never fine, and not known to be wrong."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    UNKNOWN = "unknown"


class Unseen(msgspec.Struct, frozen=True):
    """What could not be looked at: why, and what would show it."""

    why: str
    fix: str


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at.

    ``check`` names what was judged, ``what`` says how it is, ``fix`` what to do about it, ``link`` where; ``settable``:
    ``doctor --fix`` can do it; ``accepted``: somebody said that it may be so.
    """

    check: str
    level: Level
    what: str
    fix: str = ""
    link: str = ""
    settable: bool = False
    accepted: bool = False


def ok(check: str, what: str) -> Finding:
    return Finding(check, Level.OK, what)


def warn(check: str, what: str, fix: str, link: str = "") -> Finding:
    return Finding(check, Level.WARN, what, fix, link)


def bad(check: str, what: str, fix: str, link: str = "", *, settable: bool = False) -> Finding:
    return Finding(check, Level.BAD, what, fix, link, settable)


def unknown(check: str, what: str, fix: str, link: str = "") -> Finding:
    return Finding(check, Level.UNKNOWN, what, fix, link)
