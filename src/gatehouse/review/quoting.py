"""Text in Markdown that reads as it was written, starts nothing on GitHub, and is taken back to the letter.

What cannot be seen, and blanks that an editor or a mail would trim, are written as character references. Only what no
text on GitHub can hold, NUL and halves of surrogate pairs, is lost: U+FFFD stands for it.
"""

from __future__ import annotations

import re
from html.entities import html5

from gatehouse.report.text import JOINER, clean, escaped

LOST = "\ufffd"
_EDGE = re.compile(r"^ | $")
_MARKED = re.compile(
    r"\\(?P<mark>[!-/:-@\[-`{-~])"
    r"|&#(?:[xX](?P<hex>[0-9a-fA-F]{1,6})|(?P<number>[0-9]{1,7}));"
    r"|&(?P<name>[A-Za-z][A-Za-z0-9]{1,31};)"
    rf"|<span>(?P<dollar>\$)</span>|{JOINER}"
)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)


def written(text: str) -> str:
    """Text on one line, for a place inside a line or at its start. Line ends are written as references too."""
    edges = {found.start() for found in _EDGE.finditer(text)}
    kept: list[str] = []
    plain = ""
    for at, character in enumerate(text):
        if character.isprintable() and at not in edges:
            plain += character
            continue
        kept += [escaped(plain), _reference(character)]
        plain = ""
    return "".join([*kept, escaped(plain)])


def quoted(text: str) -> list[str]:
    """Text as the lines of a block quote. Empty lines around it are written as references: raw ones are nobody's."""
    inner = text.strip("\n")
    if not inner:
        return [f"> {written(text)}"]
    start, _, end = text.partition(inner)
    lines = [f"> {written(line)}".rstrip() for line in inner.split("\n")]
    lines[0] = f"> {written(start)}{lines[0][2:]}"
    lines[-1] += written(end)
    return lines


def read(text: str) -> str:
    """What Markdown by ``written``, or typed by a person, shows as text; without what an HTML comment hides."""
    return _MARKED.sub(_character, _COMMENT.sub("", text))


def says_something(text: str) -> bool:
    """Whether there is a letter or a digit that people see: dots, dashes, thumbs and blanks of any kind say nothing."""
    return any(character.isalnum() for character in clean(text, len(text)))


def unquoted(lines: list[str]) -> str:
    """The text of lines that were quoted, or typed as they are; without empty lines around it."""
    return read("\n".join(_bare(line) for line in lines).strip("\n"))


def _bare(line: str) -> str:
    return re.sub(r"^ {0,3}> ?", "", line).rstrip()


def _reference(character: str) -> str:
    code = ord(character)
    return LOST if code == 0 or 0xD800 <= code <= 0xDFFF else f"&#{code};"


def _character(match: re.Match[str]) -> str:
    if number := match["number"]:
        return _of(int(number))
    if digits := match["hex"]:
        return _of(int(digits, 16))
    if name := match["name"]:
        return html5.get(name, match[0])
    return match["mark"] or match["dollar"] or ""


def _of(code: int) -> str:
    usable = 0 < code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF
    return chr(code) if usable else LOST
