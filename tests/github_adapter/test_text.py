from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.github import text

anything = st.text(st.characters())


@given(anything)
def test_whatever_is_sent_is_json_that_every_reader_agrees_on(given_text: str) -> None:
    cleaned = text.clean(given_text)
    assert "\0" not in cleaned
    assert json.loads(json.dumps(cleaned, ensure_ascii=False).encode()) == cleaned


@pytest.mark.parametrize("length", [text.LIMIT - 1, text.LIMIT, text.LIMIT + 1, 2 * text.LIMIT])
def test_a_body_is_cut_only_above_the_limit(length: int) -> None:
    made = text.body("x" * length)
    assert len(made) == min(length, text.LIMIT)
    assert made.endswith("x") == (length <= text.LIMIT)


@given(anything, st.integers(1, 300))
def test_a_line_is_one_line_within_its_limit(given_text: str, limit: int) -> None:
    made = text.line(given_text, limit)
    assert len(made) <= limit
    assert len(made.splitlines()) <= 1


@given(st.from_regex(r"[\w./-]+", fullmatch=True), anything)
def test_a_marked_body_is_recognised_under_its_own_name_alone(name: str, body: str) -> None:
    whole = f"{text.marker(name)}\n{body}"
    assert text.marked(whole, name)
    assert not text.marked(whole, f"{name}2")
    assert not text.marked(f"x{whole}", name)


@pytest.mark.parametrize(("stored", "same"), [("a\nb", True), ("a\r\nb\n", True), ("a b", False), ("", False)])
def test_a_body_is_the_same_after_github_trimmed_it(stored: str, same: bool) -> None:
    assert text.same("a\nb\n", stored) == same
