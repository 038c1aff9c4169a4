"""Nothing that a stranger wrote becomes a link, a mention, a reference or markup of ours on GitHub."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.result import Result
from gatehouse.report.context import Asking
from gatehouse.report.howto import form
from gatehouse.report.markdown import comment, refused, stale
from gatehouse.report.text import JOINER, clean, code, markdown
from tests.fuzz.corpus import EVERYTHING, LINKS, MARKUP, MENTIONS, REFERENCES, texts
from tests.fuzz.github import Seen
from tests.report import reviewed
from tests.support import hostile, results
from tests.support.results import CONTEXT

# Where escaped text stands, with the tags that are ours around it.
PLACES = {
    "by itself": ("{}", ["p"]),
    "at the start of a line": ("before\n\n{}\n\nafter", ["p", "p", "p"]),
    "below a line": ("before\n{}", ["p"]),
    "above a line": ("{}\nafter", ["p"]),
    "inside a line": ("before {} after", ["p"]),
    "in an item": ("- {}", ["ul", "li"]),
    "in a quote": ("> {}", ["blockquote", "p"]),
    "in bold": ("**before** {}", ["p", "strong"]),
    "in a heading": ("## before {}", ["h2"]),
    "in small letters": ("<sub>{}</sub>", ["p", "sub"]),
    "in a cell": ("| a | b |\n|--|--|\n| {} | x |", ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td"]),
}


@pytest.mark.parametrize("place", list(PLACES))
def test_whatever_is_in_the_corpus_is_text_wherever_it_stands(place: str) -> None:
    for text in EVERYTHING:
        _harmless(place, text)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(list(PLACES)), texts)
def test_whatever_is_made_of_it_is_text_wherever_it_stands(place: str, text: str) -> None:
    _harmless(place, text)


def _harmless(place: str, text: str) -> None:
    around, tags = PLACES[place]
    seen = Seen(around.replace("{}", markdown(text, 2000)))
    # An empty text leaves its paragraph out.
    assert seen.tags == tags or (not clean(text, 2000) and set(seen.tags) <= set(tags)), text
    assert (seen.links, seen.started) == ([], []), text
    assert clean(text, 2000) in seen.text.replace(JOINER, "")


def test_code_holds_the_corpus_as_it_is_and_nothing_gets_out() -> None:
    for text in EVERYTHING:
        seen = Seen(f"before {code(text, 400)} after")
        assert seen.tags == ["p", "code"], text
        assert (seen.links, seen.started, seen.text) == ([], [], "before  after\n"), text


@settings(max_examples=60, deadline=None)
@given(st.lists(hostile.results, min_size=1, max_size=3))
def test_a_comment_starts_nothing(made: list[Result]) -> None:
    for context in (CONTEXT, reviewed.context(made)):
        _starts_nothing(_without_form(comment(made, context), context.asking))


@settings(max_examples=60, deadline=None)
@given(st.lists(texts, max_size=4), texts)
def test_a_form_starts_nothing_whatever_the_policy_asks(limitations: list[str], ask: str) -> None:
    rules = reviewed.policy(limitations=limitations)
    question = msgspec.structs.replace(reviewed.QUESTION, ask=ask, answers=tuple(limitations))
    rules = msgspec.structs.replace(rules, review=msgspec.structs.replace(rules.review, questions=(question,)))
    made = [results.passing()]
    context = reviewed.context(made, asking=[reviewed.asked(made[0], rules)])
    _starts_nothing(_without_form(comment(made, context), context.asking))


def _without_form(text: str, asking: Sequence[Asking]) -> str:
    """The text around the form, which is code from its first letter to its last; other code would not be ours."""
    lines = text.split("\n")
    fences = [token for token in MarkdownIt("commonmark").parse(text) if token.type in ("fence", "code_block")]
    assert [token.content.strip("\n") for token in fences] in ([], [form(asking).strip("\n")])
    for fence in fences:
        assert fence.map is not None
        del lines[fence.map[0] : fence.map[1]]
    return "\n".join(lines)


@settings(max_examples=150, deadline=None)
@given(texts, texts)
def test_a_refusal_and_a_notice_start_nothing(message: str, fix: str) -> None:
    for text in (refused(GatehouseError(message, fix)), stale(message)):
        _starts_nothing(text)
        assert text.count("\n## ") == 0, "the heading is ours alone"


def _starts_nothing(text: str) -> None:
    seen = Seen(text)
    bases = (CONTEXT.links.report, CONTEXT.links.mlflow, CONTEXT.links.docs)
    assert [link for link in seen.links if not link.startswith(bases)] == []
    assert seen.started == []
    assert seen.attributes <= {"href", "style"}
    assert not {"img", "script", "style", "iframe", "input", "pre", "hr", "h1", "ol"} & set(seen.tags)


class TestTheOracle:
    """What is looked for is found where nobody escapes: an attack that the tests cannot see would pass them."""

    @pytest.mark.parametrize("text", [*MENTIONS, *REFERENCES, *LINKS])
    def test_every_mention_reference_and_link_of_the_corpus_is_seen_raw(self, text: str) -> None:
        seen = Seen(text)
        # The parser drops a definition that nobody uses, and a link to a script.
        harmless = {"[^1]: note", "[go]: https://evil.example", "https\\://evil.example", "[x](javascript:alert(1))"}
        assert seen.started or seen.links or text in harmless

    def test_most_of_the_markup_is_markup_raw(self) -> None:
        changed = [text for text in MARKUP if Seen(text).tags != ["p"] or Seen(text).text.strip() != text.strip()]
        assert len(changed) > len(MARKUP) * 3 // 4

    def test_an_honest_comment_is_full_of_what_is_ours(self) -> None:
        seen = Seen(comment([results.blocked()], CONTEXT))
        assert {"h2", "table", "details", "strong", "code"} <= set(seen.tags)
        assert seen.links
