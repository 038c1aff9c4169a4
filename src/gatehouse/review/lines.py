"""The lines of a review or a comment, and how GitHub shows each: as text, as code, in a quote, or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# GitHub takes no longer ones.
MAX_TEXT = 65_536
# Markdown can be made to take time that grows with the square of a paragraph's length. After a longer one nobody
# knows any more which elements are open.
_MAX_PARAGRAPH = 8_000
_LOST = 1_000_000
_CODE = ("fence", "code_block", "html_block")
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*+)[^<>]*+>")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_VOID = frozenset(
    {"br", "hr", "img", "input", "wbr", "area", "base", "col", "embed", "link", "meta", "source", "track"}
)


def lines(text: str) -> list[str]:
    """The lines of a text from GitHub, whose editor ends them with CR LF."""
    return text[:MAX_TEXT].lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def inside_code(text: Sequence[str]) -> frozenset[int]:
    """Which lines, from 0, are code or raw HTML: what is written there is shown as it is, or not at all."""
    tokens = _parser().parse("\n".join(text))
    return frozenset(at for token in tokens if token.type in _CODE and token.map for at in range(*token.map))


def plain(text: Sequence[str]) -> frozenset[int]:
    """Which lines, from 0, begin with the writer's own text: a paragraph's, not quoted, listed, struck out or folded.

    Where it cannot be told for certain, a line is left out.
    """
    found: set[int] = set()
    depth = 0
    links: dict[str, Any] = {}
    for block in _blocks(_parser().parse("\n".join(text), links)):
        if block.token.type == "html_block":
            depth = _depth(block.token.content, depth)
        elif block.token.type == "inline":
            begun, depth = _begun(block, depth, links)
            found |= begun if block.own else set()
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class _Block:
    """A token with the lines that it came from; ``own``: of a paragraph that stands in nothing else."""

    token: Token
    own: bool


def _blocks(tokens: Sequence[Token]) -> Iterator[_Block]:
    for before, token in zip([None, *tokens], tokens, strict=False):
        yield _Block(token, before is not None and before.type == "paragraph_open" and before.level == 0)


def _begun(block: _Block, depth: int, links: dict[str, Any]) -> tuple[set[int], int]:
    """The lines of a paragraph that begin with plain text, and how many HTML elements are open after it."""
    first, last = block.token.map or (0, 0)
    if len(block.token.content) > _MAX_PARAGRAPH:
        return set(), _LOST
    at, begins, found = first, True, set[int]()
    children: list[Token] = []
    _parser().inline.parse(block.token.content, _parser(), links, children)
    for child in children:
        if child.type in ("softbreak", "hardbreak"):
            at, begins = at + 1, True
            continue
        if begins and child.type == "text" and child.content and child.level == 0 and depth == 0:
            found.add(at)
        depth = _depth(child.content, depth) if child.type == "html_inline" else depth
        # What is empty is there for the parser's own reasons.
        begins = begins and child.type == "text" and not child.content
    # Code or a tag over several lines swallows their ends, so that the count is off.
    return (found if at + 1 == last else set()), depth


def _depth(html: str, depth: int) -> int:
    for closing, name in _TAG.findall(_COMMENT.sub("", html)):
        if name.lower() not in _VOID:
            depth = max(depth - 1, 0) if closing else depth + 1
    return depth


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    # Blocks are enough for most of what is asked; the text inside is read where it is needed.
    parser.core.ruler.disable("inline")
    return parser
