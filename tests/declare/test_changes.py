"""What changed between two states, pin by pin."""

from __future__ import annotations

from gatehouse.declare.changes import PinChange, changed_pins
from gatehouse.declare.load import require
from gatehouse.declare.types import Declared
from gatehouse.pin import Role, Slot
from tests.declare.helpers import A, B, C, Files, beside, pin, promotion, repository

PRODUCTION = Slot("credit-risk", "production")


def state(**files: str | bytes) -> Declared:
    return require(Files(repository(**files)))


def test_without_a_base_every_pin_is_new() -> None:
    head = state(production=promotion(47, A, beside("canary", 48, B)), staging=promotion(49, C))
    assert changed_pins(None, head) == (
        PinChange(PRODUCTION, Role.CHAMPION, None, pin(47), 1),
        PinChange(PRODUCTION, Role.CANARY, None, pin(48, "b"), 3),
        PinChange(Slot("credit-risk", "staging"), Role.CHAMPION, None, pin(49, "c"), 1),
    )


def test_a_moved_a_swapped_and_a_cleared_pin_are_changes_with_their_lines_at_head() -> None:
    base = state(production=promotion(47, A, beside("canary", 48, B), beside("shadow", 49, C)))
    head = state(production="# why\n" + promotion(48, B, beside("shadow", 49, A)))
    assert changed_pins(base, head) == (
        PinChange(PRODUCTION, Role.CHAMPION, pin(47), pin(48, "b"), 2),
        PinChange(PRODUCTION, Role.CANARY, pin(48, "b"), None, 1),
        PinChange(PRODUCTION, Role.SHADOW, pin(49, "c"), pin(49, "a"), 4),
    )


def test_a_deleted_file_takes_its_pins_along() -> None:
    base = state(production=promotion(47), production_eu=promotion(48, B))
    eu = Slot("credit-risk", "production", "eu")
    assert changed_pins(base, state(production=promotion(47))) == (PinChange(eu, Role.CHAMPION, pin(48, "b"), None, 1),)


def test_comments_and_shares_are_no_pins() -> None:
    base = state(production=promotion(47, A, beside("canary", 48, B, 5)))
    head = state(production="# a word\n" + promotion(47, A, beside("canary", 48, B, 25)))
    assert changed_pins(base, head) == ()
