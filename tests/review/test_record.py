"""What a review leaves on record: who agreed and to what, who did not, and what an auditor should look at."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from gatehouse.audit.record import Approval
from gatehouse.pin import Role
from gatehouse.review import record
from gatehouse.review.facts import Account, Facts, Said, Standing
from gatehouse.review.judge import judge
from gatehouse.review.record import Reviewed, ReviewedPlace
from tests.review.worlds import (
    ASKED,
    HEAD,
    LIMITATION,
    NOW,
    after,
    approval,
    asked,
    comment,
    dismissed,
    emergency,
    facts,
    filled,
    policy,
    rejection,
    sheet,
)

GHOST = Account("ghost")


def kept(known: Facts) -> Reviewed:
    """What goes on record, as it comes back from where it is kept."""
    written = msgspec.json.encode(record.reviewed(known, judge(known, NOW), NOW))
    return msgspec.json.decode(written, type=Reviewed)


def place(*said: Said, **changes: object) -> ReviewedPlace:
    (found,) = kept(facts(*said, **changes)).places
    return found


def approvals(*said: Said, **changes: object) -> tuple[Approval, ...]:
    return place(*said, **changes).approvals


def test_it_names_the_pull_request_its_commit_its_proposer_and_every_pin_with_its_evidence() -> None:
    canary = asked(role=Role.CANARY, version=49)
    found = kept(facts(approval("anna"), approval("anna", 700, canary), asked=(ASKED, canary)))
    assert (found.number, found.head, found.author, found.judged, found.passed) == (7, HEAD, "ada", NOW, True)
    assert [(each.role, each.candidate, each.evidence, each.token) for each in found.places] == [
        (pin.role, pin.candidate, pin.evidence, pin.token) for pin in (ASKED, canary)
    ]


def test_an_approval_keeps_who_when_how_long_its_page_and_every_answer() -> None:
    (found,) = approvals(approval("anna", 600.04))
    assert (found.who, found.when, found.seconds, found.flagged) == ("anna", after(600.04), 600.0, False)
    assert found.url == "https://github.test/7#anna-600.04"
    assert found.answers["gain"] == "fine"
    assert found.answers["timing"] == "yes"


def test_the_known_limitations_that_were_ticked_are_on_record_and_those_nobody_lists_are_not() -> None:
    two = asked(policy=policy(limitations=(LIMITATION, "post-2024-inflation")))
    text = filled(two, acknowledged=frozenset({*two.policy.review.limitations, "the moon"}))
    (found,) = approvals(approval("anna", pin=two, body=text), asked=(two,))
    assert found.acknowledged == (LIMITATION, "post-2024-inflation")


def test_one_that_was_quick_is_flagged_and_said_so() -> None:
    found = place(approval("anna", 45))
    assert [each.flagged for each in found.approvals] == [True]
    assert [remark for remark in found.remarks if "45 s" in remark]


def test_an_approval_that_does_not_count_is_not_among_those_that_do_and_its_fault_is_kept() -> None:
    found = place(approval("ada"))
    assert (found.passed, found.approvals) == (False, ())
    assert [ruled.said for ruled in found.rules if ruled.rule == "proposer"] == ["@ada proposed this"]


def test_a_rejection_keeps_its_reason_and_who_took_it_back_is_still_on_record() -> None:
    found = place(rejection("anna", 300), approval("anna", 900))
    (no,) = found.rejections
    assert (no.who, no.when, no.reason, no.seconds) == ("anna", after(300), "the thin files are worse off", 300.0)
    assert [each.who for each in found.approvals] == ["anna"]


def test_a_rejection_by_a_comment_keeps_what_was_said_after_the_version() -> None:
    text = "/reject-model credit-risk 48 worse for thin files"
    (no,) = place(comment("bob", 100, text, Standing.REJECTED)).rejections
    assert no.reason == "worse for thin files"


def test_a_comment_that_rejects_another_version_is_no_rejection_of_this_one() -> None:
    text = "/reject-model credit-risk 49 worse for thin files"
    assert place(comment("bob", 100, text, Standing.REJECTED)).rejections == ()


def test_of_an_honest_approval_nothing_is_left_for_an_auditor_to_look_at() -> None:
    assert place(approval("anna")).remarks == ()


def test_who_may_not_write_here_leaves_no_rejection_and_a_deleted_account_that_stops_the_pin_does() -> None:
    found = place(rejection("mallory"), rejection("rita"), rejection("ghost", author=GHOST))
    assert not found.passed
    assert [each.who for each in found.rejections] == ["ghost"]


def test_a_dismissed_review_is_no_rejection_and_no_approval() -> None:
    found = place(dismissed("anna"))
    assert (found.approvals, found.rejections) == ((), ())


def test_an_emergency_keeps_both_people_with_their_reasons_and_says_what_it_lifted() -> None:
    calls = emergency("anna", 100, "fraud wave"), emergency("bob", 200, "losing money by the hour")
    found = place(*calls)
    assert found.passed
    assert {each.who: each.answers for each in found.approvals} == {
        "anna": {"emergency": "fraud wave"},
        "bob": {"emergency": "losing money by the hour"},
    }
    assert all(each.flagged for each in found.approvals)
    assert "@anna and @bob called an emergency" in found.remarks


def test_who_approved_and_called_an_emergency_is_kept_with_answers_limitations_and_reason() -> None:
    high = asked(policy=policy("high"))
    given = approval("anna", 600, high), emergency("anna", 700), emergency("bob", 800)
    found = {each.who: each for each in approvals(*given, asked=(high,))}
    assert found["anna"].answers["gain"] == "fine"
    assert found["anna"].answers["emergency"] == "fraud wave"
    assert found["anna"].acknowledged == (LIMITATION,)


def test_three_hundred_rejections_are_all_kept() -> None:
    many = [rejection("bob", at, id=at) for at in range(1, 301)]
    assert len(place(*many).rejections) == 300


def test_control_characters_in_an_answer_come_back_as_they_were_given() -> None:
    hostile = "fine\x1b[2J\u202e \U0001f600"
    (found,) = approvals(approval("anna", body=filled(answers={**sheet().answers, "gain": hostile})))
    assert "\x1b" in found.answers["gain"]


def test_a_record_of_a_later_release_is_read_as_far_as_this_one_goes() -> None:
    written = msgspec.json.decode(msgspec.json.encode(kept(facts(approval("anna")))))
    written |= {"schema": record.SCHEMA + 1, "mood": "cheerful"}
    found = msgspec.json.decode(msgspec.json.encode(written), type=Reviewed)
    assert [each.who for each in found.places[0].approvals] == ["anna"]


@pytest.mark.parametrize("later", [timedelta(seconds=1), timedelta(days=300)])
def test_the_same_judgement_at_another_time_differs_in_nothing_but_that_time(later: timedelta) -> None:
    known = facts(approval("anna"), rejection("bob", 100))
    one, two = (record.reviewed(known, judge(known, now), now) for now in (NOW, NOW + later))
    assert msgspec.structs.replace(two, judged=one.judged) == one
