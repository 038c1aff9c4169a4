"""Where in a file a key is written."""

from __future__ import annotations

from gatehouse.declare.reader import nearest, parse


def line_of(text: str, *keys: str | int) -> int:
    """The line (from 1) of a key, or of the nearest thing around it; 1 where nothing of it is there.

    ``line_of(text, "canary", "version")``; list items are counted from 0.
    """
    _, lines, _ = parse("", text)
    return nearest(lines, keys)
