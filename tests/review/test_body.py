"""A review's body reads well, is read back to the letter, and lives through what GitHub and people do to it."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.declare.types import Policy
from gatehouse.errors import GatehouseError
from gatehouse.pin import Role
from gatehouse.review import body
from gatehouse.review.questions import missing
from gatehouse.review.sheet import Decision, Sheet
from tests.fuzz.github import Seen
from tests.review.forms import APPEALS, LIMITATIONS, TOKEN, filled, policy, sheet

POLICY = policy(APPEALS)


@settings(max_examples=100, deadline=None)
@given(filled())
def test_a_sheet_comes_back_to_the_letter(made: tuple[Sheet, Policy]) -> None:
    assert body.read(body.write([made])) == (made[0],)


@settings(max_examples=30, deadline=None)
@given(st.lists(filled(), min_size=2, max_size=3))
def test_several_sheets_come_back_in_order(made: list[tuple[Sheet, Policy]]) -> None:
    assert body.read(body.write(made)) == tuple(sheet for sheet, _ in made)


@settings(max_examples=100, deadline=None)
@given(filled())
def test_it_lives_through_editors_and_mail(made: tuple[Sheet, Policy]) -> None:
    text = body.write([made])
    for changed in (
        text.replace("\n", "\r\n"),
        text.replace("\n", "\r"),
        text.strip(),
        "\ufeff\n\n" + text + "\n\n\n",
        re.sub(r"(?m)$", "   ", text),
        text.replace("- [x]", "* [X]"),
        text.replace("\n\n", "\n\n\n"),
    ):
        assert body.read(changed) == (made[0],)


@settings(max_examples=100, deadline=None)
@given(filled())
def test_whatever_is_answered_starts_nothing_and_leaves_the_form_alone(made: tuple[Sheet, Policy]) -> None:
    text = body.write([made])
    # The boxes that stand at a line's start are ours.
    seen = Seen(re.sub(r"(?m)^- \[[x ]\]", "-", text))
    assert set(seen.tags) <= {"h3", "p", "strong", "code", "blockquote", "ul", "li"}
    assert seen.tags.count("h3") == 1
    assert (seen.links, seen.started) == ([], [])
    assert set(Seen(text).started) <= {"brackets"}


def test_an_approval_reads_well() -> None:
    answers = {"gain": "Yes.\n\nIt *halves* the cost.", "timing": "yes\nquiet until Friday", "appeals": "tried it"}
    text = body.write([(sheet(POLICY, answers=answers, acknowledged=frozenset(LIMITATIONS[:1])), POLICY)])
    assert text.startswith(
        "### Approval of `credit-risk/production`, version 48\n\nToken: `3f9a0c1b2d4e`\n\n**gain**: Does"
    )
    assert "why?\n\n> Yes.\n>\n> It \\*halves\\* the cost.\n\n**data**:" in text
    assert "in the way?\n\n- [x] yes\n- [ ] no\n\n> quiet until Friday\n\n**on-call**:" in text
    assert "refusal?\n\n- [x] tried it\n- [ ] does not apply\n\n**limitations**:" in text
    assert text.endswith("weighed.\n\n- [x] thin-file-applicants\n- [ ] post-2024-inflation\n")
    assert "remarks" not in text, "what may be left out, and was, is not shown"


def test_a_rejection_is_short() -> None:
    made = sheet(decision=Decision.REJECT, answers={}, acknowledged=frozenset(), reason="The data ends in June.")
    assert body.write([(made, POLICY)]) == (
        "### Rejection of `credit-risk/production`, version 48\n\nToken: `3f9a0c1b2d4e`\n\n> The data ends in June.\n"
    )


@pytest.mark.parametrize("answer", ["yes", "yes\n", "yes\n\nno", "\nyes", "yes\n- [x] no", "no\nyes", "Yes", "perhaps"])
def test_a_choice_comes_back_to_the_letter_with_whatever_is_beside_it(answer: str) -> None:
    made = sheet(POLICY, answers={"timing": answer})
    assert body.read(body.write([(made, POLICY)])) == (made,)


def test_another_role_than_the_champion_is_named() -> None:
    made = sheet(POLICY, role=Role.CANARY)
    assert "### Approval of `credit-risk/production` as canary, version 48\n" in body.write([(made, POLICY)])


def test_a_review_longer_than_github_takes_is_refused_and_never_cut() -> None:
    made = sheet(answers={"gain": "a" * 66_000})
    with pytest.raises(GatehouseError, match="66,"):
        body.write([(made, POLICY)])
    assert body.write([(sheet(answers={"gain": "a" * 60_000}), POLICY)])


class TestWhichSheet:
    def test_it_is_found_by_its_token_alone(self) -> None:
        other = sheet(POLICY, promotion="credit-risk/production.eu", token="b" * 12)
        text = body.write([(sheet(POLICY), POLICY), (other, POLICY)])
        assert body.find(text, TOKEN) == sheet(POLICY)
        assert body.find(text, "b" * 12) == other
        assert body.find(text, "c" * 12) is None

    def test_without_a_token_it_names_no_evidence(self) -> None:
        text = body.write([(sheet(POLICY), POLICY)]).replace(f"Token: `{TOKEN}`", "")
        assert body.read(text)[0].token == ""

    def test_a_token_without_its_head_is_enough(self) -> None:
        text = body.write([(sheet(POLICY), POLICY)]).partition("\n")[2]
        found = body.find(text, TOKEN)
        assert found is not None
        assert (found.promotion, found.version) == ("", 0)
        assert missing(found, POLICY) == ()

    def test_a_command_is_a_head_too_with_the_answers_below(self) -> None:
        text = body.write([(sheet(POLICY), POLICY)])
        answers = text.partition("\n\n")[2].partition("\n\n")[2]
        for comment in (
            f"/approve-model credit-risk 48 {TOKEN}\n\n{answers}",
            f"/approve-model credit-risk 48 {TOKEN}\n\n{text}",
        ):
            found = body.find(comment, TOKEN)
            assert found is not None
            assert missing(found, POLICY) == ()

    def test_no_form_is_no_sheet(self) -> None:
        assert [body.read(text) for text in ("", "LGTM", "ship it\n\n- [x] yes")] == [(), (), ()]


class TestTheReason:
    def test_of_a_form(self) -> None:
        made = sheet(decision=Decision.REJECT, answers={}, acknowledged=frozenset(), reason="Stale data.\n- June")
        assert body.reason(body.write([(made, POLICY)])) == "Stale data.\n- June"

    def test_of_a_command(self) -> None:
        assert body.reason("Sorry!\n\n/reject-model credit-risk 48 stale data\n") == "stale data"

    def test_of_plain_words(self) -> None:
        assert body.reason("No: the data is *old*.\r\n\r\nSee #3\r\n") == "No: the data is *old*.\n\nSee #3"

    def test_of_a_form_is_read_as_it_was_typed(self) -> None:
        form = body.template(Sheet("credit-risk/production", 48, TOKEN, decision=Decision.REJECT), POLICY)
        assert body.reason(form) == ""
        typed = "- [x] stale data\n- [ ] fresh data"
        assert body.reason(form.replace(">", typed)) == typed
        assert body.reason(form.replace(">", "> it is stale")) == "it is stale"

    def test_of_nothing(self) -> None:
        assert body.reason("") == ""
        assert body.reason("<!-- secret -->") == ""


@settings(max_examples=100, deadline=None)
@given(filled(), st.data())
def test_whatever_lines_are_lost_or_moved_it_can_be_read(made: tuple[Sheet, Policy], data: st.DataObject) -> None:
    lines = body.write([made]).split("\n")
    kept = data.draw(st.lists(st.sampled_from(lines), max_size=40))
    for found in body.read("\n".join(kept)):
        assert isinstance(missing(found, made[1]), tuple)
        msgspec.json.encode(found)


def test_a_rejection_before_there_is_evidence_names_no_token_and_keeps_its_reason() -> None:
    bare = sheet(decision=Decision.REJECT, token="", answers={}, acknowledged=frozenset(), reason="too risky")
    written = body.write([(bare, policy())])
    assert "Token" not in written
    assert body.read(written) == (bare,)
    assert body.reason(written) == "too risky"


def test_one_reason_for_several_pins_is_told_once() -> None:
    both = [
        (sheet(decision=Decision.REJECT, promotion=place, answers={}, acknowledged=frozenset(), reason="no"), policy())
        for place in ("credit-risk/production", "credit-risk/production.eu")
    ]
    assert body.reason(body.write(both)) == "no"
