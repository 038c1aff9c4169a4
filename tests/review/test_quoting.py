"""Whatever somebody answers goes through Markdown, and through what editors do to it, and comes back to the letter."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.review.quoting import LOST, quoted, read, unquoted, written
from tests.fuzz.corpus import EVERYTHING
from tests.fuzz.github import Seen
from tests.review.forms import PATIENCE_S, possible, words


@settings(max_examples=500, deadline=None)
@given(words)
def test_a_line_comes_back_to_the_letter(text: str) -> None:
    line = written(text)
    assert "\n" not in line
    assert line == line.strip()
    assert read(line) == text


@settings(max_examples=500, deadline=None)
@given(words)
def test_a_quote_comes_back_to_the_letter(text: str) -> None:
    lines = quoted(text)
    assert all(line.startswith(">") for line in lines)
    assert unquoted(lines) == text
    assert unquoted([line.rstrip() for line in lines]) == text, "an editor trims"
    assert unquoted(["", *lines, "", ""]) == text, "and adds"


@settings(max_examples=300, deadline=None)
@given(words)
def test_a_quote_starts_nothing(text: str) -> None:
    seen = Seen("\n".join(quoted(text)))
    assert set(seen.tags) <= {"blockquote", "p"}
    assert (seen.links, seen.started) == ([], [])


def test_the_whole_corpus_comes_back_and_starts_nothing() -> None:
    for text in EVERYTHING:
        assert unquoted(quoted(text)) == possible(text)
        seen = Seen("before " + written(text))
        assert (seen.tags, seen.links, seen.started) == (["p"], [], []), text


@pytest.mark.parametrize("letter", ["\0", "\ud800"])
def test_what_no_text_can_hold_is_marked_as_lost(letter: str) -> None:
    assert unquoted(quoted(f"a{letter}b")) == f"a{LOST}b"


@pytest.mark.parametrize("reference", ["&#0;", "&#xd800;", "&#1114112;", "&#9999999;", "&#xffffff;"])
def test_nobody_can_write_half_a_character_by_its_number(reference: str) -> None:
    assert read(reference) == LOST


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("R&amp;D", "R&D"),
        ("R&D", "R&D"),
        ("&nosuch;", "&nosuch;"),
        ("a \\* b", "a * b"),
        ("c:\\data", "c:\\data"),
        ("&#xe9;t&eacute;", "été"),
        ("yes<!-- no -->", "yes"),
        ("<!-- yes -->", ""),
        ("yes <!-- and more", "yes "),
        ("5 < 6 > 4", "5 < 6 > 4"),
    ],
)
def test_what_is_typed_is_read_as_it_is_shown(typed: str, shown: str) -> None:
    assert read(typed) == shown


@given(st.text())
def test_any_markdown_can_be_read(text: str) -> None:
    assert isinstance(unquoted(text.split("\n")), str)


def test_a_giant_line_is_written_and_read_in_no_time() -> None:
    started = time.monotonic()
    for letter in ("-", "=", "`", "<", "&", "@", ":", " ", "\t", "_", "0", "[", "\\"):
        text = letter * 60_000 + "x"
        assert unquoted(quoted(text)) == text
    assert time.monotonic() - started < PATIENCE_S
