"""Who rejected a pin that nobody is asked about goes on record, and stops it while it stands."""

from __future__ import annotations

from gatehouse.report.outlook import Answer
from gatehouse.review.facts import Facts, Person, Said, Standing
from gatehouse.review.unasked import in_force, places
from tests.review.worlds import ASKED, comment, facts, said

PIN = Answer(ASKED.slot, ASKED.role, ASKED.candidate, key=ASKED.evidence)
NO = comment("anna", 100, "/reject-model credit-risk 48 it declines everybody", Standing.REJECTED)
YES = said("anna", Standing.APPROVED, 200, "fine")


def known(*words: Said) -> Facts:
    people = {"anna": Person("anna", "write", None), "rita": Person("rita", "read", None)}
    return facts(*words, asked=(), people=people)


def test_a_rejection_stands_and_is_on_record_with_its_reason() -> None:
    assert in_force(known(NO), [PIN]) == (NO,)
    (place,) = places(known(NO), [PIN])
    assert (place.slot, place.candidate, place.evidence, place.passed, place.approvals) == (
        PIN.slot, PIN.candidate, PIN.key, False, (),
    )  # fmt: skip
    (rejection,) = place.rejections
    assert (rejection.who, rejection.when, rejection.reason, rejection.seconds) == (
        "anna", NO.at, "it declines everybody", 100.0,
    )  # fmt: skip


def test_one_that_was_taken_back_is_on_record_and_stops_nothing() -> None:
    assert in_force(known(NO, YES), [PIN]) == ()
    (place,) = places(known(NO, YES), [PIN])
    assert (place.passed, len(place.rejections)) == (True, 1)


def test_one_of_somebody_who_may_not_write_is_neither() -> None:
    words = comment("rita", 100, NO.body, Standing.REJECTED)
    assert in_force(known(words), [PIN]) == ()
    assert places(known(words), [PIN])[0].rejections == ()


def test_each_pin_has_those_that_name_it() -> None:
    other = Answer(PIN.slot, PIN.role, type(PIN.candidate)(49, PIN.candidate.digest))
    review = said("anna", Standing.REJECTED, 300, "neither")
    assert [len(place.rejections) for place in places(known(NO, review), [PIN, other])] == [2, 1]


def test_where_no_pin_is_set_nothing_of_ours_is_rejected() -> None:
    """What changes no promotion, or brings one back that served before, is not for us to stop."""
    assert in_force(known(NO, said("anna", Standing.REJECTED, 300, "not these words")), []) == ()
