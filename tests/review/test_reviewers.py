"""Who may approve: each rule with somebody on either side of it."""

from __future__ import annotations

from typing import Any

import pytest

from gatehouse.review.facts import Account, Person
from gatehouse.review.judge import judge
from gatehouse.review.judgement import Ruled
from tests.review.worlds import ASKED, NOW, PEOPLE, RELEASE, RISK, approval, asked, facts


def rule(name: str, who: str | Account = "anna", **changes: Any) -> Ruled:
    """What one rule says of a whole approval by somebody."""
    account = who if isinstance(who, Account) else Account(who)
    known = facts(approval(account.login, author=account), **changes)
    return next(ruled for ruled in judge(known, NOW).places[0].rules if ruled.rule == name and ruled.review is not None)


def approves(who: str | Account = "anna", **changes: Any) -> bool:
    account = who if isinstance(who, Account) else Account(who)
    return judge(facts(approval(account.login, author=account), **changes), NOW).passed


@pytest.mark.parametrize("who", ["anna", "bob", "chen", "ANNA"])
def test_a_code_owner_who_had_no_part_in_it_approves(who: str) -> None:
    assert approves(who)


EXCLUDED = [
    ("person", Account("robot", bot=True), "@robot is a bot"),
    ("person", Account("robot[bot]"), "@robot[bot] is a bot"),
    ("person", Account("ghost"), "the account that approved was deleted"),
    ("person", Account(""), "the account that approved was deleted"),
    ("owner", Account("nora"), "@nora is not a code owner of promotions/credit-risk/production.yaml"),
    ("permission", Account("rita"), "@rita may not write to this repository (permission: read)"),
    ("permission", Account("mallory"), "@mallory may not write to this repository (permission: none)"),
    ("proposer", Account("ada"), "@ada proposed this"),
    ("proposer", Account("Ada"), "@Ada proposed this"),
    ("committer", Account("carl"), "@carl made a commit of this pull request"),
    ("pusher", Account("paula"), "@paula pushed last"),
    ("trainer", Account("trent"), "@trent trained version 48"),
]


@pytest.mark.parametrize(("name", "who", "words"), EXCLUDED)
def test_who_is_excluded_does_not_approve_and_hears_why(name: str, who: Account, words: str) -> None:
    found = rule(name, who)
    assert not found.ok
    assert found.said == words
    assert found.fix
    assert not approves(who)


@pytest.mark.parametrize("permission", ["write", "maintain", "admin", "WRITE"])
def test_who_may_write_may_approve(permission: str) -> None:
    assert approves(people={"anna": Person("anna", permission, frozenset({RISK}))}, author=Account("ada"))


@pytest.mark.parametrize("permission", ["none", "read", "triage", "", "owner"])
def test_whoever_may_not_write_may_not_approve(permission: str) -> None:
    assert not rule("permission", people={"anna": Person("anna", permission, frozenset({RISK}))}).ok


def test_whose_permission_nobody_knows_may_not_approve() -> None:
    assert rule("permission", people={}).said == "nobody may see what @anna may do in this repository"


OWNERS = [
    (("@anna",), None, True),
    (("@Anna",), None, True),
    (("@bob",), None, False),
    ((f"@{RISK}",), frozenset({RISK}), True),
    ((f"@{RISK.upper()}",), frozenset({RISK}), True),
    ((f"@{RISK}",), frozenset({"other/model-risk"}), False),
    ((f"@{RISK}",), frozenset[str](), False),
    ((f"@{RISK}",), None, False),
    (("@anna", f"@{RISK}"), None, True),
    (("anna@acme.example",), None, True),
    (("somebody@acme.example",), None, False),
    # A login is no address, and a team is nobody's login.
    (("anna",), None, False),
    ((), frozenset({RISK}), False),
]


@pytest.mark.parametrize(("owners", "teams", "ok"), OWNERS)
def test_an_owner_is_named_by_login_team_or_address(owners: tuple[str, ...], teams: Any, ok: bool) -> None:
    found = rule(
        "owner",
        asked=(asked(owners=owners),),
        people={"anna": Person("anna", "write", teams)},
        names={"anna@acme.example": "anna"},
    )
    assert found.ok is ok


def test_when_teams_cannot_be_seen_the_token_is_to_blame() -> None:
    found = rule("owner", people={"anna": Person("anna", "write", None)})
    assert found.said == f"nobody may see whether @anna is in @{RELEASE} or @{RISK}"
    assert found.fix == "let the token read the members of the organisation's teams"


