"""Model cards and dataset cards: Markdown under YAML front matter, read as what a stranger wrote.

The form is the one of Hugging Face's cards (https://huggingface.co/docs/hub/model-cards). Markdown is read by the rules
of CommonMark, so that a heading in a code block is none; HTML is looked through for its words, comments say nothing.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatehouse.declare import reader
from gatehouse.errors import GatehouseError
from gatehouse.evaluate.material import Paper

# A long card has 50 kB.
SIZE_LIMIT = 200_000
_FRONT = re.compile(r"---[ \t]*\r?\n(?P<yaml>.*?)(?:^|(?<=\n))(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)(?P<rest>.*)", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_SILENT = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
# Each stops where the next tag begins, or after a line's worth: none of them is to look at a hostile text twice.
_HTML_HEADING = re.compile(r"<h([1-6])\b[^<>]*>(.{0,300}?)</h\1\s*>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z!?][^<>]*>")
_TARGET = re.compile(r"\]\([^()\s]*\)")
_SIGNS = re.compile(r"[*_`\[\]]+|!(?=\[)")
_NUMBER = re.compile(r"^\s*\d+(?:\.\d+)*[.)]?\s+")
# What stands where somebody meant to write something, and what is left of a template.
_PLACEHOLDER = re.compile(
    r"\b(?:todo|tbd|tba|fixme|xxx|wip|n\.?/?a\b\.?|none|null|unknown|placeholder|lorem ipsum|coming soon"
    r"|to be (?:done|determined|defined|announced|added|filled(?: in)?|written|completed)|fill (?:this |me )?in"
    r"|not (?:yet )?(?:available|applicable|written)|(?:more )?information needed|insert text here|write here)\b"
    r"|\{\{[^{}]{0,200}\}\}|\.{3}|…",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, its level from 1, and the words below it up to the next heading of its level or above."""

    heading: str
    level: int
    text: str

    @property
    def says_something(self) -> bool:
        return written(self.text)


@dataclass(frozen=True, slots=True)
class Card:
    """``where`` it was found, in words; ``digest`` of its bytes; ``meta`` is the front matter, dates as text."""

    where: str
    digest: str
    meta: Mapping[str, Any]
    sections: tuple[Section, ...]


def read_card(folder: Path, paper: Paper) -> Card:
    """A card as it was fetched. Raises GatehouseError for one that could not be fetched or does not read."""
    if paper.problem:
        raise GatehouseError(paper.problem, paper.fix)
    path = folder / paper.path
    if path.is_symlink() or not path.is_file():
        raise GatehouseError(f"{paper.origin} is no plain file", "write the card itself there")
    with path.open("rb") as stream:
        return parse(stream.read(SIZE_LIMIT + 1), paper.origin)


def parse(data: bytes, where: str) -> Card:
    """A card's bytes. Raises GatehouseError, whose message begins with ``where`` and the line, for one too large, that
    is not UTF-8, or whose front matter is no YAML mapping."""
    if len(data) > SIZE_LIMIT:
        raise GatehouseError(
            f"{where}: has more than {SIZE_LIMIT:,} bytes", "keep tables and pictures elsewhere, and link to them"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise GatehouseError(f"{where}:{line}: is not UTF-8 text", "save it as UTF-8") from error
    front = _FRONT.match(text)
    meta = _meta(front["yaml"], where) if front else {}
    body = front["rest"] if front else text
    return Card(where, f"sha256:{hashlib.sha256(data).hexdigest()}", meta, _sections(body))


def _meta(text: str, where: str) -> Mapping[str, Any]:
    # The line above is the `---`, so that lines are counted as an editor counts them.
    value, _, faults = reader.parse(where, f"\n{text}")
    if faults:
        first = faults[0]
        what = f"{first.key}: {first.message}" if first.key else first.message
        raise GatehouseError(f"{where}:{first.line}: front matter: {what}", first.fix)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise GatehouseError(f"{where}:2: front matter: is not a mapping", "write `key: value` lines")
    return value


def written(text: str) -> bool:
    """Whether a text says anything: something is left when placeholders are taken out."""
    return _WORD.search(_PLACEHOLDER.sub(" ", text)) is not None


def normal(heading: str) -> str:
    """A heading as it is compared: "3. Bias, Risks & Limitations" is "bias risks limitations"."""
    words = re.sub(r"[\W_]+", " ", _NUMBER.sub("", re.sub(r"\[.*?\]", "", heading)).casefold()).split()
    return " ".join(word for word in words if word not in ("and", "the"))


# --- Markdown


def _sections(body: str) -> tuple[Section, ...]:
    headings: list[tuple[str, int]] = []
    texts: list[list[str]] = []
    for level, words in _pieces(body):
        if level:
            headings.append((words, level))
            texts.append([])
        elif texts:
            texts[-1].append(words)
    return tuple(
        Section(heading, level, "\n".join(words for text in texts[at : _end(headings, at)] for words in text))
        for at, (heading, level) in enumerate(headings)
    )


def _end(headings: list[tuple[str, int]], at: int) -> int:
    """Where a section ends: at the next heading that is not below its own."""
    level = headings[at][1]
    following = (later for later in range(at + 1, len(headings)) if headings[later][1] <= level)
    return next(following, len(headings))


def _pieces(body: str) -> Iterator[tuple[int, str]]:
    """Headings with their level, and texts with level 0, in order."""
    from markdown_it import MarkdownIt

    heading = 0
    # Blocks only: what makes a line bold or a link is of no interest, and takes quadratic time where it is nested.
    for token in MarkdownIt("commonmark").enable("table").disable("inline").parse(body):
        if token.type == "heading_open":
            # One inside a quotation or a list heads nothing.
            heading = int(token.tag[1:]) if token.level == 0 else 0
        elif token.type == "inline":
            yield heading, _plain(token.content)
            heading = 0
        elif token.type in ("fence", "code_block"):
            yield 0, token.content
        elif token.type == "html_block":
            yield from _html(token.content)


def _plain(line: str) -> str:
    """The words of a line, without its signs; a link says what its words say, an image what its description says."""
    return _words(_SIGNS.sub("", _TARGET.sub("]", _COMMENT.sub(" ", line))))


def _html(text: str) -> Iterator[tuple[int, str]]:
    shown = _SILENT.sub(" ", _COMMENT.sub(" ", text))
    place = 0
    for heading in _HTML_HEADING.finditer(shown):
        yield 0, _words(shown[place : heading.start()])
        yield int(heading[1]), _words(heading[2])
        place = heading.end()
    yield 0, _words(shown[place:])


def _words(markup: str) -> str:
    return html.unescape(_TAG.sub(" ", markup)).strip()
