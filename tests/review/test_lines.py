"""Which lines of a comment are its writer's own words."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.review.lines import MAX_TEXT, inside_code, lines, plain
from tests.fuzz.corpus import texts
from tests.review.forms import PATIENCE_S


def own(text: str) -> list[str]:
    found = lines(text)
    return [found[at] for at in sorted(plain(found))]


@pytest.mark.parametrize(
    "text",
    [
        "/x",
        "/x a\n",
        "\n\n/x",
        "a\n/x\nb",
        "> q\n\n/x",
        "```\na\n```\n/x",
        "- a\n\n/x",
        "<details>\n\na\n\n</details>\n\n/x",
    ],
)
def test_words_of_ones_own(text: str) -> None:
    assert any(line.startswith("/x") for line in own(text))
    assert any(line.startswith("/x") for line in own(text.replace("\n", "\r\n")))


@pytest.mark.parametrize(
    "text",
    [
        *("```\n/x\n```", "~~~\n/x\n~~~", "```\n/x", "    /x", "\t/x", "`a\n/x`", "``a\n/x\nb``", "`a\n/x b`\nc"),
        *("> /x", "> a\n/x", "> > a\n/x", ">\n> /x", "- a\n/x", "- a\n  /x", "1. a\n/x", "- /x", "- a\n\n  /x"),
        *("<!--\n/x\n-->", "<!-- a\n\n/x", "a <!--\n/x\n-->", "<pre>\n/x\n</pre>", "<div>\n/x\n</div>", "<script>\n/x"),
        *(
            "<details>\n\n/x\n\n</details>",
            "<blockquote>\n\n/x",
            "<details>\n<summary>a</summary>\n\n/x",
            "a <del>\n\n/x",
        ),
        *(
            "a <b>\n/x\n</b>",
            "<b/>\n\n/x",
            "~~a\n/x~~",
            "*a\n/x*",
            "[a\n/x](b)",
            "[r]\n\n[r]: /u 'a\n/x'",
            "| a |\n|--|\n| b |\n/x",
        ),
        *("[a\n/x]\n\n[a /x]: /u", "# a\n    /x\n", "/x\n---", "\\/x", "&#47;x", " /x", "\u200b/x"),
    ],
)
def test_what_is_not_said_but_shown_quoted_struck_out_or_folded(text: str) -> None:
    assert not any(line.startswith("/x") for line in own(text)), own(text)


def test_a_closed_element_is_closed() -> None:
    assert "/x" in own("a <b>b</b> <br> c\n\n<!-- <b> -->\n\n/x")


def test_after_a_paragraph_too_long_to_be_understood_nothing_counts() -> None:
    assert own("[" * 9_000 + "\n/x\n\n/x") == []
    assert "/x" in own("[" * 7_000 + "\n\n/x")


def test_the_lines_of_code() -> None:
    text = lines("a\n```\nb\n```\nc\n\n    d\n\n<!--\ne\n-->\n- f\n  ```\n  g\n  ```\n")
    assert [text[at].strip() for at in sorted(inside_code(text)) if text[at].strip("` ")] == [
        "b",
        "d",
        "<!--",
        "e",
        "-->",
        "g",
    ]


@given(st.one_of(texts, st.text("/x \n\t`>-<b>!*~[]()|#\r")))
def test_whatever_it_is_every_line_has_a_place(text: str) -> None:
    found = lines(text)
    both = plain(found) | inside_code(found)
    assert both <= set(range(len(found)))
    assert not plain(found) & inside_code(found)


@pytest.mark.parametrize(
    "part",
    [
        "[",
        "`a",
        "*a ",
        "<",
        "> ",
        "- ",
        "![[",
        "<a ",
        "[a](",
        "_a*",
        "<!--",
        "a@",
        "&",
        "\\",
        "/x\n",
        "<div>\n<a",
        "|a",
    ],
)
def test_a_giant_comes_to_an_end(part: str) -> None:
    started = time.monotonic()
    text = lines("/x\n\n" + (part * MAX_TEXT)[:MAX_TEXT])
    assert 0 in plain(text)
    inside_code(text)
    assert time.monotonic() - started < PATIENCE_S
