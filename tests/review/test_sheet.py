"""The sheet that a reviewer is handed names the pin and its evidence, and says nothing yet."""

from __future__ import annotations

from gatehouse.pin import Pin, Role, Slot
from gatehouse.review import body
from gatehouse.review.facts import Asked
from gatehouse.review.questions import missing
from gatehouse.review.sheet import Decision, blank
from tests.review.forms import LIMITATIONS, TOKEN, policy

SLOT = Slot("credit-risk", "production", "eu")
ASKED = Asked(SLOT, Role.CANARY, Pin(48, "sha256:" + "a" * 64), "sha256:" + "b" * 64, TOKEN, (), (), policy())


def test_it_names_the_pin_and_the_token_and_answers_nothing() -> None:
    made = blank(ASKED)
    assert (made.promotion, made.version, made.role, made.token) == (
        "credit-risk/production.eu",
        48,
        Role.CANARY,
        TOKEN,
    )
    assert made.decision is Decision.APPROVE
    assert len(missing(made, ASKED.policy)) == 7 + len(LIMITATIONS)


def test_the_form_made_of_it_is_found_by_the_pins_token() -> None:
    assert body.find(body.template(blank(ASKED), ASKED.policy), ASKED.token) == blank(ASKED)
    rejecting = blank(ASKED, Decision.REJECT)
    assert body.find(body.template(rejecting, ASKED.policy), ASKED.token) == rejecting
