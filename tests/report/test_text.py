"""Hostile text made harmless."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gatehouse.report.text import JOINER, MAX_MARKS, below, clean, code, inert, link, markdown, middle
from tests.support.hostile import FRAGMENTS, texts

GITHUB = MarkdownIt("commonmark").enable(["table", "strikethrough"])


class Reader(HTMLParser):
    """Collects the tags and the text of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # Around a dollar sign, so that it begins no formula; tests/fuzz looks that it is around nothing else.
        if (tag, attrs) != ("span", []):
            self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@given(texts)
def test_escaped_text_reads_in_markdown_as_the_clean_text_and_makes_no_markup(text: str) -> None:
    seen = Reader(GITHUB.render("start " + markdown(text)))
    assert seen.tags == ["p"]
    assert seen.text.replace(JOINER, "").rstrip("\n") == f"start {clean(text)}".rstrip()


@given(texts)
def test_escaped_text_stays_in_its_table_cell(text: str) -> None:
    seen = Reader(GITHUB.render(f"| a | b |\n|--|--|\n| {markdown(text)} | {code(text)} |\n"))
    assert [tag for tag in seen.tags if tag != "code"] == [
        *["table", "thead", "tr", "th", "th"],
        "tbody",
        "tr",
        "td",
        "td",
    ]


@given(texts)
def test_escaped_text_mentions_nobody_and_links_nowhere(text: str) -> None:
    seen = Reader(GITHUB.render("start " + markdown(text, 5000))).text
    assert not re.search(r"@[A-Za-z0-9]", seen)
    assert not re.search(r"#[0-9]", seen)
    assert not re.search(r"(?i)(?<![a-z0-9])gh-[0-9]", seen)
    assert "://" not in seen
    assert not re.search(r"(?i)www\.", seen)
    assert not re.search(r":[a-z0-9_+\-]+:", seen.lower())


@given(texts)
def test_inert_text_reads_as_the_clean_text_and_holds_no_link_mention_or_placeholder(text: str) -> None:
    line = inert(f"{text}](1) [x](https://evil.example) {{0}}", 5000)
    assert line.replace(JOINER, "") == clean(f"{text}](1) [x](https://evil.example) {{0}}", 5000)
    assert not re.search(r"\]\(|\{\d|://|@[A-Za-z0-9]", line)


@given(texts, st.integers(1, 400))
def test_clean_text_is_one_bounded_line_of_visible_characters(text: str, limit: int) -> None:
    line = clean(text, limit)
    assert len(line) <= limit
    assert line == line.strip()
    assert not re.search("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\ud800-\udfff]", line)
    assert clean(line, limit) == line


def test_accents_stacked_without_end_are_cut_to_what_scripts_use() -> None:
    assert clean("e" + "\u0301" * 40) == "e" + "\u0301" * MAX_MARKS


def test_a_giant_text_costs_no_more_than_a_long_one() -> None:
    assert len(clean("x" * 50_000_000)) == 300


def test_names_inside_words_keep_their_underscores() -> None:
    assert markdown("roc_auc of age_band") == "roc_auc of age_band"
    assert markdown("_soft_") == "\\_soft\\_"


@pytest.mark.parametrize("limit", [1, 2, 3, 8, 9])
def test_a_name_elided_in_the_middle_has_exactly_the_length_allowed(limit: int) -> None:
    short = middle("bureau_attribute_07_utilisation", limit)
    assert len(short) == limit
    assert "…" in short


def test_a_name_that_fits_is_not_elided() -> None:
    assert middle("income", 6) == "income"


def test_only_plain_web_addresses_become_links() -> None:
    assert link("run", "https://mlflow.acme.example/#/runs/1") == "[run](https://mlflow.acme.example/#/runs/1)"
    for bad in ("", "javascript:alert(1)", "https://x.example/)[y](z", "https://x.example/ y", "data:text/html,x"):
        assert link("run", bad) == "run"


def test_a_link_is_followed_only_below_a_trusted_base() -> None:
    base = "https://mlflow.acme.example"
    assert below(f"{base}/#/runs/1", base) == f"{base}/#/runs/1"
    assert below("https://mlflow.acme.example.evil.example/x", base) == ""
    assert below(f"{base}/../x", base) == ""
    assert below("https://evil.example/", base) == ""
    assert below(f"{base}/x", "") == ""


def test_the_corpus_holds_every_kind_of_attack_that_the_escape_knows() -> None:
    """Guards the fuzz itself: each character that is escaped, and each live pattern, occurs in it."""
    corpus = "".join(FRAGMENTS)
    assert all(character in corpus for character in "\\`*[]|~_<>&$@#:")
    assert "://" in corpus
    assert "www." in corpus
