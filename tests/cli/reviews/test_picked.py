"""How an answer from a list is understood; the conversation itself is tested through the verb."""

from __future__ import annotations

import pytest

from gatehouse.cli.reviews.picked import picked
from gatehouse.declare.types import Question

YES_NO = Question("timing", "Now?", ("yes", "no"))
LONG = Question("appeals", "Explained?", ("tried it", "tried it, with help", "does not apply"))


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("1", "yes"),
        ("y", "yes"),
        ("YES", "yes"),
        ("n", "no"),
        ("2", "no"),
        ("yes, a quiet week", "yes\na quiet week"),
        ("1: 3-4 days, no more", "yes\n3-4 days, no more"),
        ("no - a launch", "no\na launch"),
        ("yes\nand more\nbelow", "yes\nand more\nbelow"),
        ("yes,", "yes"),
        ("", ""),
        ("0", ""),
        ("3", ""),
        ("maybe", ""),
        ("no idea", ""),
        ("yesterday", ""),
        ("¹", ""),
    ],
)
def test_a_number_a_word_or_its_beginning_chooses_and_a_remark_may_follow(said: str, answer: str) -> None:
    assert picked(YES_NO, said) == answer


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("tried it", "tried it"),
        ("tried it, with help", "tried it, with help"),
        ("tried it, alone", "tried it\nalone"),
        ("tried", ""),
        ("d", "does not apply"),
    ],
)
def test_where_two_answers_begin_alike_it_has_to_be_one(said: str, answer: str) -> None:
    assert picked(LONG, said) == answer
