"""One thing wrong in one file: where it is, what it is, and what to write instead."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

Keys = tuple[str | int, ...]
# Characters of a value quoted back to its author, and of any text: a hostile file must not fill the terminal.
_QUOTED = 60
_LONGEST = 500
# How alike two words must be for one to be taken for the other, 0 to 1; `drift` is no misspelt `artifact`.
_LIKENESS = 0.7


class Fault(msgspec.Struct, frozen=True, order=True):
    """A fault of a declared file. ``line`` counts from 1, ``key`` is dotted (``canary.version``, ``stages[1].name``).

    The texts come from files that a stranger may have written, so unprintable characters are kept escaped, and a key of
    a megabyte is cut.
    """

    path: str
    line: int
    key: str
    message: str
    fix: str = ""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "path", printable(self.path))
        for field in ("key", "message", "fix"):
            text = printable(getattr(self, field))
            msgspec.structs.force_setattr(self, field, text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}: " + (f"{self.key}: " if self.key else "")
        return where + self.message + (f"; {self.fix}" if self.fix else "")


class Complaint(NamedTuple):
    """A fault before it has a place: the keys lead to the value that is wrong."""

    keys: Keys
    message: str
    fix: str = ""


def printable(text: str) -> str:
    """The text on one line, with whatever a terminal or an encoder would choke on escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def dotted(keys: Keys) -> str:
    """``("stages", 1, "name")`` as ``stages[1].name``."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).removeprefix(".")


def quoted(value: Any) -> str:
    """A value as its author would write it, cut to a readable length."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…"


def meant(word: str, known: Iterable[str], also: Iterable[str] = ()) -> str:
    """A fix for a misspelt word: the one word that was meant, or all that there are to choose from.

    ``also`` are words that may have been meant, and that nobody is offered to choose.
    """
    choices = sorted(known)
    close = difflib.get_close_matches(word[:100], [*choices, *sorted(also)], n=1, cutoff=_LIKENESS)
    if close:
        return f"did you mean `{close[0]}`?"
    return f"choose from {', '.join(choices)}" if choices else ""
