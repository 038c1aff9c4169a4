"""What is answered to commands that cannot be followed or do not count, and to a proposer after a rejection."""

from __future__ import annotations

from typing import Any

import pytest

from gatehouse.report.outlook import Answer
from gatehouse.review.commands import Verb
from gatehouse.review.facts import Account, Facts, Person, Said, Standing
from gatehouse.review.judge import judge
from gatehouse.review.replies import Reply, comment, replies, standing
from tests.review.worlds import ASKED, NOW, facts, filled, said

PINS = (Answer(ASKED.slot, ASKED.role, ASKED.candidate),)
REJECT = f"/reject-model {ASKED.slot.model} 48 it declines everybody"


def wrote(who: str, text: str, at: float = 100, **changes: Any) -> Said:
    """A comment; what it stands for is told by its first command."""
    kind = {"/approve-model": Standing.APPROVED, "/reject-model": Standing.REJECTED}.get(
        text.split()[0], Standing.EMERGENCY
    )
    return said(who, kind, at, text, commit=None, by_comment=True, **changes)


def answers(*words: Said, **changes: Any) -> tuple[Reply, ...]:
    known = facts(*words, **changes)
    return replies(known, judge(known, NOW), PINS)


def written(known: Facts) -> str:
    found = replies(known, judge(known, NOW), PINS)
    return comment(known, standing(known, PINS, NOW), found).replace("\u2060", "")


class TestReplies:
    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("/approve-model", "it names no model"),
            ("/approve-model credit-risk", "it names no version, a whole number"),
            ("/approve-model credit-risk 48 token", "it does not repeat the token"),
            ("/approve-model churn 48 0123456789ab", "churn version 48 is not promoted here: credit-risk/production"),
            ("/reject-model credit-risk 47 worse", "credit-risk version 47 is not promoted here"),
            ("/emergency credit-risk 48 0123456789ab", "it gives no reason"),
        ],
    )
    def test_a_fault_is_named(self, text: str, fault: str) -> None:
        (reply,) = answers(wrote("anna", text))
        assert fault in reply.faults[0][0]

    def test_what_does_not_count_is_told_with_what_to_do(self) -> None:
        (reply,) = answers(wrote("anna", f"/approve-model credit-risk 48 {ASKED.token}"))
        assert [what.partition(" ")[2].split(":")[0] for what, _ in reply.faults] == [
            "left questions open", "did not acknowledge",
        ]  # fmt: skip
        assert all(fix for _, fix in reply.faults)

    def test_what_counts_is_not_answered_and_ends_what_was_said_before(self) -> None:
        good = wrote("anna", f"/approve-model credit-risk 48 {ASKED.token}\n\n{filled()}", 200)
        assert answers(wrote("anna", "/approve-model"), good) == ()

    def test_of_several_tries_the_last_is_answered_and_each_kind_by_itself(self) -> None:
        words = (
            wrote("anna", "/approve-model", 100), wrote("anna", "/approve-model credit-risk", 110),
            wrote("anna", "/emergency", 120), wrote("bob", "/approve-model", 130),
        )  # fmt: skip
        assert [(reply.said.author.login, reply.verb, reply.said.at) for reply in answers(*words)] == [
            ("anna", Verb.APPROVE, words[1].at), ("anna", Verb.EMERGENCY, words[2].at),
            ("bob", Verb.APPROVE, words[3].at),
        ]  # fmt: skip

    @pytest.mark.parametrize("who", [Account("robot[bot]"), Account("robot", bot=True)])
    def test_no_program_is_answered(self, who: Account) -> None:
        """Two that answer each other would never end."""
        assert answers(wrote("x", "/approve-model", author=who)) == ()

    def test_a_review_is_not_answered_here(self) -> None:
        assert answers(said("anna", Standing.APPROVED, 100, "LGTM")) == ()

    def test_a_rejection_by_somebody_who_may_write_is_followed(self) -> None:
        assert answers(wrote("anna", REJECT)) == ()

    def test_one_by_somebody_who_may_not_is_told_so(self) -> None:
        (reply,) = answers(wrote("rita", REJECT))
        assert "only people who may write" in reply.faults[0][0]


