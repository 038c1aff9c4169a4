"""Plain YAML scalars: what both YAML 1.1 and 1.2 read alike is read, what they read differently is refused.

PyYAML follows YAML 1.1 (https://yaml.org/type/), editors and ruamel.yaml follow 1.2. ``047`` is 39 to one and 47 to the
other, and a version number must not depend on who reads it. Dates stay text; their fields are parsed by type later.
"""

from __future__ import annotations

import math
import re

Scalar = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_YES = {word for base in ("yes", "on") for word in (base, base.title(), base.upper())}
_NO = {word for base in ("no", "off") for word in (base, base.title(), base.upper())}
# Letters that begin one of the words above; every other letter begins a text.
_WORDY = frozenset("nNtTfFyYoO~")
_NUMERIC = frozenset("0123456789+-.")
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_OCTAL = re.compile(r"[-+]?0[0-9_]+")
_RADIX = re.compile(r"[-+]?0[xXbBoO][0-9a-fA-F_]+")
# One way to match each text: with two, a megabyte of underscores takes hours.
_GROUPED = re.compile(r"[-+]?[0-9]+_[0-9_]*(?:\.[0-9_]*)?")
_SIXTIES = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF|nan|NaN|NAN)")
# The largest integer that every reader of JSON keeps, signed 64 bits.
_LARGEST = 2**63 - 1


class Trap(ValueError):
    """A scalar that does not mean what it looks like; ``fix`` says what to write."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


def plain(text: str) -> Scalar:
    """The value of an unquoted scalar. Raises Trap for one that YAML's dialects read differently."""
    first = text[:1]
    if first in _NUMERIC and first:
        return _number(text)
    if first and first not in _WORDY:
        return text
    if text in _WORDS or not text:
        return _WORDS.get(text)
    if text in _YES or text in _NO:
        meaning = "true" if text in _YES else "false"
        raise Trap(f"`{text}` means {meaning} to some readers of YAML", f'write {meaning}, or "{text}" for the word')
    return text


def _number(text: str) -> Scalar:
    if _INTEGER.fullmatch(text):
        if len(text) > 20 or abs(int(text)) > _LARGEST:
            raise Trap(
                f"{_short(text)} is too large for a number", "put it in quotes if it is a text, such as a digest"
            )
        return int(text)
    if _OCTAL.fullmatch(text):
        bare = text.lstrip("+-0_").replace("_", "") or "0"
        raise Trap(f"`{_short(text)}` is octal to some readers of YAML", _write(bare, text))
    if _FLOAT.fullmatch(text):
        value = float(text)
        if not math.isfinite(value):
            raise Trap(f"{_short(text)} is too large for a number", "write a smaller number")
        return value
    return _unusual(text)


def _unusual(text: str) -> str:
    if _SPECIAL.fullmatch(text):
        raise Trap(f"`{text}` is no number that a limit can be held against", "write a finite number")
    if _RADIX.fullmatch(text):
        raise Trap(
            f"`{_short(text)}` is a number in another base to some readers of YAML", _write("it in decimal", text)
        )
    if _GROUPED.fullmatch(text):
        raise Trap(f"`{_short(text)}` is a number to some readers of YAML", _write(text.replace("_", ""), text))
    if _SIXTIES.fullmatch(text):
        raise Trap(f"`{_short(text)}` is a number in base 60 to some readers of YAML", f'write "{_short(text)}"')
    return text


def _write(number: str, text: str) -> str:
    return f'write {_short(number)} for the number, or "{_short(text)}" for the text'


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
