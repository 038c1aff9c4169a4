"""Whose review a pull request asks for is written in its body, and read from it again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.pin import Pin, Role, Slot
from gatehouse.report.proposal import AskedFor, Proposal, asked_for, with_asked

SOME = AskedFor("credit-risk", ("@rosa", "@acme/model-risk"))
_NAMES = st.lists(st.from_regex(r"@[a-z][a-z0-9-]{0,9}(?:/[a-z][a-z0-9_.-]{0,9})?", fullmatch=True), min_size=1)


def test_it_is_read_back_and_a_reader_sees_it_without_anybody_being_called() -> None:
    body = with_asked("Why: better.", SOME)
    assert asked_for(body) == SOME
    shown = body.splitlines()[-1]
    assert "rosa" in shown
    assert "@rosa" not in shown


@given(st.text(), st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,20}", fullmatch=True), _NAMES, _NAMES)
def test_it_replaces_what_was_said_before_and_leaves_the_rest(
    words: str, model: str, first: list[str], second: list[str]
) -> None:
    once = with_asked(words, AskedFor(model, tuple(first)))
    twice = with_asked(once.replace("\n", "\r\n"), AskedFor(model, tuple(second)))
    assert asked_for(twice) == AskedFor(model, tuple(second))
    assert twice.count("gatehouse:asked") == 1
    assert words.replace("\n", "\r\n").rstrip() in twice


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Asked to review it, in turn: @rosa",
        "<!-- gatehouse:asked credit-risk -->",
        "<!-- gatehouse:asked credit-risk rosa -->",
        "<!-- gatehouse:asked ../x @rosa -->",
        f"<!-- gatehouse:asked credit-risk{' @rosa' * 101} -->",
        "<!-- gatehouse:asked credit-risk @a/b/c -->",
    ],
)
def test_what_is_not_written_so_says_nothing(body: str) -> None:
    assert asked_for(body) is None


def test_of_several_the_last_counts() -> None:
    words = with_asked("", AskedFor("churn", ("@eve",)))
    assert asked_for(words + with_asked("", SOME)) == SOME


def test_a_proposal_by_itself_says_nobody_was_asked() -> None:
    proposal = Proposal(Slot("credit-risk", "production"), Role.CHAMPION, Pin(2, f"sha256:{2:064x}"))
    assert asked_for(proposal.body) is None
