"""How many different teams those who approved can speak for."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.review.teams import different

CASES = [
    ({}, 0),
    ({"anna": ""}, 0),
    ({"anna": "r"}, 1),
    ({"anna": "r", "bob": "r"}, 1),
    ({"anna": "r", "bob": "m"}, 2),
    # Who is in both leaves the one team to who is in it alone.
    ({"anna": "rm", "bob": "r"}, 2),
    ({"anna": "rm", "bob": "m"}, 2),
    ({"anna": "rm", "bob": "rm"}, 2),
    ({"anna": "rm", "bob": "rm", "chen": "rm"}, 2),
    ({"anna": "abc", "bob": "a", "chen": "b"}, 3),
    ({"anna": "ab", "bob": "bc", "chen": "ca", "dora": "a"}, 3),
]


@pytest.mark.parametrize(("teams", "most"), CASES)
def test_people_speak_for_as_many_teams_as_they_can(teams: dict[str, str], most: int) -> None:
    assert different({person: frozenset(named) for person, named in teams.items()}) == most


@given(st.lists(st.frozensets(st.sampled_from("abcd")), max_size=4))
def test_it_is_the_most_that_trying_every_way_gives(teams: list[frozenset[str]]) -> None:
    named = {f"p{at}": each for at, each in enumerate(teams)}
    ways = permutations([*"abcd", *("-" * len(named))], len(named))
    best = max(sum(team in each for team, each in zip(way, teams, strict=True)) for way in ways)
    assert different(named) == best
