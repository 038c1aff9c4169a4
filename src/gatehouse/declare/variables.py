"""``${VAR}`` and ``${VAR:-default}`` in stages.yaml, read from the environment that is passed in.

Values are put into parsed texts, never into the file's text: a variable cannot add a key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gatehouse.declare.fault import Complaint, Keys

_REFERENCE = re.compile(r"\$\{([^}]*)(\}?)")
_INSIDE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)


def complaints(value: Any, environment: Mapping[str, str] | None, keys: Keys = ()) -> Iterator[Complaint]:
    """References that are malformed and, where there is an environment, those that it does not answer."""
    if isinstance(value, str):
        for found in _REFERENCE.finditer(value):
            yield from _wrong(found, environment, keys)
    for key, item in _items(value):
        yield from complaints(item, environment, (*keys, key))


def expanded(value: Any, environment: Mapping[str, str] | None) -> Any:
    """The value with its references replaced. One without an answer stays as it is written."""
    if isinstance(value, str):
        return _REFERENCE.sub(lambda found: _answer(found, environment or {}), value)
    if isinstance(value, Mapping):
        return {key: expanded(item, environment) for key, item in value.items()}
    return [expanded(item, environment) for item in value] if isinstance(value, list) else value


def _items(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def _wrong(found: re.Match[str], environment: Mapping[str, str] | None, keys: Keys) -> Iterator[Complaint]:
    inside = _INSIDE.fullmatch(found[1])
    if not found[2] or inside is None:
        yield Complaint(keys, f"`{found[0]}` names no variable", "write ${NAME} or ${NAME:-default}")
    elif environment is not None and not environment.get(inside[1]) and inside[2] is None:
        fix = f"set {inside[1]}, or give it a default: ${{{inside[1]}:-…}}"
        yield Complaint(keys, f"the environment variable {inside[1]} is not set", fix)


def _answer(found: re.Match[str], environment: Mapping[str, str]) -> str:
    inside = _INSIDE.fullmatch(found[1])
    if inside is None:
        return found[0]
    # As in a shell, ":-" also covers a variable that is set and empty.
    return environment.get(inside[1]) or (found[0] if inside[2] is None else inside[2])
