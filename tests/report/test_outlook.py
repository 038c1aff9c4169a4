"""Words on evidence that is kept: short enough for a commit status, and harmless wherever they are shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.github import text
from gatehouse.pin import Pin, Role, Slot
from gatehouse.report import outlook
from gatehouse.report.outlook import Answer
from tests.support.results import HOSTILE, SECOND, SLOT

GOOD = Answer(SLOT, Role.CHAMPION, SECOND, key="sha256:" + "e7a1" * 16)
BAD = Answer(SLOT, Role.CANARY, SECOND, "the champion moved", "update the branch")


def test_the_title_names_the_first_slot_and_what_moved_and_counts_the_others() -> None:
    one = outlook.outdated([GOOD, BAD])
    assert one.title == "Out of date: credit-risk/production: the champion moved"
    assert outlook.outdated([BAD, BAD, BAD]).title.endswith("the champion moved (and 2 more)")


def test_the_table_says_what_holds_what_does_not_and_what_to_do() -> None:
    lines = outlook.outdated([GOOD, BAD]).summary.splitlines()
    rows = [line for line in lines if line.startswith("| <code>")]
    assert len(rows) == 2
    assert "✅ holds" in rows[0]
    assert "as canary" in rows[1]
    assert "⏳ the champion moved" in rows[1]
    assert "update the branch" in rows[1]


@pytest.mark.parametrize("count", [1, 50, 51, 2_000])
def test_however_many_pins_there_are_the_summary_fits_and_counts_the_rest(count: int) -> None:
    said = outlook.outdated([BAD] * count).summary
    assert len(said) < text.LIMIT
    assert ("more" in said) is (count > 50)


def test_no_pin_and_good_pins_have_words_of_their_own() -> None:
    assert outlook.holds([]).title == "No pin changes"
    assert outlook.holds([GOOD]).title == "The evidence of 1 pin holds: no model was run again"
    assert outlook.holds([GOOD, GOOD]).title == "The evidence of 2 pins holds: no model was run again"
    assert "may come back" in outlook.holds([Answer(SLOT, Role.CHAMPION, SECOND, returning=True)]).summary


def test_only_words_of_this_kind_are_taken_back() -> None:
    for word in (outlook.outdated([BAD]), outlook.unread("no", "yes"), outlook.taken(SLOT, 5)):
        assert outlook.ours(word.title)
    for title in ("Nothing was checked", "Blocked by 1 of 7 gates (Out of date: x)", "", "No pin changes"):
        assert not outlook.ours(title)


@given(st.text(max_size=400), st.text(max_size=400))
def test_whatever_is_wrong_a_title_fits_a_commit_status_and_stays_as_it_was_sent(model: str, fault: str) -> None:
    slot = Slot(model, "production")
    bad = Answer(slot, Role.CHAMPION, Pin(1, "sha256:" + "0" * 64), fault or "x", fault)
    words = [outlook.outdated([bad] * 12), outlook.unread(fault, fault), outlook.taken(slot, 123_456)]
    for word in words:
        assert text.line(word.title, text.STATUS_LIMIT) == word.title
        assert outlook.ours(word.title)


def test_what_others_wrote_starts_nothing_in_markdown_or_a_terminal() -> None:
    slot = Slot(HOSTILE, HOSTILE)
    bad = Answer(slot, Role.CHAMPION, SECOND, HOSTILE, HOSTILE, HOSTILE)
    said = [
        outlook.outdated([bad]).summary,
        outlook.holds([Answer(slot, Role.CHAMPION, SECOND, key=HOSTILE)]).summary,
        outlook.unread(HOSTILE, HOSTILE).summary,
        outlook.taken(slot, 5).summary,
    ]
    for summary in said:
        assert "<script" not in summary
        assert "@acme" not in summary
        assert "://evil" not in summary
        assert "\u202e" not in summary
        assert "\n# " not in summary
    assert not [line for line in outlook.words([bad]) if {"\u202e", "\x1b", "\n"} & set(line)]
