"""One person under several names is one person, in whatever order the names are written."""

from __future__ import annotations

from itertools import permutations

import pytest

from gatehouse.declare.freeze import Freeze
from gatehouse.review.facts import Account, Person
from gatehouse.review.who import Who
from tests.review.worlds import NOON, RISK, asked, facts, policy


@pytest.mark.parametrize("name", ["anna", "@anna", "ANNA", " anna ", "anna@acme.example", "Anna.K"])
def test_all_names_of_a_person_are_that_person(name: str) -> None:
    who = Who(facts(names={"anna@acme.example": "anna", "anna.k": "Anna"}))
    assert who.of(name) == who.of("anna") != who.of("bob")


@pytest.mark.parametrize("order", list(permutations([("a", "b"), ("b", "c"), ("c", "a"), ("d", "c")])))
def test_names_of_names_are_followed_also_in_a_circle(order: tuple[tuple[str, str], ...]) -> None:
    who = Who(facts(names=dict(order)))
    assert len({who.of(name) for name in "abcd"}) == 1
    assert who.of("e") == "e"


def test_permission_and_teams_belong_to_the_account_that_spoke() -> None:
    who = Who(facts(names={"anna-2": "anna"}, people={"anna": Person("anna", "write", frozenset({RISK}))}))
    assert who.writes("Anna") is True
    assert who.teams("anna") == frozenset({RISK})
    assert who.writes("anna-2") is None
    assert who.teams("anna-2") is None


def test_a_name_is_known_by_the_pull_request_or_by_a_reviewed_file() -> None:
    known = facts(
        names={"root": "ci"},
        people={"anna": Person("anna", "read", None)},
        committers=frozenset({"carl", ""}),
        requested={"rolf": NOON, RISK: NOON},
        freeze=Freeze(oncall=("@otto",)),
        asked=(asked(owners=("@olga", f"@{RISK}", "olga@acme.example"), policy=policy(pool=("@pia",))),),
    )
    who = Who(known)
    everybody = ("root", "ci", "ANNA", "ada", "carl", "paula", "rolf", "otto", "olga", "pia")
    assert all(who.known(name) for name in everybody)
    assert not any(who.known(name) for name in ("", "ghost", "admin", RISK, "olga@acme.example"))


def test_a_deleted_account_is_no_known_one() -> None:
    assert not Who(facts(author=Account("ghost"), pushed_by=Account("ghost"))).known("ghost")
