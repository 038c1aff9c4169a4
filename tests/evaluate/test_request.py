from __future__ import annotations

from datetime import date

from gatehouse.declare.changes import PinChange
from gatehouse.declare.types import Declared, Policy, Promotion, Stage, StagePolicy, Stages
from gatehouse.evaluate.request import champion_for, requests
from gatehouse.pin import Pin, Role, Slot
from tests.evaluate import made

STAGING, PRODUCTION = Slot("m", "staging"), Slot("m", "production")
EU = Slot("m", "production", "eu")
POLICY = Policy("m", "@a/b", "low", "binary", date(2026, 1, 1), {"production": StagePolicy(())})


def declared(**slots: Pin) -> Declared:
    places = {"staging": STAGING, "production": PRODUCTION, "eu": EU}
    promotions = {places[name]: Promotion(places[name], pin) for name, pin in slots.items()}
    stages = Stages((Stage("staging", "x"), Stage("production", "x")))
    return Declared(promotions, {"m": POLICY}, stages)


def test_what_serves_is_the_last_stages_pin_whatever_the_slot() -> None:
    one, two, three = made.pin(1), made.pin(2), made.pin(3)
    base = declared(staging=one, production=two, eu=three)

    assert champion_for(STAGING, base) == two
    assert champion_for(PRODUCTION, base) == two
    assert champion_for(EU, base) == three


def test_a_segment_without_a_pin_of_its_own_is_served_by_the_stages() -> None:
    assert champion_for(EU, declared(production=made.pin(2))) == made.pin(2)


def test_a_segments_pin_serves_only_that_segment() -> None:
    base = declared(eu=made.pin(3))

    assert champion_for(PRODUCTION, base) is None
    assert champion_for(Slot("m", "production", "us"), base) is None


def test_a_first_promotion_has_no_champion() -> None:
    assert champion_for(PRODUCTION, None) is None
    assert champion_for(PRODUCTION, declared(staging=made.pin(1))) is None
    assert champion_for(Slot("other", "production"), declared(production=made.pin(1))) is None


def test_every_pin_that_is_set_or_moved_asks_and_one_that_is_taken_away_does_not() -> None:
    one, two = made.pin(1), made.pin(2)
    changes = [
        PinChange(PRODUCTION, Role.CHAMPION, one, two, line=4),
        PinChange(PRODUCTION, Role.CANARY, two, None, line=5),
        PinChange(EU, Role.SHADOW, None, two, line=6),
    ]

    found = requests(changes, declared(production=one), "b" * 40, "c" * 40)

    assert [(asked.slot, asked.role, asked.candidate, asked.previous, asked.line) for asked in found] == [
        (PRODUCTION, Role.CHAMPION, two, one, 4),
        (EU, Role.SHADOW, two, None, 6),
    ]
    assert {asked.champion for asked in found} == {one}
    assert {(asked.base, asked.head) for asked in found} == {("b" * 40, "c" * 40)}
