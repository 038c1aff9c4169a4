"""Text on its way to a terminal or a log: what strangers wrote in it starts nothing there.

A terminal obeys escape sequences. A log of GitHub Actions obeys lines that begin with ``::`` and, anywhere in a line,
``##[``; Azure and TeamCity have ``##vso[`` and ``##teamcity[``
(https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands).
"""

from __future__ import annotations

import re

_BEGINS = re.compile(r"^(\s*):(?=:)", re.MULTILINE)
_INSIDE = re.compile(r"##(\w*)\[")
# What JSON may hold as it is, and a terminal or a reader's eye takes for something else.
_UNSEEN = re.compile("[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]")
# Set between a figure and its unit, by us.
_KEPT = frozenset("\n\u00a0")


def legible(text: str) -> str:
    """The text with everything unprintable or unseen escaped, but line ends; what bytes made no character of, too."""
    shown = _UNSEEN.sub(lambda match: _escaped(match[0]), text)
    return "".join(char if char.isprintable() or char in _KEPT else _escaped(char) for char in shown)


def unheard(text: str) -> str:
    """The text with a backslash in whatever a CI system would take for a command to itself."""
    return _INSIDE.sub(r"##\1\\[", _BEGINS.sub(r"\1\\:", text))


def json_line(text: str) -> str:
    """A JSON document that means the same, and that neither a terminal nor a CI system takes for anything else."""
    return _UNSEEN.sub(_json, _INSIDE.sub(r"##\1\\u005b", text))


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode()


def _json(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
