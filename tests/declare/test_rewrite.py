"""A text is made to say something else by touching only the places that differ."""

from __future__ import annotations

import difflib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.declare.reader import parse
from gatehouse.declare.rewrite import flow, rewritten

TEXT = """\
# the file
version:   47      # the champion

canary:     {version: 48, percent: 5}   # on its way
# about the shadow
shadow:
    version: 3   # three
    # inside
    note: "quoted"
list:
- a   # first
- b
# the end
"""


def value(text: str) -> Any:
    found, _, faults = parse("", text)
    assert not faults
    return found


def changed_lines(before: str, after: str) -> list[str]:
    return [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]


def test_a_text_that_says_it_already_stays_as_it_is() -> None:
    assert rewritten(TEXT, value(TEXT)) == TEXT


def test_a_scalar_is_replaced_where_it_stands() -> None:
    after = value(TEXT) | {"version": 100, "canary": {"version": 48, "percent": 25.0}}
    assert changed_lines(TEXT, rewritten(TEXT, after)) == [
        "- version:   47      # the champion",
        "+ version:   100      # the champion",
        "- canary:     {version: 48, percent: 5}   # on its way",
        "+ canary:     {version: 48, percent: 25}   # on its way",
    ]


def test_a_new_key_goes_behind_the_last_one_before_the_closing_comment() -> None:
    after = value(TEXT) | {"challenger": {"version": 5, "experiment": "a b"}}
    assert changed_lines(TEXT, rewritten(TEXT, after)) == ["+ challenger: {version: 5, experiment: a b}"]
    assert rewritten(TEXT, after).endswith("- b\nchallenger: {version: 5, experiment: a b}\n# the end\n")


def test_a_key_is_taken_with_its_own_lines_and_no_comment_around_it() -> None:
    without = {key: item for key, item in value(TEXT).items() if key != "shadow"}
    assert changed_lines(TEXT, rewritten(TEXT, without)) == [
        "- shadow:",
        "-     version: 3   # three",
        "-     # inside",
        '-     note: "quoted"',
    ]


@pytest.mark.parametrize(
    ("text", "after", "result"),
    [
        ("list:\n  - a\n", {"list": ["a", "b"]}, "list:\n  - a\n  - b\n"),
        ("list:\n- a # x\n\n# y\n", {"list": ["a", "b"]}, "list:\n- a # x\n- b\n\n# y\n"),
        ("list:\n- a", {"list": ["a", "b"]}, "list:\n- a\n- b\n"),
        ("list: [a] # x\n", {"list": ["a", "b"]}, "list: [a, b] # x\n"),
        ("list: [ ]\n", {"list": [{"x": 1}]}, "list: [ {x: 1}]\n"),
        ("list:\n- {x: 1}\n", {"list": [{"x": 1, "y": 2}]}, "list:\n- {x: 1, y: 2}\n"),
        ("list:\n- x: 1\n", {"list": [{"x": 1, "y": 2}]}, "list:\n- x: 1\n  y: 2\n"),
        ("a: 1\nb: 2", {"a": 1, "b": 2, "c": 3}, "a: 1\nb: 2\nc: 3\n"),
        ("a: 1\nb: 2", {"a": 1}, "a: 1\n"),
        ("a: 1\r\nb: 2\r\n", {"a": 3, "b": 2}, "a: 3\r\nb: 2\r\n"),
        ("ä: ö # ü\nb: 'é'\n", {"ä": "ö", "b": "x"}, "ä: ö # ü\nb: x\n"),
    ],
)
def test_the_style_around_it_is_kept(text: str, after: dict[str, Any], result: str) -> None:
    assert rewritten(text, after) == result


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("{a: 1, b: 2} # x\n", {"a": 1}),
        ("--- # x\na: 1\n...\n", {"a": 1, "b": 2}),
        ("a: |\n  text # no comment\nb: 2 # x\n", {"a": "other", "b": 2}),
        ("b: 1 # x\na: |\n  text\n", {"b": 1, "a": "text\n", "c": 3}),
        ("a: 1 # x\nb:\n  c: 2\n", {"a": 1, "b": {"d": 3}}),
        ("a: 1 # x\nb: 2\n", {"a": 1, "b": [1, 2]}),
        ("a: 1 # x\nb:\n- - 1\n  - 2\n", {"a": 1, "b": [[1, 2, 3]]}),
    ],
)
def test_shapes_that_are_not_edited_in_place_still_keep_their_comments(text: str, after: dict[str, Any]) -> None:
    edited = rewritten(text, after)
    assert value(edited) == after
    assert "# x" in edited


def test_what_cannot_be_said_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be made to say"):
        rewritten("a: [1, 2]\n", {"a": [1]})


NUMBERS = st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
TRICKY = ["yes", "047", "1:30", "null", "~", "a: b", "a #b", " a", "a ", "2026-09-01", "sha256:ab", "x:", "a,b", "[a"]
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(TRICKY)


@given(
    st.recursive(
        st.none() | st.booleans() | NUMBERS | WORDS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        max_leaves=6,
    )
)
def test_a_value_on_one_line_reads_back_as_itself(given_value: Any) -> None:
    text = f"x: {flow(given_value)}\n"
    assert text.count("\n") == 1
    assert value(text) == {"x": given_value}


def test_plain_words_are_not_quoted() -> None:
    written = flow({"digest": "sha256:9f", "since": "2026-03-03", "experiment": "gbm-q4", "reason": "declines them"})
    assert written == "{digest: sha256:9f, since: 2026-03-03, experiment: gbm-q4, reason: declines them}"
