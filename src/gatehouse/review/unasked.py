"""Rejections of pins that no person is asked about: where only gates decide, somebody who says no is heard too."""

from __future__ import annotations

from collections.abc import Sequence

from gatehouse.audit.record import Rejection
from gatehouse.report.outlook import Answer
from gatehouse.review import body
from gatehouse.review.commands import Verb, commands
from gatehouse.review.facts import Facts, Said, Standing
from gatehouse.review.judgement import Ruled
from gatehouse.review.reading import why
from gatehouse.review.record import ReviewedPlace
from gatehouse.review.timing import start
from gatehouse.review.who import Who
from gatehouse.review.words import seconds


def in_force(facts: Facts, pins: Sequence[Answer]) -> tuple[Said, ...]:
    """The rejections that stand, oldest first: each until the same person says yes, in whatever words, or it is taken
    away. Of those who may not write here none does; of whom nobody knows that, it does."""
    who, last = Who(facts), dict[str, Said]()
    for said in sorted(facts.said, key=lambda each: (seconds(facts.pushed_at, each.at), each.standing)):
        if said.standing is Standing.APPROVED or _rejects(said, pins):
            last[who.of(said.author.login)] = said
    return tuple(said for said in last.values() if said.standing is Standing.REJECTED and _may(said, who))


def places(facts: Facts, pins: Sequence[Answer]) -> tuple[ReviewedPlace, ...]:
    """What goes on record of each pin: every rejection, those that were taken back too."""
    return tuple(_place(facts, pin) for pin in pins)


def _place(facts: Facts, pin: Answer) -> ReviewedPlace:
    who, standing = Who(facts), in_force(facts, [pin])
    rejections = (said for said in facts.said if _rejects(said, [pin]) and _may(said, who))
    return ReviewedPlace(
        slot=pin.slot,
        role=pin.role,
        candidate=pin.candidate,
        evidence=pin.key,
        token="",
        passed=not standing,
        approvals=(),
        rejections=tuple(_rejection(facts, who, said) for said in rejections),
        rules=tuple(Ruled("rejected", False, f"@{said.author.login} rejected it{why(said)}") for said in standing),
    )


def _rejection(facts: Facts, who: Who, said: Said) -> Rejection:
    taken = seconds(start(facts, who, said.author).at, said.at)
    return Rejection(said.author.login, said.at, body.reason(said.body), round(taken, 1), said.url)


def _rejects(said: Said, pins: Sequence[Answer]) -> bool:
    """Whether it rejects one of these pins: a review all of them, a command what it names."""
    if said.standing is not Standing.REJECTED or not pins:
        return False
    given = [command for command in commands(said.body) if command.verb is Verb.REJECT] if said.by_comment else []
    return not given or any(
        command.model in ("", pin.slot.model) and command.version in (0, pin.candidate.version)
        for command in given
        for pin in pins
    )


def _may(said: Said, who: Who) -> bool:
    return who.writes(said.author.login) is not False
