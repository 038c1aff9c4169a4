"""What is asked, what counts as an answer, and what a half-filled questionnaire lacks, by name."""

from __future__ import annotations

import pytest

from gatehouse.declare.types import Question
from gatehouse.review.questions import BUILT_IN, chosen, missing, questions, unacknowledged, unanswered, wanted
from gatehouse.review.sheet import Decision
from tests.review.forms import APPEALS, LIMITATIONS, policy, sheet

YES_NO = Question("x", "Is it?", ("yes", "no"))


def test_every_review_asks_what_the_human_gate_is_for() -> None:
    assert [question.id for question in questions(policy())] == [
        *("gain", "data", "groups", "by-hand", "model-card", "timing", "on-call", "remarks")
    ]


def test_a_policy_adds_its_own_before_the_remarks() -> None:
    asked = questions(policy(APPEALS))
    assert asked[-2] == APPEALS
    assert asked[-1].id == "remarks"
    assert len(asked) == len(BUILT_IN) + 1


def test_a_policy_puts_a_built_in_question_in_its_own_words_in_its_place() -> None:
    own = Question("data", "Is the bureau's data of June in it?", ("yes", "no"))
    asked = questions(policy(own))
    assert [question.id for question in asked] == [question.id for question in BUILT_IN]
    assert asked[1] == own
    assert wanted(own) == "", "what its answers mean is for the policy's people to say"


def test_a_whole_sheet_lacks_nothing() -> None:
    assert missing(sheet(policy(APPEALS)), policy(APPEALS)) == ()


@pytest.mark.parametrize("question", [each for each in BUILT_IN if each.required], ids=lambda question: question.id)
@pytest.mark.parametrize(
    "answer", ["", " ", "\n", "-", "…", "...", "👍", "?", "> ", "\u200b", "\u3164", "\u115f\ufe0f", "\U000e0041"]
)
def test_a_question_without_a_word_is_not_answered(question: Question, answer: str) -> None:
    whole = sheet()
    assert unanswered(sheet(answers={**whole.answers, question.id: answer}), policy()) == (
        f"{question.id}: it is not answered",
    )


@pytest.mark.parametrize("answer", ["no", "none", "0", "да", "没有", "n/a"])
def test_a_short_word_is_an_answer_in_any_language(answer: str) -> None:
    assert unanswered(sheet(answers={**sheet().answers, "data": answer}), policy()) == ()


def test_what_may_be_left_out_may_be_left_out() -> None:
    optional = Question("note", "Anything?", ("yes", "no"), required=False)
    assert missing(sheet(), policy(optional)) == ()
    assert missing(sheet(answers={**sheet().answers, "note": "perhaps"}), policy(optional)) == (
        "note: choose one of yes, no",
    )


@pytest.mark.parametrize("name", ["model-card", "timing"])
def test_an_approval_against_ones_own_answer_is_none(name: str) -> None:
    for answer in ("no", "No", "no\nbut go ahead"):
        said = missing(sheet(answers={**sheet().answers, name: answer}), policy())
        assert said == (f"{name}: an approval needs yes here, not no",)
    assert missing(sheet(answers={**sheet().answers, name: "Yes\nby 1 pm"}), policy()) == ()


@pytest.mark.parametrize(
    ("answer", "choice"),
    [
        ("yes", "yes"),
        ("YES ", "yes"),
        ("yes\nbecause", "yes"),
        ("yes\nno", ""),
        ("no\nyes", ""),
        ("because\nyes", ""),
        ("yes, because", ""),
        ("maybe", ""),
        ("", ""),
    ],
)
def test_one_answer_is_chosen_or_none(answer: str, choice: str) -> None:
    assert chosen(YES_NO, answer) == choice


def test_limitations_are_acknowledged_one_by_one() -> None:
    half = sheet(acknowledged=frozenset(LIMITATIONS[1:]))
    assert unacknowledged(half, policy()) == ("thin-file-applicants: this known limitation is not acknowledged",)
    assert missing(half, policy()) == unacknowledged(half, policy())
    assert len(unacknowledged(sheet(acknowledged=frozenset({"all"})), policy())) == 2


def test_everything_that_lacks_is_named_at_once_in_the_order_of_the_form() -> None:
    said = missing(sheet(answers={}, acknowledged=frozenset()), policy(APPEALS))
    named = ["gain", "data", "groups", "by-hand", "model-card", "timing", "on-call", "appeals", *LIMITATIONS]
    assert [each.partition(":")[0] for each in said] == named


def test_a_rejection_approves_nothing_however_full_it_is() -> None:
    assert unanswered(sheet(decision=Decision.REJECT), policy()) != ()
