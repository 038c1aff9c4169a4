"""Whether two results say the same: every figure to 1e-9, every word to the letter."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

TOLERANCE = 1e-9


def differences(one: Any, other: Any, where: str = "") -> list[str]:
    """Where two values of structs, dataclasses, mappings, sequences and figures differ; empty where they are alike."""
    return list(_differ(_plain(one), _plain(other), where or "."))


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value, enc_hook=_array)


def _array(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)


def _differ(one: Any, other: Any, where: str) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted({*one, *other}, key=str):
            yield from _differ(one.get(name), other.get(name), f"{where}/{name}")
    elif isinstance(one, list | tuple) and isinstance(other, list | tuple):
        if len(one) != len(other):
            yield f"{where}: {len(one)} and {len(other)} entries"
        for place, (a, b) in enumerate(zip(one, other, strict=False)):
            yield from _differ(a, b, f"{where}/{place}")
    elif isinstance(one, float) and isinstance(other, float):
        both_nan = math.isnan(one) and math.isnan(other)
        if not both_nan and one != other and not abs(one - other) <= TOLERANCE * max(1.0, abs(one)):
            yield f"{where}: {one!r} and {other!r}"
    elif one != other:
        yield f"{where}: {one!r} and {other!r}"
