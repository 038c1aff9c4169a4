"""What a reviewer is told before they say anything: pure, over the same facts as the judgement itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gatehouse.declare.freeze import Freeze
from gatehouse.review.commands import given
from gatehouse.review.facts import Account, Facts, Standing
from gatehouse.review.judge import judge
from gatehouse.review.would import calling, counts, hindered, lacking, opens, perfect, would
from tests.review.worlds import ASKED, NOON, NOW, after, approval, asked, emergency, facts, filled, policy, rejection


def rules(there: Facts, who: str = "anna", **more: Any) -> list[str]:
    (place,) = would(there, Account(who), more.get("text", perfect(there)), more.get("now", NOW)).places
    return [rule.rule for rule in hindered(place)]


def test_an_honest_owner_is_told_nothing_against_them() -> None:
    assert rules(facts()) == []


@pytest.mark.parametrize(
    ("who", "rule"),
    [
        ("ada", "proposer"),
        ("carl", "committer"),
        ("paula", "pusher"),
        ("trent", "trainer"),
        ("robot[bot]", "person"),
        ("nora", "owner"),
        ("rita", "permission"),
    ],
)
def test_who_cannot_count_is_told_by_which_rule(who: str, rule: str) -> None:
    assert rule in rules(facts(), who)


def test_nothing_that_would_be_judged_is_said_for_them() -> None:
    there = facts()
    would(there, Account("anna"), perfect(there), NOW)
    assert there == facts()


@pytest.mark.parametrize(("seconds", "broken"), [(29, ["timing"]), (30, []), (0, ["timing"])])
def test_too_early_is_told_with_the_moment_from_which_it_counts(seconds: float, broken: list[str]) -> None:
    there = facts()
    (place,) = would(there, Account("anna"), perfect(there), after(seconds)).places
    assert [rule.rule for rule in hindered(place)] == broken
    assert opens(hindered(place)) == (NOON + timedelta(seconds=30) if broken else None)


def test_no_moment_is_told_where_time_is_not_all_that_is_wrong() -> None:
    there = facts()
    (place,) = would(there, Account("ada"), perfect(there), after(3)).places
    assert opens(hindered(place)) is None
    assert [rule.rule for rule in hindered(place)] == ["proposer", "committer"]


def test_a_draft_makes_an_approval_of_now_worth_nothing() -> None:
    assert rules(facts(draft=True)) == ["draft"]


@pytest.mark.parametrize("change", [{"evidence_at": None}, {"asked": (asked(evidence="", token=""),)}])
def test_without_evidence_that_alone_is_told(change: dict[str, Any]) -> None:
    assert rules(facts(**change)) == ["gates"]


def test_what_only_keeps_the_merge_back_hinders_no_approval() -> None:
    there = facts(rejection("bob"), freeze=Freeze(stop_the_line="incident"))
    assert rules(there) == []
    (place,) = judge(there, NOW).places
    assert {"rejected", "approvals"} <= {rule.rule for rule in lacking(place)}


def test_the_very_words_are_judged() -> None:
    there = facts()
    (place,) = would(there, Account("anna"), filled(answers={}), NOW).places
    assert [rule.rule for rule in hindered(place)] == ["questions"]


def test_a_call_of_an_emergency_is_judged_as_one() -> None:
    there = facts()
    text = calling(there, "a fraud wave\n/reject-model credit-risk 48 no")
    (command,) = given(text)
    assert (command.token, command.reason) == (ASKED.token, "a fraud wave /reject-model credit-risk 48 no")
    for who, broken in (("anna", []), ("trent", ["trainer"])):
        (place,) = would(there, Account(who), text, NOW, Standing.EMERGENCY).places
        assert [rule.rule for rule in hindered(place)] == broken


def test_the_second_call_is_told_that_it_counts() -> None:
    there = facts(emergency("bob"), asked=(asked(policy=policy("high")),))
    (place,) = would(there, Account("anna"), calling(there, "a fraud wave"), NOW, Standing.EMERGENCY).places
    assert place.passed
    assert counts(place, "Anna", there)


def test_who_approved_is_known_by_every_name() -> None:
    there = facts(approval("anna"), names={"anna.s": "anna", "trent@acme.example": "trent"})
    (place,) = judge(there, NOW).places
    assert counts(place, "Anna.S", there)
    assert not counts(place, "bob", there)