def test_a_file_that_nobody_owns_is_approved_by_nobody() -> None:
    found = rule("owner", asked=(asked(owners=()),))
    assert found.said == "nobody owns promotions/credit-risk/production.yaml"


def test_who_proposed_cannot_be_told_of_a_deleted_account() -> None:
    assert not rule("proposer", author=Account("ghost")).ok


COMMITTERS = [
    (frozenset({"ada"}), True),
    (frozenset({"ada", "anna"}), False),
    (frozenset({"ada", "ANNA"}), False),
    (frozenset({"ada", ""}), False),
    (frozenset({"ada", "ghost"}), False),
    (frozenset[str](), False),
]


@pytest.mark.parametrize(("committers", "ok"), COMMITTERS)
def test_every_commit_is_of_somebody_known_who_does_not_approve(committers: frozenset[str], ok: bool) -> None:
    assert rule("committer", committers=committers).ok is ok


@pytest.mark.parametrize(
    ("pusher", "ok"), [(Account("ada"), True), (Account("anna"), False), (Account("ghost"), False), (None, False)]
)
def test_the_last_push_is_of_somebody_known_who_does_not_approve(pusher: Account | None, ok: bool) -> None:
    assert rule("pusher", pushed_by=pusher).ok is ok


TRAINERS = [
    (("trent",), {}, True),
    (("trent@acme.example",), {"trent@acme.example": "trent"}, True),
    (("TRENT@acme.example",), {"trent@acme.example": "trent"}, True),
    # Two names of one run, one of which is the reviewer's.
    (("trent", "anna"), {}, False),
    (("anna.k",), {"anna.k": "anna"}, False),
    (("anna.k",), {"Anna.K": "Anna"}, False),
    # Nobody knows whose name that is: it may be the reviewer's.
    (("anna.k",), {}, False),
    (("trent", "root"), {}, False),
    # One text that may be two names, or one.
    (("trent, carl", "trent", "carl"), {}, True),
    (("trent, root", "trent", "root"), {}, False),
    (("trent, root", "trent"), {}, False),
    (("root, admin", "root", "admin"), {}, False),
    (("trent, anna", "trent", "anna"), {}, False),
    (("Trent, T.", "Trent", "T."), {"Trent, T.": "trent"}, True),
    (("Krueger, Anna", "Krueger", "Anna"), {"Krueger, Anna": "olga"}, False),
    (("Krueger, A.", "Krueger", "A."), {"Krueger, A.": "anna"}, False),
    (("Krueger, A.", "Krueger", "A."), {"Krueger": "anna"}, False),
    (("", " "), {}, False),
    ((), {}, False),
]


@pytest.mark.parametrize(("trainers", "names", "ok"), TRAINERS)
def test_the_trainer_is_somebody_known_who_does_not_approve(
    trainers: tuple[str, ...], names: dict[str, str], ok: bool
) -> None:
    people = {login: facts().people[login] for login in ("anna", "trent")}
    assert rule("trainer", asked=(asked(trained_by=trainers),), names=names, people=people).ok is ok


def test_the_trainers_are_named_once() -> None:
    both = asked(trained_by=("trent, carl", "trent", "carl"))
    assert rule("trainer", "chen", asked=(both,), names={"trent": "trent"}).said == "trent and carl trained version 48"


def test_an_unknown_trainer_is_named_with_what_to_write() -> None:
    found = rule("trainer", asked=(asked(trained_by=("root",)),))
    assert found.fix == "write whose name 'root' is under `people:` in promotions/stages.yaml"


@pytest.mark.parametrize("part", ["author", "committers", "pushed_by"])
def test_a_second_account_of_somebody_who_had_a_part_in_it_is_that_person(part: str) -> None:
    account: Any = frozenset({"chen"}) if part == "committers" else Account("chen")
    assert approves("anna", **{part: account})
    assert not approves("anna", **{part: account, "names": {"trent@acme.example": "trent", "anna": "chen"}})


def test_two_accounts_of_one_person_are_one_approval() -> None:
    two = asked(policy=ASKED.policy, owners=ASKED.owners)
    high = facts(approval("anna", pin=two), approval("bob", pin=two), asked=(two,))
    names = {"trent@acme.example": "trent", "anna-2": "anna", "bob": "anna-2"}
    assert len(judge(high, NOW).places[0].counted) == 2
    assert len(judge(facts(*high.said, names=names), NOW).places[0].counted) == 1


def test_every_person_of_the_tests_is_on_one_side() -> None:
    """Otherwise a rule that lets everybody through would not be noticed."""
    assert {who for who in PEOPLE if approves(Account(who, bot=who == "robot"))} == {"anna", "bob", "chen"}