class TestStanding:
    def test_where_people_are_asked_it_is_as_the_rules_have_it(self) -> None:
        no = said("anna", Standing.REJECTED, 100, "no")
        assert standing(facts(no), PINS, NOW) == (no,)
        assert standing(facts(no, said("anna", Standing.APPROVED, 200, filled())), PINS, NOW) == ()
        assert standing(facts(said("rita", Standing.REJECTED, 100, "no")), PINS, NOW) == ()

    @pytest.mark.parametrize(
        ("words", "stand"),
        [
            ([wrote("anna", REJECT)], 1),
            ([said("anna", Standing.REJECTED, 100, "no")], 1),
            ([wrote("rita", REJECT)], 0),
            ([wrote("stranger", REJECT)], 1),
            ([wrote("anna", "/reject-model churn 3 no")], 0),
            ([wrote("anna", "/reject-model")], 1),
            ([wrote("anna", REJECT), said("anna", Standing.APPROVED, 200, "fine")], 0),
            ([wrote("anna", REJECT), said("ANNA", Standing.APPROVED, 200, "fine")], 0),
            ([wrote("anna", REJECT), said("bob", Standing.APPROVED, 200, "fine")], 1),
            ([said("anna", Standing.APPROVED, 100, "fine"), wrote("anna", REJECT, 200)], 1),
            ([said("anna", Standing.APPROVED, 100, "fine"), wrote("anna", REJECT, 100)], 1),
            ([said("anna", Standing.DISMISSED, 100, "no")], 0),
            ([wrote("anna", REJECT), wrote("bob", REJECT, 110)], 2),
        ],
    )
    def test_where_nobody_is_asked_it_is_by_the_last_word_of_each(self, words: list[Said], stand: int) -> None:
        """Of a stranger nobody knows what they may do."""
        people = {"anna": Person("anna", "write", None), "rita": Person("rita", "read", None),
                  "bob": Person("bob", "admin", None)}  # fmt: skip
        assert len(standing(facts(*words, asked=(), people=people), PINS, NOW)) == stand


class TestComment:
    def test_where_there_is_nothing_to_say_there_is_none(self) -> None:
        assert written(facts()) == ""

    def test_a_rejection_tells_the_proposer_what_to_change(self) -> None:
        told = written(facts(wrote("anna", REJECT)))
        assert "@ada, this is what to change before it can be merged:" in told
        assert "- it declines everybody ([@anna, 2026-03-03 12:" in told
        assert "Nothing else happened" in told

    def test_one_without_a_reason_says_whom_to_ask(self) -> None:
        assert "- no reason was given: ask ([@anna" in written(facts(said("anna", Standing.REJECTED, 100, "")))

    def test_a_command_is_answered_with_its_usage(self) -> None:
        told = written(facts(wrote("anna", "/approve-model")))
        assert "usage: <code>/approve-model MODEL VERSION TOKEN</code>" in told

    @pytest.mark.parametrize("text", ["/reject-model credit-risk 48 {}", "/approve-model {} 48 {}", "/emergency {}"])
    def test_nobody_is_called_by_it_and_nothing_in_it_is_markup(self, text: str) -> None:
        words = text.replace("{}", "@acme/all<img/src=x>[x](https://evil.example)")
        known = facts(wrote("anna", words))
        whole = comment(known, standing(known, PINS, NOW), replies(known, judge(known, NOW), PINS))
        for live in ("@acme", "@anna", "@ada", "<img", "](https://evil"):
            assert live not in whole

    def test_a_crowd_makes_one_comment_of_bounded_length(self) -> None:
        crowd = [wrote(f"m{number}", "/approve-model " + "x" * 5000, 100 + number) for number in range(300)]
        told = written(facts(*crowd))
        assert "… and 280 more" in told
        assert len(told) < 30_000
