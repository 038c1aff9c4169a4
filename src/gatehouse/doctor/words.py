"""Lists in words."""

from __future__ import annotations

from collections.abc import Iterable

_SHOWN = 6


def listed(names: Iterable[str], shown: int = _SHOWN) -> str:
    """``a, b and c``; of a long list the first few, and how many more there are."""
    found = list(names)
    if len(found) > shown:
        return f"{', '.join(found[:shown])} and {len(found) - shown} more"
    return " and ".join([", ".join(found[:-1]), found[-1]]) if len(found) > 1 else "".join(found)
