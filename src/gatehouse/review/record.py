"""The review of a pull request as it goes on record: in git, beside the evidence, and with it into the audit store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from gatehouse.audit.record import Approval, Rejection
from gatehouse.pin import Pin, Role, Slot
from gatehouse.review import body
from gatehouse.review.facts import Asked, Facts, Standing
from gatehouse.review.judgement import Judgement, Place, Ruled
from gatehouse.review.reading import concerns
from gatehouse.review.timing import start
from gatehouse.review.who import Who
from gatehouse.review.words import seconds

SCHEMA = 1


class Reviewed(msgspec.Struct, frozen=True):
    """What people said of one commit of a pull request, as judged at ``judged``: a part for each pin."""

    number: int
    head: str
    author: str
    judged: datetime
    passed: bool
    places: tuple[ReviewedPlace, ...]
    schema: int = SCHEMA


class ReviewedPlace(msgspec.Struct, frozen=True):
    """One pin: the approvals that count, every rejection, and each rule's outcome."""

    slot: Slot
    role: Role
    candidate: Pin
    evidence: str
    token: str
    passed: bool
    approvals: tuple[Approval, ...]
    rejections: tuple[Rejection, ...]
    rules: tuple[Ruled, ...]

    @property
    def remarks(self) -> tuple[str, ...]:
        """What an auditor should look at, a sentence each."""
        return tuple(ruled.said for ruled in self.rules if ruled.flag)


def reviewed(facts: Facts, judgement: Judgement, now: datetime) -> Reviewed:
    """What goes on record of a judgement that was made at ``now``."""
    who = Who(facts)
    return Reviewed(
        number=facts.number,
        head=facts.head,
        author=facts.author.login,
        judged=now,
        passed=judgement.passed,
        places=tuple(_place(facts, who, place) for place in judgement.places),
    )


def approvals(place: Place) -> tuple[Approval, ...]:
    """The approvals that count, as they go on record."""
    return tuple(
        Approval(one.who, one.at, one.answers, round(one.seconds, 1), one.flagged, one.url, one.acknowledged)
        for one in place.counted
    )


def rejections(facts: Facts, who: Who, asked: Asked) -> Iterator[Rejection]:
    """Every rejection of this pin, those that were taken back too; not those of people who may not write here.

    Of whom nobody knows whether they may, a deleted account for one, theirs stops the pin, and is kept with the others.
    """
    for said in facts.said:
        allowed = who.writes(said.author.login) is not False
        if said.standing is Standing.REJECTED and allowed and concerns(said, asked, facts):
            taken = seconds(start(facts, who, said.author).at, said.at)
            yield Rejection(said.author.login, said.at, body.reason(said.body), round(taken, 1), said.url)


def _place(facts: Facts, who: Who, place: Place) -> ReviewedPlace:
    asked = place.asked
    return ReviewedPlace(
        slot=asked.slot,
        role=asked.role,
        candidate=asked.candidate,
        evidence=asked.evidence,
        token=asked.token,
        passed=place.passed,
        approvals=approvals(place),
        rejections=tuple(rejections(facts, who, asked)),
        rules=place.rules,
    )
