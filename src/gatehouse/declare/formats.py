"""Patterns and formats of declared texts, the same for the quick look and for jsonschema."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[-+][0-9]{2}:[0-9]{2})"
)


def is_date(text: str) -> bool:
    """A day that exists, as 2026-09-01."""
    return _DATE.fullmatch(text) is not None and _parses(date.fromisoformat, text)


def is_moment(text: str) -> bool:
    """A moment with its zone, as 2026-12-20T18:00:00+01:00; without the zone it is another hour to every reader."""
    return _MOMENT.fullmatch(text) is not None and _parses(moment, text)


def moment(text: str) -> datetime:
    """Raises ValueError for a text that is no moment."""
    return datetime.fromisoformat(text)


def ends_exactly(pattern: str) -> re.Pattern[str]:
    """A JSON Schema pattern, compiled. Its ``$`` is the end of the text; Python's also allows a newline after it."""
    closed = pattern.endswith("$") and not pattern.endswith("\\$")
    return re.compile(f"{pattern[:-1]}\\Z" if closed else pattern)


def _parses(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


# By the name that a schema's ``format`` gives them.
FORMATS: Mapping[str, Callable[[str], bool]] = {"date": is_date, "date-time": is_moment}
