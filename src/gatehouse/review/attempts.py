"""What was said of one pin: approvals with every rule's outcome, and rejections that stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gatehouse.review.case import Case
from gatehouse.review.facts import Asked, Facts, Said, Standing
from gatehouse.review.judgement import Ruled
from gatehouse.review.reading import concerns, read
from gatehouse.review.rules import APPROVES, EMERGENCY, STANDS, Rule
from gatehouse.review.timing import start
from gatehouse.review.who import Who, ghost
from gatehouse.review.words import moment, seconds

_FOR = (Standing.APPROVED, Standing.EMERGENCY)
_AGAINST = (Standing.REJECTED, Standing.DISMISSED)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One approval or emergency, and what each rule says of it."""

    case: Case
    ruled: tuple[Ruled, ...]

    @property
    def counts(self) -> bool:
        return all(ruled.ok for ruled in self.ruled)

    @property
    def flagged(self) -> bool:
        return any(ruled.flag for ruled in self.ruled)

    @property
    def seconds(self) -> float:
        """From when it could be reviewed to when it was."""
        said = self.case.said
        return seconds(start(self.case.facts, self.case.who, said.author).at, said.at)

    @property
    def waits(self) -> datetime | None:
        """From when on this person may approve, where nothing but the time was wrong."""
        broken = [ruled for ruled in self.ruled if not ruled.ok]
        return broken[0].unblocks if len(broken) == 1 else None


@dataclass(frozen=True, slots=True)
class Spoken:
    """Everything that was said of one pin, oldest first."""

    attempts: tuple[Attempt, ...]
    against: tuple[Said, ...]

    def of(self, standing: Standing) -> tuple[Attempt, ...]:
        """One attempt a person: the last that counts, else the last."""
        best: dict[str, Attempt] = {}
        for attempt in self.attempts:
            if attempt.case.said.standing is standing:
                before = best.get(attempt.case.person)
                if before is None or attempt.counts or not before.counts:
                    best[attempt.case.person] = attempt
        return tuple(best.values())


def spoken(facts: Facts, who: Who, asked: Asked, now: datetime) -> Spoken:
    # Two words of one second have an order that nobody knows; the one against wins, see ``_standing``.
    said = sorted(facts.said, key=lambda each: (seconds(now, each.at), each.id, each.by_comment, each.standing))
    here = [each for each in said if concerns(each, asked, facts)]
    against = tuple(each for each in here if each.standing in _AGAINST)
    cases = (Case(facts, who, asked, each, read(each, asked), now) for each in here if each.standing in _FOR)
    return Spoken(tuple(Attempt(case, _rule(case, against)) for case in cases), against)


def in_force(spoken: Spoken, who: Who) -> tuple[Said, ...]:
    """The rejections that nobody took back: by anyone who may write here, and by those of whom that is not known."""
    return tuple(
        each
        for each in spoken.against
        if each.standing is Standing.REJECTED
        and who.writes(each.author.login) is not False
        and not _taken_back(each, spoken.attempts, who)
    )


def _taken_back(rejection: Said, attempts: Sequence[Attempt], who: Who) -> bool:
    """By a later word of the same person that is really theirs and about this evidence.

    It need not count as an approval, since a trainer who rejected may take that back too. Deleted accounts are all
    called the same, so none speaks for another.
    """
    if ghost(rejection.author):
        return False
    return any(
        attempt.case.person == who.of(rejection.author.login)
        and seconds(rejection.at, attempt.case.said.at) > 0
        and all(ruled.ok for ruled in attempt.ruled[: len(STANDS) + 1])
        for attempt in attempts
    )


def _rule(case: Case, against: Iterable[Said]) -> tuple[Ruled, ...]:
    rules: tuple[Rule, ...] = EMERGENCY if case.emergency else APPROVES
    stands, rest = rules[: len(STANDS)], rules[len(STANDS) :]
    return (*(rule(case) for rule in stands), _standing(case, against), *(rule(case) for rule in rest))


def _standing(case: Case, against: Iterable[Said]) -> Ruled:
    """A later rejection or dismissal of the same person wins; of two words of one moment, the one against."""
    for word in reversed(tuple(against)):
        if case.who.of(word.author.login) == case.person and seconds(case.said.at, word.at) >= 0:
            when = moment(word.at)
            rejected, gone = f"then rejected it on {when}", f"but a later review of theirs, of {when}, was dismissed"
            return case.bad(
                "standing",
                f"@{case.login} {case.did}, {rejected if word.standing is Standing.REJECTED else gone}",
                f"talk to @{case.login}; a new approval of theirs would count",
            )
    return case.ok("standing", f"@{case.login} has not taken it back")


def dismissed(spoken: Spoken, attempted: Mapping[str, object]) -> tuple[Ruled, ...]:
    """What is left of people whose reviews were dismissed, and who said nothing else."""
    return tuple(
        Ruled(
            "standing",
            False,
            f"the review of @{each.author.login} on {moment(each.at)} was dismissed",
            f"ask @{each.author.login} for a new one",
            review=each.id,
        )
        for each in spoken.against
        if each.standing is Standing.DISMISSED and each.author.login not in attempted
    )
