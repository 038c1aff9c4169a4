"""Approvals from different teams: how many teams can be told apart among those who approved."""

from __future__ import annotations

from collections.abc import Mapping


def different(teams: Mapping[str, frozenset[str]]) -> int:
    """The most people who can each speak for a team of their own, given the teams of each person.

    Somebody in two teams speaks for one of them: a maximum matching, by augmenting paths (Kuhn 1955).
    """
    speaker: dict[str, str] = {}

    def speaks(person: str, tried: set[str]) -> bool:
        for team in sorted(teams[person] - tried):
            tried.add(team)
            if team not in speaker or speaks(speaker[team], tried):
                speaker[team] = person
                return True
        return False

    return sum(speaks(person, set()) for person in sorted(teams))
