"""The types that a skops file names, read from its ``schema.json`` without skops, which would import them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

SCHEMA = "schema.json"
# What skops itself makes of plain values.
_LIMIT = 50_000_000


def types(data: bytes) -> Iterator[tuple[str, str]]:
    """Module and name of every class and function. Raises ValueError for what is no JSON, or too large."""
    if len(data) > _LIMIT:
        raise ValueError(f"more than {_LIMIT:,} bytes of schema")
    try:
        waiting: list[Any] = [json.loads(data)]
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            module, name = part.get("__module__"), part.get("__class__")
            if isinstance(module, str) and isinstance(name, str):
                yield module, name
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
