"""Whom to ask for a review: everybody in turn, and the same people whoever works it out.

First come those who were not asked for this model's last promotion, then those whose last turn is longest ago, then
those with the fewest turns in the last 90 days. What is still a tie goes to the smaller sha256 of
``SLOT version VERSION LOGIN`` in UTF-8 (``credit-risk/production version 48 olga``): no chance in it, and no alphabet
that always begins with the same person.

A turn is a pull request that somebody was asked to review, or reviewed without being asked. Somebody with several names
has one turn. Where approvals have to come from different teams, so many teams come before everything else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gatehouse.pin import Slot
from gatehouse.review.teams import different
from gatehouse.review.who import Names
from gatehouse.review.words import count, seconds

WINDOW = timedelta(days=90)
"""How far back turns count."""
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who might be asked. ``teams`` are those that own the promotion file, as far as anybody may see."""

    login: str
    teams: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody was asked to review a pull request, or did, at ``at``."""

    who: str
    model: str
    pull: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be reviewed, and by how many; ``kept`` are those who were asked for this pull request before."""

    slot: Slot
    version: int
    people: int
    now: datetime
    distinct: bool = False
    kept: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Barred:
    """Somebody who cannot be asked, and why."""

    who: str
    why: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody who is to be asked, and what decided. ``last`` is their last turn, of ``turns`` in the last 90 days;
    ``again``: they had the last promotion of this model too."""

    login: str
    last: Turn | None
    turns: int
    again: bool = False
    kept: bool = False

    @property
    def why(self) -> str:
        if self.kept:
            return "asked before for this pull request"
        if self.last is None:
            return f"had no turn in the last {WINDOW.days} days"
        day = f"{self.last.at.astimezone(UTC):%Y-%m-%d}"
        told = f"last turn on {day} (#{self.last.pull}), {count(self.turns, 'turn')} in {WINDOW.days} days"
        return f"{told}; again for {self.last.model}, since too few others are left" if self.again else told


def sift(
    pool: Iterable[Candidate], barred: Sequence[Barred], names: Names
) -> tuple[tuple[Candidate, ...], tuple[Barred, ...]]:
    """Who may be asked, each person once, and who of the pool may not."""
    why = {names.of(each.who): each.why for each in reversed(barred)}
    there: dict[str, Candidate] = {}
    for one in pool:
        there.setdefault(names.of(one.login), one)
    free = tuple(one for person, one in there.items() if person not in why)
    return free, tuple(Barred(one.login, why[person]) for person, one in there.items() if person in why)


def choose(pool: Sequence[Candidate], turns: Sequence[Turn], wanted: Wanted, names: Names) -> tuple[Choice, ...]:
    """The people to ask, first those who come first; fewer where the pool has no more. ``pool`` as ``sift`` leaves it.

    Raises ValueError for a moment without a zone.
    """
    past = _Past(turns, wanted, names)
    ranked = sorted(pool, key=lambda one: past.rank(one.login))
    first = _of_different_teams(ranked, wanted.people) if wanted.distinct else []
    rest = [one for one in ranked if one not in first]
    return tuple(past.choice(one.login) for one in (*first, *rest)[: wanted.people])


def _of_different_teams(ranked: Sequence[Candidate], people: int) -> list[Candidate]:
    """Each who adds a team to those before: who can speak for teams of their own is a transversal matroid, so taking
    them in order gives the most teams, and the best-ranked people for it (Edmonds 1971)."""
    chosen: list[Candidate] = []
    for one in ranked:
        if len(chosen) == people:
            break
        if different({each.login: each.teams for each in (*chosen, one)}) > len(chosen):
            chosen.append(one)
    return chosen


class _Past:
    """Everybody's turns of the last 90 days, by person."""

    def __init__(self, turns: Sequence[Turn], wanted: Wanted, names: Names) -> None:
        self._wanted, self._names = wanted, names
        recent = [turn for turn in turns if seconds(turn.at, wanted.now) <= WINDOW.total_seconds()]
        self._turns: dict[str, dict[int, Turn]] = {}
        for turn in sorted(recent, key=_order):
            self._turns.setdefault(names.of(turn.who), {}).setdefault(turn.pull, turn)
        here = [turn for turn in recent if turn.model == wanted.slot.model]
        latest = max(here, key=_order).pull if here else 0
        self._before = names.all(turn.who for turn in here if turn.pull == latest)
        self._kept = names.all(wanted.kept)

    def rank(self, login: str) -> tuple[bool, bool, datetime, int, str]:
        person, made = self._names.of(login), self.choice(login)
        last = made.last.at.astimezone(UTC) if made.last else _NEVER
        text = f"{self._wanted.slot} version {self._wanted.version} {person}"
        return not made.kept, made.again, last, made.turns, hashlib.sha256(text.encode()).hexdigest()

    def choice(self, login: str) -> Choice:
        person = self._names.of(login)
        mine = list(self._turns.get(person, {}).values())
        last = max(mine, key=_order, default=None)
        return Choice(login, last, len(mine), person in self._before, person in self._kept)


def _order(turn: Turn) -> tuple[datetime, int]:
    return turn.at.astimezone(UTC), turn.pull
