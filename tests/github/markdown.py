"""Markdown as GitHub would show it: its dialect, its allowed HTML and nothing else, mentions, task lists, alerts."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

from markdown_it import MarkdownIt

_PARSER = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable(["table", "strikethrough"])
_TAGS = """
a abbr b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img ins kbd li ol p pre q s samp span
strong sub summary sup table tbody td tfoot th thead tr tt ul var
"""
_ALLOWED = frozenset(_TAGS.split())
_VOID = frozenset({"br", "hr", "img"})
# What is inside these is code, never text.
_SILENT = frozenset({"script", "style", "textarea", "title", "iframe", "noscript", "svg", "math"})
_ATTRIBUTES = frozenset(
    {"href", "src", "alt", "title", "open", "align", "width", "height", "start", "colspan", "rowspan"}
)
_SAFE_LINK = re.compile(r"(https?://|mailto:|#|/)[^\s]*", re.IGNORECASE)
_ALIGNED = re.compile(r"text-align:(left|center|right)")
_MENTION = re.compile(r"(?<![\w`/@])@([A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?:/[A-Za-z0-9_-]+)?)")
_TASK = re.compile(r"\[([ xX])\] ")
_ALERT = re.compile(r"\s*\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*")


def render(text: str) -> str:
    """Markdown to HTML that is safe to put on a page."""
    return _sanitized(text).html


def mentions(text: str) -> tuple[str, ...]:
    """The accounts and teams that GitHub would notify: ``ada``, ``acme/risk``; code and quotes of code never do."""
    return tuple(dict.fromkeys(_sanitized(text).mentioned))


def _sanitized(text: str) -> _Sanitizer:
    sanitizer = _Sanitizer()
    sanitizer.feed(_PARSER.render(text))
    sanitizer.close()
    return sanitizer


class _Sanitizer(HTMLParser):
    """Lets through what GitHub lets through; comments, scripts, handlers and odd links are gone."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._out: list[str] = []
        self._open: list[str] = []
        self._silenced = ""
        self.mentioned: list[str] = []

    @property
    def html(self) -> str:
        return "".join([*self._out, *(f"</{tag}>" for tag in reversed(self._open))])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silenced = self._silenced or tag
        if self._silenced or tag not in _ALLOWED:
            return
        # A column's alignment comes as a style; GitHub shows it as the old attribute.
        told = [
            ("align", m[1]) if (m := _ALIGNED.fullmatch(value or "")) else (name, value or "") for name, value in attrs
        ]
        kept = [(name, value) for name, value in told if name in _ATTRIBUTES and _allowed(name, value)]
        written = "".join(f' {name}="{html.escape(value)}"' for name, value in kept)
        self._out.append(f"<{tag}{written}>")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == self._silenced:
            self._silenced = ""
        if self._silenced or tag not in self._open:
            return
        while (closed := self._open.pop()) != tag:
            self._out.append(f"</{closed}>")
        self._out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self._silenced:
            return
        text = html.escape(data, quote=False)
        if not {"code", "pre", "a"} & set(self._open):
            text = self._decorated(text)
        self._out.append(text)

    def _decorated(self, text: str) -> str:
        self.mentioned += _MENTION.findall(text)
        text = _MENTION.sub(r'<span class="mention">@\1</span>', text)
        if "li" in self._open[-2:] and (box := _TASK.match(text)):
            checked = " checked" if box[1] != " " else ""
            text = f'<input type="checkbox" disabled{checked}> {text[box.end() :]}'
        if "blockquote" in self._open[-2:] and (alert := _ALERT.match(text)):
            text = f'<strong class="alert {alert[1].lower()}">{alert[1].title()}</strong><br>{text[alert.end() :]}'
        return text


def _allowed(name: str, value: str) -> bool:
    return name not in ("href", "src") or _SAFE_LINK.fullmatch(value.strip()) is not None
