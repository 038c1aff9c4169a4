"""Whom to ask for a review: in turn, the same whoever works it out, and never who may not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.pin import Slot
from gatehouse.review.rotation import WINDOW, Barred, Candidate, Choice, Turn, Wanted, choose, sift
from gatehouse.review.who import Names

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
SLOT = Slot("credit-risk", "production")
NOBODY = Names({})
LOGINS = ("anna", "bob", "chen", "dora", "emil", "fay", "gus")
RISK, RELEASE, OTHER = "acme/model-risk", "acme/ml-release", "acme/other"


def pool(*logins: str) -> list[Candidate]:
    return [Candidate(login) for login in logins]


def turn(who: str, days: float = 1, pull: int = 1, model: str = "credit-risk") -> Turn:
    return Turn(who, model, pull, NOW - timedelta(days=days))


def wanted(people: int = 1, version: int = 48, **more: object) -> Wanted:
    return Wanted(SLOT, version, people, NOW, **more)  # type: ignore[arg-type]  # each by its name


def asked(of: Sequence[Candidate], turns: Sequence[Turn], want: Wanted, names: Names = NOBODY) -> list[str]:
    return [choice.login for choice in choose(of, turns, want, names)]


class TestOrder:
    def test_whose_turn_is_longest_ago_comes_first(self) -> None:
        turns = [turn("anna", 3, 5, "churn"), turn("bob", 9, 4, "churn"), turn("chen", 6, 3, "churn")]
        assert asked(pool("anna", "bob", "chen"), turns, wanted(3)) == ["bob", "chen", "anna"]

    def test_who_had_no_turn_comes_before_all_who_had_one(self) -> None:
        assert asked(pool("anna", "bob"), [turn("anna", 89, 1, "churn")], wanted()) == ["bob"]

    def test_of_those_asked_together_who_had_fewer_turns_comes_first(self) -> None:
        turns = [turn("anna", 1, 9, "churn"), turn("bob", 1, 9, "churn"), turn("anna", 20, 3, "churn")]
        assert asked(pool("anna", "bob"), turns, wanted()) == ["bob"]
        assert asked(pool("bob", "anna"), turns, wanted()) == ["bob"]

    @pytest.mark.parametrize(("past", "first"), [(timedelta(), "bob"), (timedelta(seconds=1), "anna")])
    def test_after_ninety_days_a_turn_is_forgotten(self, past: timedelta, first: str) -> None:
        # By the hash alone it would be anna.
        assert asked(pool("anna", "bob"), [], wanted(version=50)) == ["anna"]
        old = Turn("anna", "churn", 1, NOW - WINDOW - past)
        assert asked(pool("anna", "bob"), [old], wanted(version=50)) == [first]

    def test_nobody_gets_two_in_a_row_for_a_model_even_where_the_turn_is_longest_ago(self) -> None:
        turns = [turn("anna", 30, 1), turn("bob", 2, 2, "churn"), turn("chen", 1, 3, "churn")]
        assert asked(pool("anna", "bob", "chen"), turns, wanted(2)) == ["bob", "chen"]

    def test_the_last_promotion_of_the_model_is_the_last_one_and_not_an_earlier_one(self) -> None:
        turns = [turn("anna", 30, 1), turn("chen", 20, 3, "churn"), turn("bob", 2, 2)]
        assert asked(pool("anna", "bob", "chen"), turns, wanted(3)) == ["anna", "chen", "bob"]

    def test_two_in_a_row_where_nobody_else_is_left_and_it_is_said(self) -> None:
        (choice,) = choose(pool("anna"), [turn("anna", 1, 7)], wanted(2), NOBODY)
        assert choice.again
        assert choice.why == (
            "last turn on 2026-03-02 (#7), 1 turn in 90 days; again for credit-risk, since too few others are left"
        )

    def test_who_was_asked_for_this_pull_request_stays(self) -> None:
        turns = [turn("anna", 1, 7)]
        (choice,) = choose(pool("anna", "bob", "chen"), turns, wanted(kept=("@Anna",)), NOBODY)
        assert (choice.login, choice.why) == ("anna", "asked before for this pull request")

    def test_ties_go_by_the_published_hash(self) -> None:
        import hashlib

        def rank(login: str) -> str:
            return hashlib.sha256(f"credit-risk/production version 48 {login}".encode()).hexdigest()

        assert asked(pool(*LOGINS), [], wanted(7)) == sorted(LOGINS, key=rank)

    def test_another_version_begins_with_somebody_else(self) -> None:
        assert {asked(pool(*LOGINS), [], wanted(version=version))[0] for version in range(60)} == set(LOGINS)

    def test_one_pull_request_is_one_turn_whoever_tells_of_it_twice(self) -> None:
        turns = [turn("anna", 1, 9, "churn"), turn("Anna", 2, 9, "churn"), turn("bob", 1, 9, "churn")]
        assert [choice.turns for choice in choose(pool("anna", "bob"), turns, wanted(2), NOBODY)] == [1, 1]

    def test_moments_in_other_zones_are_compared_as_moments(self) -> None:
        east = NOW.astimezone(datetime.fromisoformat("2026-01-01T00:00+14:00").tzinfo)
        turns = [Turn("anna", "churn", 1, east - timedelta(hours=2)), turn("bob", 1 / 24, 2, "churn")]
        assert asked(pool("anna", "bob"), turns, wanted()) == ["anna"]

    def test_a_moment_without_a_zone_is_refused(self) -> None:
        with pytest.raises(ValueError, match="without a zone"):
            choose(pool("anna"), [Turn("anna", "churn", 1, NOW.replace(tzinfo=None))], wanted(), NOBODY)


class TestTeams:
    def test_people_of_different_teams_are_asked_whoever_came_first(self) -> None:
        there = [Candidate("anna", frozenset({RISK})), Candidate("bob", frozenset({RISK}))]
        there.append(Candidate("chen", frozenset({RELEASE})))
        turns = [turn("chen", 1, 9, "churn"), turn("anna", 50, 8, "churn")]
        assert asked(there, turns, wanted(2)) == ["bob", "anna"]
        assert asked(there, turns, wanted(2, distinct=True)) == ["bob", "chen"]

    def test_somebody_in_two_teams_leaves_each_to_whoever_has_but_one(self) -> None:
        there = [Candidate("anna", frozenset({RISK, RELEASE})), Candidate("bob", frozenset({RISK}))]
        turns = [turn("bob", 1, 9, "churn")]
        assert asked(there, turns, wanted(2, distinct=True)) == ["anna", "bob"]

    def test_where_there_are_not_so_many_teams_the_rest_come_in_turn(self) -> None:
        there = [Candidate(login, frozenset({RISK})) for login in ("anna", "bob", "chen")]
        turns = [turn("anna", 1, 9, "churn"), turn("bob", 2, 8, "churn")]
        assert asked(there, turns, wanted(2, distinct=True)) == ["chen", "bob"]

    @given(st.lists(st.frozensets(st.sampled_from([RISK, RELEASE, OTHER])), min_size=1, max_size=6), st.integers(1, 4))
    def test_as_many_teams_as_any_choice_could_have(self, teams: list[frozenset[str]], people: int) -> None:
        from itertools import combinations

        from gatehouse.review.teams import different

        there = [Candidate(f"p{number}", each) for number, each in enumerate(teams)]
        by_login = {one.login: one.teams for one in there}

        def of(logins: Sequence[str]) -> int:
            return different({login: by_login[login] for login in logins})

        chosen = asked(there, [], wanted(people, distinct=True))
        most = min(people, len(there))
        assert len(chosen) == most
        assert of(chosen) == max(of(some) for some in combinations(by_login, most))


class TestSift:
    def test_who_is_barred_is_told_with_why(self) -> None:
        free, out = sift(pool("anna", "bob"), [Barred("@Bob", "proposed this"), Barred("bob", "a bot")], NOBODY)
        assert [one.login for one in free] == ["anna"]
        assert out == (Barred("bob", "proposed this"),)

    def test_the_same_person_under_two_names_is_there_once_and_barred_under_each(self) -> None:
        names = Names({"anna-admin": "anna", "anna@acme.example": "anna"})
        free, _ = sift(pool("anna-admin", "anna"), [], names)
        assert [one.login for one in free] == ["anna-admin"]
        free, out = sift(pool("anna-admin", "anna", "bob"), [Barred("anna@acme.example", "trained it")], names)
        assert [one.login for one in free] == ["bob"]
        assert out == (Barred("anna-admin", "trained it"),)

    def test_turns_of_one_person_count_under_each_name(self) -> None:
        names = Names({"anna-admin": "anna"})
        turns = [turn("anna-admin", 1, 7, "churn")]
        assert asked(pool("anna", "bob"), turns, wanted(), names) == ["bob"]


_TURNS = st.lists(
    st.builds(
        turn, st.sampled_from(LOGINS), st.floats(0, 120), st.integers(1, 30), st.sampled_from(["credit-risk", "x"])
    ),
    max_size=40,
)
_POOL = st.lists(st.sampled_from(LOGINS), unique=True)


@given(_POOL, _TURNS, st.integers(1, 4), st.randoms())
def test_the_choice_is_the_same_in_whatever_order_things_are_told(
    logins: list[str], turns: list[Turn], people: int, chance: object
) -> None:
    # Two tellings of one person's turn in one pull request are the same turn: which date it has is the earliest.
    first = asked(pool(*logins), turns, wanted(people))
    other, more = list(logins), list(turns)
    chance.shuffle(other)  # type: ignore[attr-defined]
    chance.shuffle(more)  # type: ignore[attr-defined]
    assert asked(pool(*other), more, wanted(people)) == first


@given(_POOL, st.lists(st.sampled_from(LOGINS)), _TURNS, st.integers(1, 4))
def test_nobody_who_is_barred_is_ever_asked_nor_anybody_twice(
    logins: list[str], barred: list[str], turns: list[Turn], people: int
) -> None:
    free, _ = sift(pool(*logins), [Barred(f"@{login.upper()}", "no") for login in barred], NOBODY)
    chosen = asked(free, turns, wanted(people))
    assert not set(chosen) & set(barred)
    assert len(set(chosen)) == len(chosen) == min(people, len(set(logins) - set(barred)))


def _played(logins: Sequence[str], models: Sequence[str], people: int) -> list[list[Choice]]:
    """One proposal after the other, an hour apart, each with the turns of all before."""
    turns: list[Turn] = []
    found = []
    for number, model in enumerate(models, start=1):
        at = NOW + timedelta(hours=number)
        want = Wanted(Slot(model, "production"), number, people, at)
        chosen = list(choose(pool(*logins), turns, want, NOBODY))
        turns += [Turn(one.login, model, number, at) for one in chosen]
        found.append(chosen)
    return found


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 7), st.integers(1, 3), st.integers(1, 80))
def test_the_load_of_a_model_is_even(size: int, people: int, proposals: int) -> None:
    logins = LOGINS[:size]
    load = Counter(one.login for chosen in _played(logins, ["m"] * proposals, people) for one in chosen)
    turns = [load[login] for login in logins]
    assert max(turns) - min(turns) <= 1


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=80), st.integers(1, 7), st.integers(1, 3))
def test_nobody_has_two_in_a_row_for_a_model_while_there_are_others(models: list[str], size: int, people: int) -> None:
    before: dict[str, set[str]] = {}
    for model, chosen in zip(models, _played(LOGINS[:size], models, people), strict=True):
        now = {one.login for one in chosen}
        others = size - len(before.get(model, set()))
        assert len(now & before.get(model, set())) == max(0, min(people, size) - others)
        before[model] = now


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=80), st.integers(1, 7))
def test_over_several_models_the_load_is_even_but_for_one_a_model(models: list[str], size: int) -> None:
    """Who would have two in a row waits, so that each model may put the load out of balance by one."""
    logins = LOGINS[:size]
    load = Counter(one.login for chosen in _played(logins, models, 1) for one in chosen)
    turns = [load[login] for login in logins]
    assert max(turns) - min(turns) <= len(set(models))
