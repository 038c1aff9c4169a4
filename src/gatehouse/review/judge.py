"""Whether people agreed to a pull request: pure, from what was said to every rule's outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from gatehouse.review.attempts import Attempt, dismissed, spoken
from gatehouse.review.facts import Asked, Facts, Standing
from gatehouse.review.judgement import Counted, Judgement, Place, Ruled
from gatehouse.review.place import ALWAYS, LIFTED, Situation
from gatehouse.review.who import Who
from gatehouse.review.words import people

TWO = 2
"""An emergency is called by two people, so that nobody is alone with it."""


def judge(facts: Facts, now: datetime) -> Judgement:
    """Every rule on every pin of the pull request whose stage asks for a review."""
    who = Who(facts)
    places = tuple(_place(facts, who, asked, now) for asked in facts.asked)
    return Judgement(all(place.passed for place in places), places)


def _place(facts: Facts, who: Who, asked: Asked, now: datetime) -> Place:
    said = spoken(facts, who, asked, now)
    approvals, emergencies = said.of(Standing.APPROVED), said.of(Standing.EMERGENCY)
    situation = Situation(facts, who, asked, said, _counting(approvals), now)
    calls = _counting(emergencies)
    always = tuple(rule(situation) for rule in ALWAYS)
    lifted = tuple(rule(situation) for rule in LIFTED)
    called = len(calls) >= TWO and not all(ruled.ok for ruled in lifted)
    if called:
        lifted = tuple(_lift(ruled, calls) for ruled in lifted)
    about = (*always, *lifted, *_emergency(emergencies, calls, called, all(ruled.ok for ruled in lifted)))
    passed = all(ruled.ok for ruled in about)
    tried = (*approvals, *emergencies)
    gone = dismissed(said, {attempt.case.login: attempt for attempt in tried})
    return Place(
        asked,
        passed,
        _counted(situation.counting, calls if called else ()),
        (*about, *(ruled for attempt in tried for ruled in attempt.ruled), *gone),
        None if passed else _unblocks(about),
    )


def _counting(attempts: Sequence[Attempt]) -> tuple[Attempt, ...]:
    return tuple(attempt for attempt in attempts if attempt.counts)


def _lift(ruled: Ruled, calls: Sequence[Attempt]) -> Ruled:
    if ruled.ok:
        return ruled
    names = people([call.case.login for call in calls])
    return Ruled(ruled.rule, True, f"{ruled.said}; lifted by the emergency that {names} called", flag=True)


def _emergency(tried: Sequence[Attempt], calls: Sequence[Attempt], called: bool, enough: bool) -> tuple[Ruled, ...]:
    """Nothing where nobody called one; a call that is not needed, or not complete, lifts nothing and stops nothing."""
    if not tried:
        return ()
    names = people([call.case.login for call in calls])
    if called:
        return (Ruled("emergency", True, f"{names} called an emergency", flag=True),)
    if enough:
        return (Ruled("emergency", True, "an emergency was called, and is not needed"),)
    return (
        Ruled(
            "emergency",
            False,
            f"{len(calls)} of {TWO} people called an emergency" + (f": {names}" if names else ""),
            "another code owner, who had no part in this, has to call it too, with a reason",
        ),
    )


def _counted(counting: Sequence[Attempt], calls: Sequence[Attempt]) -> tuple[Counted, ...]:
    """One a person; who approved and called an emergency is kept with the answers and the reason."""
    found = {attempt.case.person: _one(attempt, attempt.case.reading.answers) for attempt in counting}
    for call in calls:
        reason = {"emergency": call.case.reading.reason}
        before = found.get(call.case.person)
        found[call.case.person] = (
            msgspec.structs.replace(before, answers={**before.answers, **reason}, flagged=True)
            if before
            else _one(call, reason)
        )
    return tuple(found.values())


def _one(attempt: Attempt, answers: Mapping[str, str]) -> Counted:
    said = attempt.case.said
    acknowledged = attempt.case.reading.acknowledged
    return Counted(attempt.case.login, said.at, attempt.seconds, attempt.flagged, answers, said.url, acknowledged)


def _unblocks(rules: Sequence[Ruled]) -> datetime | None:
    """When all that is broken can be right, if a time is known for each."""
    moments = [ruled.unblocks for ruled in rules if not ruled.ok]
    known = [moment for moment in moments if moment is not None]
    return max(known) if len(known) == len(moments) else None
