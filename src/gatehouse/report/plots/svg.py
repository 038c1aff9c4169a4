"""SVG elements as escaped markup, and how wide text will be."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from gatehouse.report.text import ELLIPSIS, clean

Svg = Markup
# A drawing of fourteen rows is told in about a thousand characters.
LONGEST_LABEL = 1_500
FONT = 12  # CSS pixels; the stylesheet sets the same
_NARROW = frozenset("iljtfrI.,:;'|!()[] ")
_BROAD = frozenset("mwMW@%&…—<>=+~")


def element(name: str, *content: Svg | str, **attributes: object) -> Svg:
    """One element. Text and attribute values are escaped; ``class_`` and ``stroke_width`` lose their underscores."""
    parts = Markup(" ").join(
        Markup('{}="{}"').format(key.rstrip("_").replace("_", "-"), _shown(value))
        for key, value in attributes.items()
        if value is not None
    )
    head = Markup("{} {}").format(name, parts) if parts else Markup("{}").format(name)
    inner = Markup("").join(escape(part) for part in content)
    return Markup("<{}>{}</{}>").format(head, inner, name) if inner else Markup("<{}/>").format(head)


def _shown(value: object) -> str:
    """Coordinates to a tenth of a pixel: nobody sees more, and pages stay small."""
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return str(value)


def canvas(width: float, height: float, label: str, parts: Iterable[Svg]) -> Svg:
    """A whole drawing; ``label`` is what a screen reader says in its place."""
    return element(
        "svg",
        *parts,
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=int(width),
        height=int(height),
        role="img",
        aria_label=clean(label, LONGEST_LABEL),
    )


def text(x: float, y: float, content: str, *, kind: str = "", anchor: str = "start", full: str = "") -> Svg:
    """A line of text with its baseline at y. ``full`` is what was elided, told where the pointer rests."""
    told = [title(full)] if full and full != content else []
    return element(
        "text", *told, content, x=x, y=y, class_=kind or None, text_anchor=None if anchor == "start" else anchor
    )


def title(content: str) -> Svg:
    """What a browser tells where the pointer rests on the element around it."""
    return element("title", clean(content, 500))


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Svg:
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=kind)


def rectangle(x: float, y: float, width: float, height: float, kind: str) -> Svg:
    return element("rect", x=x, y=y, width=max(width, 0.0), height=max(height, 0.0), class_=kind)


def text_width(content: str, size: float = FONT) -> float:
    """How wide the text gets in CSS pixels, on the safe side: for the broadest of the usual interface fonts."""
    return sum(_advance(character) for character in content) * size


def _advance(character: str) -> float:
    if character in _NARROW:
        return 0.42
    if character in _BROAD:
        return 1.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.1
    if character.isascii():
        return 0.72 if character.isupper() else 0.65
    # Letters of other scripts reach a whole em, a few ligatures beyond it.
    return 1.0


def elide(content: str, width: float, size: float = FONT) -> str:
    """The clean text, elided in the middle where it would be wider than ``width`` pixels."""
    whole = clean(content, 300)
    if text_width(whole, size) <= width:
        return whole
    room, head, tail = width - text_width(ELLIPSIS, size), "", ""
    while room > 0 and len(head) + len(tail) < len(whole):
        front = len(head) <= len(tail)
        character = whole[len(head)] if front else whole[-1 - len(tail)]
        room -= text_width(character, size)
        if room < 0:
            break
        head, tail = (head + character, tail) if front else (head, character + tail)
    return head.rstrip() + ELLIPSIS + tail.lstrip()


def elide_apart(names: Sequence[str], width: float) -> list[str]:
    """The names, elided so that those that differ still do: where their middles tell them apart, what they begin with
    in common is left out first."""
    short = [elide(name, width) for name in names]
    alike = [name for name, shown in zip(names, short, strict=True) if short.count(shown) > 1]
    begin = next((at for at, letters in enumerate(zip(*alike, strict=False)) if len(set(letters)) > 1), 0)
    return [
        elide(ELLIPSIS + name[begin:], width) if begin and short.count(shown) > 1 else shown
        for name, shown in zip(names, short, strict=True)
    ]
