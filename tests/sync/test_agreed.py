"""Who agreed to a pin and who did not, as events: each word once, from whoever remembers it best."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from gatehouse.audit.record import Approval, Kind, Record, Rejection
from gatehouse.pin import Role, Slot
from gatehouse.sync.agreed import answers, emergency, heard, spoken
from gatehouse.sync.event import Event, What
from tests.support.records import START, approval, pin, record, rejection, reviewed

SLOT = Slot("credit-risk", "production")


def on_record(*approvals: Approval, rejections: tuple[Rejection, ...] = (), **changes: object) -> Record:
    words = {"approvals": approvals, "rejections": rejections, "pull_request": 12}
    return msgspec.structs.replace(record(2), **{**words, **changes})


def who(events: tuple[Event, ...]) -> list[tuple[str, str]]:
    return [(str(event.what), event.who) for event in events]


def told(*given: object) -> tuple[Event, ...]:
    records = [one for one in given if isinstance(one, Record)]
    kept = [one for one in given if not isinstance(one, Record)]
    return tuple(spoken("credit-risk", records, kept))  # type: ignore[arg-type]


def test_an_approval_is_about_the_pin_that_came_in_and_carries_all_that_was_said() -> None:
    (event,) = told(on_record(approval()))
    assert (event.what, event.slot, event.role, event.after) == (What.APPROVED, SLOT, Role.CHAMPION, pin(2))
    assert (event.time, event.who, event.pull_request) == (START + timedelta(minutes=10), "anna", 12)
    assert event.approval == approval()


def test_a_rejection_carries_its_reason_on_one_line_and_whole() -> None:
    said = rejection(reason="no card\n\nand no data sheet")
    (event,) = told(on_record(rejections=(said,)))
    assert (event.what, event.text, event.rejection) == (What.REJECTED, "no card and no data sheet", said)


def test_without_a_reason_that_is_said() -> None:
    (event,) = told(on_record(rejections=(rejection(reason=" \n"),)))
    assert event.text == "no reason given"


def test_what_is_on_record_twice_and_on_the_branch_too_is_told_once() -> None:
    no = on_record(key="rejected", kind=Kind.REJECTED, rejections=(rejection(),))
    let_in = on_record(approval(), rejections=(rejection(),))
    kept = reviewed(SLOT, pin(2), rejection(), approvals=(approval(),))
    assert who(told(no, let_in, kept, kept)) == [("rejected", "chen"), ("approved", "anna")]


def test_two_words_of_one_person_are_two_and_so_is_one_about_two_roles() -> None:
    twice = on_record(rejections=(rejection(), rejection(after=900)))
    canary = on_record(rejections=(rejection(),), role=Role.CANARY)
    assert [(event.role, event.time) for event in told(twice, canary)] == [
        (Role.CHAMPION, rejection().when),
        (Role.CHAMPION, rejection(after=900).when),
        (Role.CANARY, rejection().when),
    ]


def test_a_record_without_approvals_silences_nobody() -> None:
    refused = on_record(kind=Kind.REFUSED, reason="frozen: holidays")
    assert who(told(refused, reviewed(SLOT, pin(2), approvals=(approval(),)))) == [("approved", "anna")]


def test_of_a_pin_that_was_let_in_only_those_count_that_are_on_record() -> None:
    kept = reviewed(SLOT, pin(2), approvals=(approval("mallory"), approval()))
    assert who(told(on_record(approval()), kept)) == [("approved", "anna")]


def test_of_a_pin_that_is_not_on_record_those_count_that_counted_last() -> None:
    first = reviewed(SLOT, pin(3), approvals=(approval("eve"), approval()))
    assert who(told(first, reviewed(SLOT, pin(3), approvals=(approval(),)))) == [("approved", "anna")]
    assert told(first, reviewed(SLOT, pin(3))) == ()


def test_a_rejection_that_was_taken_back_is_told_all_the_same() -> None:
    then = reviewed(SLOT, pin(3), approvals=(approval("chen", 900),))
    assert who(told(reviewed(SLOT, pin(3), rejection()), then)) == [("rejected", "chen"), ("approved", "chen")]


def test_pull_requests_and_roles_do_not_speak_for_each_other() -> None:
    here = reviewed(SLOT, pin(3), approvals=(approval(),))
    other = reviewed(SLOT, pin(4), approvals=(approval("bob"),), number=13)
    canary = reviewed(SLOT, pin(3), approvals=(approval("eve"),), role=Role.CANARY)
    assert who(told(here, other, canary)) == [("approved", "anna"), ("approved", "bob"), ("approved", "eve")]


def test_what_was_said_of_another_model_is_not_told() -> None:
    assert told(reviewed(Slot("churn", "production"), pin(3), rejection())) == ()


def test_a_word_on_record_whose_time_has_no_zone_is_left_out_since_it_has_no_place_among_the_others() -> None:
    odd = approval(when=START.replace(tzinfo=None))
    assert who(told(on_record(odd, approval("bob"), rejections=(rejection(when=odd.when),)))) == [("approved", "bob")]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (approval(), "10 min after it could be reviewed"),
        (approval(after=45, flagged=True), "45 s after it could be reviewed; flagged for the auditor"),
        (approval(seconds=None), "how long after it could be reviewed is not known"),
        (approval(seconds=-61.0), "1 min 1 s before it could be reviewed"),
        (
            approval(flagged=True, answers={"emergency": "fraud\nwave"}),
            "called an emergency: fraud wave; flagged for the auditor",
        ),
        (approval(answers={"emergency": "who is told?"}), "10 min after it could be reviewed"),
    ],
)
def test_how_somebody_agreed(said: Approval, words: str) -> None:
    assert heard(said) == words


def test_answers_are_a_line_each_in_the_order_in_which_they_were_asked_and_then_the_limitations() -> None:
    said = approval(answers={"timing": "yes", "gain": "a\nb\x1b"}, acknowledged=("one", "tw\0o"))
    assert list(answers(said)) == ["timing: yes", "gain: a b", "acknowledged: one, tw o"]
    assert list(answers(Approval("anna", START))) == []


def test_the_reason_of_an_emergency_is_told_once_and_what_was_answered_before_it_is_told_too() -> None:
    said = approval(flagged=True, answers={"gain": "fine", "emergency": "fraud wave"}, acknowledged=())
    assert emergency(said) == "fraud wave"
    assert list(answers(said)) == ["gain: fine"]
    assert list(answers(msgspec.structs.replace(said, flagged=False))) == ["gain: fine", "emergency: fraud wave"]


def test_a_giant_answer_is_cut_on_its_line() -> None:
    (line,) = answers(approval(answers={"gain": "x" * 70_000}, acknowledged=()))
    assert line.endswith("…")
    assert len(line) < 2_100
