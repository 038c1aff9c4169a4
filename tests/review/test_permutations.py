"""No order of people and events lets anybody approve who may not, and knowing less never approves more.

The oracle below says once more, without the code under test, what may pass; it is generous where it does not matter, so
that it can only be too kind and never too strict.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations, product
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatehouse.pin import Role
from gatehouse.review.facts import Account, Facts, Person, Said, Standing
from gatehouse.review.judge import judge
from gatehouse.review.judgement import Judgement
from gatehouse.review.token import token
from tests.review.worlds import (
    ASKED,
    HEAD,
    NOW,
    PEOPLE,
    RELEASE,
    RISK,
    SLOT,
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
)

HONEST = ("anna", "bob", "chen")
EXCLUDED = (
    Account("ada"), Account("carl"), Account("paula"), Account("trent"), Account("robot", bot=True),
    Account("robot[bot]"), Account("nora"), Account("rita"), Account("mallory"), Account("ghost"), Account("unknown"),
    # Second accounts, which ``people:`` names.
    Account("ada-2"), Account("trent-2"), Account("carl-2"), Account("paula-2"),
)  # fmt: skip
ALIASES = {f"{login}-2": login for login in ("ada", "trent", "carl", "paula")}
NAMES = {"trent@acme.example": "trent", **ALIASES}
EVERYBODY = {
    **{login: Person(login, *what) for login, what in PEOPLE.items()},
    **{login: Person(login, "admin", frozenset({RISK, RELEASE})) for login in ALIASES},
}
OLD = token(6, HEAD, SLOT, Role.CHAMPION, ASKED.evidence)
# What can be wrong with an approval.
FAULTS: tuple[dict[str, Any], ...] = (
    {"body": ""},
    {"body": filled(token=OLD)},
    {"body": filled(answers={})},
    {"body": filled(acknowledged=frozenset())},
    {"commit": "g" * 40},
    {"commit": None},
    {"edited": after(5000)},
    {"at": after(29)},
    {"at": after(-60)},
    {"at": NOW.replace(year=2027)},
)
ALL = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


def world(said: tuple[Said, ...], **changes: Any) -> Facts:
    return facts(*said, **{"people": EVERYBODY, "names": NAMES, **changes})


def judged(said: tuple[Said, ...], **changes: Any) -> Judgement:
    return judge(world(said, **changes), NOW)


def wrong(who: str, at: float, fault: dict[str, Any], number: int = 5) -> Said:
    """An approval with one thing that is wrong with it."""
    return msgspec.structs.replace(approval(who, at, id=number), **fault)


# ---- excluded people


def everything(account: Account, at: float) -> Iterator[Said]:
    """All the ways to say yes, each as whole as it can be."""
    yield approval(account.login, at, author=account)
    text = f"/approve-model credit-risk 48 {ASKED.token}\n\n{filled()}"
    yield comment(account.login, at + 1, text, author=account)
    yield emergency(account.login, at + 2, author=account)


@pytest.mark.parametrize("account", EXCLUDED, ids=lambda account: account.login)
def test_nobody_who_is_excluded_approves_in_whatever_way_and_order(account: Account) -> None:
    for order in permutations(everything(account, 100)):
        assert not judged(order).passed
        assert not judged(order).places[0].counted


@ALL
@given(st.permutations([said for at, who in enumerate(EXCLUDED) for said in everything(who, 100 + 10 * at)]))
def test_all_who_are_excluded_together_approve_nothing(said: list[Said]) -> None:
    found = judged(tuple(said))
    assert not found.passed
    assert not found.places[0].counted


@ALL
@given(st.data())
def test_an_honest_approval_is_never_helped_by_any_number_of_others(data: st.DataObject) -> None:
    high = asked(policy=policy("high"))
    others = data.draw(st.lists(st.sampled_from(EXCLUDED), unique=True))
    words = [approval("anna", 90), emergency("anna", 95)]
    words += [each for at, who in enumerate(others) for each in everything(who, 100 + 10 * at)]
    found = judged(tuple(data.draw(st.permutations(words))), asked=(high,))
    assert not found.passed
    assert [counted.who for counted in found.places[0].counted] == ["anna"]


@ALL
@given(st.lists(st.tuples(st.sampled_from(HONEST), st.sampled_from(FAULTS)), max_size=6))
def test_nothing_that_is_wrong_becomes_right_by_being_said_often(words: list[tuple[str, dict[str, Any]]]) -> None:
    said = tuple(wrong(who, 600 + at, fault, at) for at, (who, fault) in enumerate(words))
    assert not judged(said).passed


@pytest.mark.parametrize("fault", FAULTS)
def test_each_of_these_is_wrong_by_itself(fault: dict[str, Any]) -> None:
    assert judged((approval("anna", 600),)).passed
    assert not judged((wrong("anna", 600, fault),)).passed


# ---- any history


def words() -> st.SearchStrategy[Said]:
    kinds = (approval, rejection, dismissed, emergency)
    moments = st.sampled_from((100, 200, 300))
    plain = st.builds(
        lambda kind, who, at, number: kind(who, at, id=number),
        st.sampled_from(kinds),
        st.sampled_from(HONEST),
        moments,
        st.integers(1, 99),
    )
    faulty = st.builds(
        wrong,
        st.sampled_from(HONEST),
        moments,
        st.sampled_from(FAULTS),
    )
    return st.one_of(plain, plain, faulty)


HISTORIES = st.lists(words(), max_size=7)


def last_against(said: list[Said], who: str) -> Any:
    against = (Standing.REJECTED, Standing.DISMISSED)
    return max((each.at for each in said if each.author.login == who and each.standing in against), default=None)


@ALL
@given(HISTORIES)
def test_a_later_rejection_or_dismissal_always_wins(said: list[Said]) -> None:
    found = judged(tuple(said)).places[0]
    for counted in found.counted:
        last = last_against(said, counted.who)
        assert last is None or last < counted.at
    for who in HONEST:
        own = [each for each in said if each.author.login == who]
        rejected = max((each.at for each in own if each.standing is Standing.REJECTED), default=None)
        later = [each for each in own if rejected is not None and each.at > rejected]
        if rejected is not None and not any(each.standing in ("APPROVED", "EMERGENCY") for each in later):
            assert not found.passed


@ALL
@given(HISTORIES, st.sampled_from(HONEST))
def test_whatever_was_said_a_last_rejection_stops_it(said: list[Said], who: str) -> None:
    assert not judged((*said, rejection(who, 9000))).passed


@ALL
@given(HISTORIES, st.sampled_from(HONEST))
def test_a_last_dismissal_leaves_nothing_of_that_person(said: list[Said], who: str) -> None:
    found = judged((*said, dismissed(who, 9000))).places[0]
    assert who not in [counted.who for counted in found.counted]


@ALL
@given(st.data())
def test_the_order_in_which_facts_come_does_not_matter(data: st.DataObject) -> None:
    # Two reviews of one number would be one; a comment may say several things.
    said = data.draw(st.lists(words(), max_size=6, unique_by=lambda each: (each.id, each.standing)))
    other = data.draw(st.permutations(said))
    assert judged(tuple(said)) == judged(tuple(other))


# ---- knowing less


def less(known: Facts) -> Iterator[tuple[str, Facts]]:
    """The same pull request with something that is not known, or was not given."""

    def changed(what: str, **changes: Any) -> tuple[str, Facts]:
        return what, msgspec.structs.replace(known, **changes)

    for login, person in known.people.items():
        rest = {name: each for name, each in known.people.items() if name != login}
        yield changed(f"{login} is not known", people=rest)
        blind = msgspec.structs.replace(person, teams=None)
        yield changed(f"the teams of {login} are not seen", people={**rest, login: blind})
        yield changed(
            f"{login} has no teams", people={**rest, login: msgspec.structs.replace(person, teams=frozenset())}
        )
    yield changed("no evidence", evidence_at=None)
    yield changed("no pusher", pushed_by=None)
    yield changed("a deleted pusher", pushed_by=Account("ghost"))
    yield changed("a deleted proposer", author=Account("ghost"))
    yield changed("an unknown committer", committers=known.committers | {""})
    yield changed("no committers", committers=frozenset())
    yield changed("nobody's address", names={name: login for name, login in known.names.items() if "@" not in name})
    for part in ({"owners": ()}, {"trained_by": ()}, {"evidence": ""}, {"token": ""}):
        pins = tuple(msgspec.structs.replace(pin, **part) for pin in known.asked)
        yield changed(f"no {part}", asked=pins)
    for at, each in enumerate(known.said):
        rest_said = (*known.said[:at], *known.said[at + 1 :])
        if each.standing in (Standing.APPROVED, Standing.EMERGENCY):
            yield changed("a yes less", said=rest_said)
            weaker: tuple[dict[str, Any], ...] = (
                {"body": ""},
                {"commit": "g" * 40},
                {"edited": each.at},
                {"author": Account("ghost")},
            )
            for weak in weaker:
                yield changed(f"a yes with {weak}", said=(*rest_said, msgspec.structs.replace(each, **weak)))
            yield changed("dismissed", said=(*rest_said, msgspec.structs.replace(each, standing=Standing.DISMISSED)))
            yield changed("commented", said=(*rest_said, msgspec.structs.replace(each, standing=Standing.COMMENTED)))


@settings(ALL, max_examples=40)
@given(HISTORIES, st.sampled_from(["low", "high"]))
def test_fewer_facts_never_approve_more(said: list[Said], risk: str) -> None:
    known = world(tuple(said), asked=(asked(policy=policy(risk)),))
    before = judge(known, NOW)
    who = {counted.who for counted in before.places[0].counted}
    for what, lesser in less(known):
        after_that = judge(lesser, NOW)
        assert after_that.passed <= before.passed, what
        assert {counted.who for counted in after_that.places[0].counted} <= who | called(lesser), what


def called(known: Facts) -> set[str]:
    """Who called an emergency is listed where it was needed, which it is more often when less is known."""
    return {each.author.login for each in known.said if each.standing is Standing.EMERGENCY}


@settings(ALL, max_examples=40)
@given(HISTORIES)
def test_what_fails_without_anybodys_word_against_it_fails_with_it(said: list[Said]) -> None:
    against = (Standing.REJECTED, Standing.DISMISSED)
    kind = tuple(each for each in said if each.standing not in against)
    assert judged(tuple(said)).passed <= judged(kind).passed


def test_every_order_of_yes_and_no_of_two_people_ends_as_the_last_words_do() -> None:
    """All histories of up to two words each, against what the last words are."""
    kinds = (approval, rejection, dismissed)
    seen = set()
    for first, second in product(product(kinds, repeat=2), repeat=2):
        said = [
            kind(who, at)
            for who, pair in (("anna", first), ("bob", second))
            for kind, at in zip(pair, (100, 200), strict=True)
        ]
        # A dismissal takes back a yes; a no before it stands.
        no = any(pair[1] is rejection or (pair[0] is rejection and pair[1] is dismissed) for pair in (first, second))
        yes = any(pair[1] is approval for pair in (first, second))
        found = judged(tuple(said)).passed
        assert found is (yes and not no), (first, second)
        seen.add(found)
    assert seen == {True, False}
