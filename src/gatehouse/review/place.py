"""What must hold of a pin as a whole: one function a rule, over everything that was said of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from gatehouse.declare import calendar
from gatehouse.declare.types import Policy
from gatehouse.pin import ROOT
from gatehouse.review.attempts import Attempt, Spoken, in_force
from gatehouse.review.facts import Asked, Facts, Standing
from gatehouse.review.judgement import Ruled
from gatehouse.review.reading import why
from gatehouse.review.teams import different
from gatehouse.review.who import Who, owning_teams
from gatehouse.review.words import count, moment, people

_FILE = f"{ROOT}/freeze.yaml"


@dataclass(frozen=True, slots=True)
class Situation:
    """One pin, what was said of it, and the approvals that count: one a person."""

    facts: Facts
    who: Who
    asked: Asked
    spoken: Spoken
    counting: tuple[Attempt, ...]
    now: datetime

    @property
    def needed(self) -> int:
        return needed(self.asked.policy)


Rule = Callable[[Situation], Ruled]


def needed(policy: Policy) -> int:
    """How many people must approve: of high risk two, whatever else the policy says."""
    return max(policy.review.approvals, 2 if policy.risk == "high" else 1)


def not_draft(situation: Situation) -> Ruled:
    if situation.facts.draft:
        return Ruled("draft", False, "the pull request is a draft", "mark it ready for review")
    return Ruled("draft", True, "the pull request is ready for review")


def evidence_posted(situation: Situation) -> Ruled:
    posted = situation.facts.evidence_at
    if posted is None or not situation.asked.evidence or not situation.asked.token:
        return Ruled(
            "gates",
            False,
            f"the gates have posted nothing about {situation.asked.candidate} on the last commit",
            "wait for the gates, then review; see the checks of the pull request if they do not come",
        )
    return Ruled("gates", True, f"the gates posted their evidence on {moment(posted)}")


def not_rejected(situation: Situation) -> Ruled:
    standing = in_force(situation.spoken, situation.who)
    if not standing:
        return Ruled("rejected", True, "no rejection stands")
    told = "; ".join(f"@{each.author.login} rejected it on {moment(each.at)}{why(each)}" for each in standing)
    names = people(list(dict.fromkeys(each.author.login for each in standing)))
    return Ruled(
        "rejected",
        False,
        told,
        f"mend it, or close the pull request; it stands until {names} approves, or it is dismissed or deleted",
    )


def enough(situation: Situation) -> Ruled:
    counting, needed = situation.counting, situation.needed
    names = people([attempt.case.login for attempt in counting])
    told = f"{len(counting)} of {count(needed, 'approval')}" + (f": {names}" if names else "")
    if len(counting) >= needed:
        return Ruled("approvals", True, told)
    owners = ", ".join(situation.asked.owners) or "a code owner"
    return Ruled(
        "approvals",
        False,
        told,
        f"ask {owners} to run `gatehouse review {situation.facts.number}`",
        unblocks=_waits(situation, needed - len(counting)),
    )


def _waits(situation: Situation, lacking: int) -> datetime | None:
    """From when on there can be enough, when those who were too fast approve again."""
    there = {attempt.case.person for attempt in situation.counting}
    others = (each for each in situation.spoken.of(Standing.APPROVED) if each.case.person not in there)
    moments = sorted(each.waits for each in others if each.waits is not None)
    return moments[lacking - 1] if len(moments) >= lacking else None


def different_teams(situation: Situation) -> Ruled:
    """Of the teams that own the file: that two people are not both in some other team says little."""
    owning = owning_teams(situation.asked)
    if situation.asked.policy.review.teams != "distinct":
        return Ruled("teams", True, "approvals may come from one team")
    logins = [attempt.case.login for attempt in situation.counting]
    found = different({login: (situation.who.teams(login) or frozenset()) & owning for login in logins})
    told = f"approvals of {found} of {count(situation.needed, 'different team')} that own {situation.asked.slot.path}"
    if found >= situation.needed:
        return Ruled("teams", True, told)
    fix = f"ask somebody of another team: {', '.join(f'@{team}' for team in sorted(owning))}"
    if len(owning) < situation.needed:
        fix = f"name {count(situation.needed, 'team')} as owners of {situation.asked.slot.path} in CODEOWNERS"
    return Ruled("teams", False, told, fix, unblocks=_waits(situation, situation.needed - found))


def running(situation: Situation) -> Ruled:
    """Whoever stops the line means everybody, and those above all who think that theirs is an emergency."""
    stopped = situation.facts.freeze.stop_the_line
    if stopped is None:
        return Ruled("line", True, "nobody stopped the line")
    return Ruled("line", False, f"the line is stopped: {stopped}", f"take the line out of {_FILE} in a reviewed change")


def not_closed(situation: Situation) -> Ruled:
    freeze = msgspec.structs.replace(situation.facts.freeze, stop_the_line=None)
    closed = calendar.closed(freeze, situation.asked.slot.model, situation.now)
    if closed is None:
        return Ruled("calendar", True, "nothing is frozen")
    return Ruled("calendar", False, str(closed), f"wait, or change {_FILE} in a reviewed change", unblocks=closed.until)


def on_call(situation: Situation) -> Ruled:
    """Outside of hours somebody who will be woken has to agree."""
    freeze, now = situation.facts.freeze, situation.now
    if not calendar.off_hours(freeze, now):
        return Ruled("hours", True, "people are there")
    oncall = {login.removeprefix("@").lower() for login in freeze.oncall}
    there = [attempt.case.login for attempt in situation.counting if attempt.case.login.lower() in oncall]
    if there:
        return Ruled("hours", True, f"outside of hours, and {people(there)}, who is on call, approved", flag=True)
    begin = calendar.hours_begin(freeze, now)
    return Ruled(
        "hours",
        False,
        f"outside of hours nothing moves without an approval of somebody on call; hours begin on {moment(begin)}",
        f"wait, or ask {', '.join(freeze.oncall)}" if freeze.oncall else f"wait, or name who is on call in {_FILE}",
        unblocks=begin,
    )


ALWAYS: tuple[Rule, ...] = (not_draft, evidence_posted, not_rejected, running)
"""No emergency lifts these."""
LIFTED: tuple[Rule, ...] = (enough, different_teams, not_closed, on_call)
"""An emergency lifts these, and each that it lifts is flagged."""
