"""A form is filled in as a person would, and comes back as a whole approval."""

from __future__ import annotations

import msgspec

from gatehouse.declare.types import Question
from gatehouse.review import body
from gatehouse.review.questions import missing
from gatehouse.review.sheet import blank
from tests.review.worlds import asked
from tests.world.answering import ANSWERS, filled

OWN = (
    Question("appeals", "Can the appeals team explain a refusal?", ("tried it", "does not apply")),
    Question("notes", "Who was told?"),
)


def test_a_filled_form_lacks_nothing_and_says_what_was_answered() -> None:
    place = asked()
    review = msgspec.structs.replace(place.policy.review, questions=OWN, limitations=("thin files", "inflation"))
    policy = msgspec.structs.replace(place.policy, review=review)
    form = body.template(blank(place), policy)
    (sheet,) = body.read(filled(form, {**ANSWERS, "appeals": "does not apply"}))
    assert missing(sheet, policy) == ()
    assert sheet.answers["gain"] == ANSWERS["gain"]
    assert sheet.answers["appeals"] == "does not apply"
    assert sheet.acknowledged == {"thin files", "inflation"}


def test_a_form_as_it_was_printed_approves_nothing() -> None:
    place = asked()
    (sheet,) = body.read(body.template(blank(place), place.policy))
    assert missing(sheet, place.policy) != ()
