"""Text in the form and length that GitHub takes."""

from __future__ import annotations

import re

LIMIT = 65_535
"""Characters in a comment, a review, or a check's summary or text."""
TITLE_LIMIT = 256
STATUS_LIMIT = 140
_NAME = re.compile(r"[\w./-]+")
_CUT = "\n\n… cut here: GitHub takes no more than 65,535 characters."


def clean(text: str) -> str:
    """The text without what no JSON reader agrees on: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def body(text: str) -> str:
    """A body that GitHub takes: clean, and cut with a note where it is too long."""
    cleaned = clean(text)
    return cleaned if len(cleaned) <= LIMIT else cleaned[: LIMIT - len(_CUT)] + _CUT


def line(text: str, limit: int = TITLE_LIMIT) -> str:
    """One line: white space folded, cut with an ellipsis where it is too long."""
    folded = " ".join(clean(text).split())
    return folded if len(folded) <= limit else folded[: limit - 1] + "…"


def marker(name: str) -> str:
    """A sticky comment's first line, which readers do not see. Raises ValueError for a name with odd characters."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"a comment's name is made of letters, digits, _ . / -, got {name!r}")
    return f"<!-- gatehouse:{name} -->"


def marked(text: str, name: str) -> bool:
    """Whether a body starts with the marker; one that merely quotes it further down does not count."""
    return text.split("\n", 1)[0].rstrip("\r") == marker(name)


def same(sent: str, stored: str) -> bool:
    """Whether a body is the one that was sent: GitHub may trim it and change its line ends."""
    return sent.replace("\r\n", "\n").strip() == stored.replace("\r\n", "\n").strip()
