"""What would be thought of an approval that was not given yet: a reviewer is told before being asked anything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from gatehouse.review import body
from gatehouse.review.commands import Verb
from gatehouse.review.facts import Account, Asked, Facts, Said, Standing
from gatehouse.review.judge import judge
from gatehouse.review.judgement import Judgement, Place, Ruled
from gatehouse.review.questions import questions, wanted
from gatehouse.review.quoting import written
from gatehouse.review.sheet import Sheet, blank
from gatehouse.review.who import Who

YET = 0
"""The number of what was not submitted yet; those of GitHub begin at 1."""
# Rules about the pull request as a whole that make an approval of now worth nothing later on.
_IN_VAIN = ("draft", "gates")
LIFTABLE = frozenset({"approvals", "teams", "calendar", "hours"})
"""The rules that an emergency lifts."""
_TOLD_BY_GATES = ("evidence", "timing", "questions", "limitations")


def would(facts: Facts, author: Account, text: str, now: datetime, standing: Standing = Standing.APPROVED) -> Judgement:
    """The judgement if ``author`` said ``text`` now: of an approval the review's body, of an emergency the comment."""
    comment = standing is Standing.EMERGENCY
    said = Said(YET, author, standing, text, None if comment else facts.head, now, by_comment=comment)
    return judge(msgspec.structs.replace(facts, said=(*facts.said, said)), now)


def perfect(facts: Facts) -> str:
    """The body of an approval that answers whatever is asked: what is left to break is who says it, and when."""
    return body.write([(_perfect(asked), asked.policy) for asked in facts.asked if asked.token])


def _perfect(asked: Asked) -> Sheet:
    answers = {
        question.id: wanted(question) or next(iter(question.answers), "yes") for question in questions(asked.policy)
    }
    limits = frozenset(asked.policy.review.limitations)
    return msgspec.structs.replace(blank(asked), answers=answers, acknowledged=limits)


def calling(facts: Facts, reason: str) -> str:
    """The comment that calls an emergency for every pin that has evidence; the reason is quoted, and starts nothing."""
    command, said = Verb.EMERGENCY.value, written(" ".join(reason.split()))
    lines = (
        f"/{command} {asked.slot.model} {asked.candidate.version} {asked.token} {said}"
        for asked in facts.asked
        if asked.token
    )
    return "\n".join(lines)


def hindered(place: Place, review: int = YET) -> tuple[Ruled, ...]:
    """The rules for which this review of the pin does not count, or would not; () where it does."""
    whole = tuple(ruled for ruled in place.rules if ruled.review is None and not ruled.ok and ruled.rule in _IN_VAIN)
    own = tuple(ruled for ruled in place.rules if ruled.review == review and not ruled.ok)
    if any(ruled.rule == "gates" for ruled in whole):
        # Nothing can be said of evidence that is not there.
        own = tuple(ruled for ruled in own if ruled.rule not in _TOLD_BY_GATES)
    if review == YET and any(ruled.rule != "timing" for ruled in (*whole, *own)):
        # Where waiting does not help, it is not told how long to wait.
        own = tuple(ruled for ruled in own if ruled.rule != "timing")
    return (*whole, *own)


def lacking(place: Place) -> tuple[Ruled, ...]:
    """What is still missing before the pin may be merged."""
    return tuple(ruled for ruled in place.rules if ruled.review is None and not ruled.ok)


def counts(place: Place, login: str, facts: Facts) -> bool:
    """Whether somebody's approval or emergency is among those that count."""
    who = Who(facts)
    return any(who.of(counted.who) == who.of(login) for counted in place.counted)


def opens(rules: Sequence[Ruled]) -> datetime | None:
    """From when on it would count, where only the time is wrong."""
    wrong = [ruled for ruled in rules if ruled.rule != "timing"]
    return None if wrong else max((ruled.unblocks for ruled in rules if ruled.unblocks is not None), default=None)
