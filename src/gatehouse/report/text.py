"""Hostile text made harmless. Whatever stands in a result was written by a model or by a pull request."""

from __future__ import annotations

import re
import unicodedata

# Zero-width and unbreakable: "@" + JOINER + "name" looks like a mention and is none.
JOINER = "\u2060"
ELLIPSIS = "…"
# More combining marks than any script stacks on one letter are there to smear over their neighbours.
MAX_MARKS = 3
SAFE_LINK = re.compile(r"https?://[A-Za-z0-9\-._~:/?#@!$&'*+,;=%]{1,2000}")

_SPECIAL = re.compile(r"[\\`*\[\]|~]|(?<![^\W_])_|_(?![^\W_])")
# What makes a list, a rule or a heading of the line that it begins.
_BLOCK = re.compile(r"^(?:[-+](?=\s|$)|-++(?=[-\s]*$)|=+(?=\s*$)|\d{1,9}(?=[.)](?:\s|$)))")
# A dollar sign between tags begins no formula: docs.github.com, "Writing mathematical expressions".
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "<span>$</span>"})
_LIVE = (
    (re.compile(r"[@#]"), rf"\g<0>{JOINER}"),  # mentions, mail addresses, issue references
    (re.compile(r"(?i)(?<![a-z0-9])(gh)-(?=\d)"), rf"\1{JOINER}-"),
    (re.compile(r"://"), f":{JOINER}//"),
    (re.compile(r"(?i)(www)\."), rf"\1{JOINER}."),
    (re.compile(r":(?=[A-Za-z0-9_+\-]+:)"), f":{JOINER}"),  # emoji by name
)

# What GitHub links to a commit where it stands in text; a number is left alone, so that it can be copied.
_COMMIT = re.compile(r"(?:(?<=[\s({\[@])|^)(?!\d+\b)([0-9a-f]{6})(?=[0-9a-f]{1,34}\b)")
# Unicode's Default_Ignorable_Code_Point beyond the format characters (Cf), and a blank that is called a symbol: nothing
# is seen where they stand. Selectors of a character's emoji form are seen.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0d\uffa0\U000e0000-\U000e0fff]"
)

# SARIF 2.1.0, 3.11.5 and 3.11.6: placeholders and embedded links are read in plain messages too.
_EMBEDDED = ((re.compile(r"\]\("), f"]{JOINER}("), (re.compile(r"\{(?=\d)"), f"{{{JOINER}"))


def clean(text: str, limit: int = 300) -> str:
    """One line of visible characters, at most ``limit`` long: no control, direction or zero-width characters.

    What is cut off is cut from the end, and an ellipsis says so.
    """
    # Whatever is kept comes from the front: a giant text costs no more than a long one.
    front = text[: limit * 4 + 100]
    line = re.sub(r"\s{2,}", " ", front if front.isascii() and front.isprintable() else _visible(front)).strip()
    return line if len(line) <= limit else line[: max(limit - 1, 0)].rstrip() + ELLIPSIS


def _visible(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for character in _UNSEEN.sub("", text):
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks > MAX_MARKS or category in ("Cf", "Cs", "Co", "Cn"):
            continue
        blank = category == "Cc" or (category[0] == "Z" and character != "\u00a0")
        kept.append(" " if blank else character)
    return "".join(kept)


def middle(text: str, limit: int) -> str:
    """A clean name of at most ``limit`` characters, elided in the middle: the ends tell similar names apart."""
    name = clean(text, 1000)
    if len(name) <= limit:
        return name
    head = limit // 2
    return name[:head] + ELLIPSIS + name[len(name) - (limit - 1 - head) :]


def markdown(text: str, limit: int = 300) -> str:
    """Text that reads the same in GitHub's Markdown and starts nothing there: no markup, link, mention or table cell.

    It stays on its line, and may begin one.
    """
    return escaped(clean(text, limit))


def escaped(line: str) -> str:
    """A line as ``markdown`` writes it, with nothing cleaned away: ``gatehouse.review.quoting`` takes it back."""
    return _BLOCK.sub(_unmarked, _escaped(_COMMIT.sub(rf"\1{JOINER}", line)))


def _escaped(line: str) -> str:
    line = _SPECIAL.sub(r"\\\g<0>", line)
    for pattern, dead in _LIVE:
        line = pattern.sub(dead, line)
    return line.translate(_ENTITIES)


def _unmarked(match: re.Match[str]) -> str:
    """Digits cannot be escaped: of a numbered item it is the dot after them that is."""
    return f"{match[0]}\\" if match[0].isdigit() else f"\\{match[0]}"


def inert(text: str, limit: int = 300) -> str:
    """Plain text for a reader that may still look for links, mentions and placeholders in it, as those of SARIF do."""
    line = clean(text, limit)
    for pattern, dead in (*_LIVE, *_EMBEDDED):
        line = pattern.sub(dead, line)
    return line


def code(text: str, limit: int = 80) -> str:
    """A name in Markdown's fixed-width letters, elided in the middle; harmless as ``markdown`` is."""
    return f"<code>{_escaped(middle(text, limit))}</code>"


def link(label: str, url: str) -> str:
    """A Markdown link on an already escaped label; the label alone where the URL is not a plain http(s) one."""
    return f"[{label}]({url})" if SAFE_LINK.fullmatch(url) else label


def below(url: str, base: str) -> str:
    """The URL where it lies below a trusted base, else "": a result may not send a reader somewhere of its choosing."""
    root = base.rstrip("/") + "/"
    inside = bool(base) and url.startswith(root) and SAFE_LINK.fullmatch(url) is not None
    return url if inside and "/../" not in url and "/./" not in url else ""
