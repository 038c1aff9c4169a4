"""What GitHub makes of Markdown, seen from the outside: tags, links, and what it notifies, closes or refers to.

Its dialect is CommonMark with tables, strikethrough, task lists and extended autolinks (https://github.github.com/gfm);
over the text that results run its own filters: mentions, references to issues and commits, and emoji
(https://docs.github.com/en/get-started/writing-on-github). What the filters look for is taken wider here than there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from markdown_it import MarkdownIt

_PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
# GFM 6.9: where an extended autolink may begin, and what one looks like; the parser itself knows none.
_AUTOLINKS = (
    re.compile(r"(?i)(?:^|[\s*_~(])(?:www\.|https?://|ftp://)[^\s<]"),
    re.compile(r"(?i)[a-z0-9.\-_+]@[a-z0-9\-_]+\.[a-z0-9]"),
    re.compile(r"(?i)(?:mailto|xmpp):[^\s<@]*@[a-z0-9]"),
)
_FILTERS = {
    "mention": re.compile(r"@[A-Za-z0-9]"),
    "issue": re.compile(r"#\d|(?i:(?<![a-z0-9])gh-\d)"),
    # Of digits alone one may be a figure.
    "commit": re.compile(r"(?:^|[\s({\[@])(?!\d+\b)[0-9a-f]{7,40}\b"),
    "emoji": re.compile(r":[A-Za-z0-9_+\-]+:"),
    "math": re.compile(r"\$[^$\s]"),
}


# What is no text filter's: footnotes, boxes to tick and alerts are brackets that nobody escaped.
_BRACKETS = re.compile(r"(?<!\\)(?:\\\\)*\[(?:\^|[ xX]\]|!)")
# How a dollar sign is written that is none of mathematics; no other <span> is ever ours.
DOLLAR = "<span>$</span>"


@dataclass
class Seen(HTMLParser):
    """A rendered text: its tags in order, its links and pictures, its text outside of code, and what that starts."""

    source: str
    tags: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    attributes: set[str] = field(default_factory=set)
    text: str = ""
    started: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._inside: list[str] = []
        assert self.source.count("<span") == self.source.count(DOLLAR)
        self.feed(_PARSER.render(self.source))
        self.close()
        if _BRACKETS.search(self.source):
            self.started.append("brackets")
        if "$" in self.source.replace(DOLLAR, ""):
            # Mathematics may be found before anything else is read, and after.
            self.started.append("math")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "span":
            self.tags.append(tag)
        self._inside.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._inside.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            while self._inside.pop() != tag:
                pass

    def handle_comment(self, data: str) -> None:
        self.started.append("comment")

    def handle_data(self, data: str) -> None:
        if "code" in self._inside or "a" in self._inside:
            return
        self.text += data
        if data == "$" and self._inside[-1] == "span":
            return
        self.started += [f"link: {data}" for pattern in _AUTOLINKS if pattern.search(data)]
        self.started += [f"{what}: {data}" for what, pattern in _FILTERS.items() if pattern.search(data)]
