"""Sends a review or a comment to GitHub, once and for the commit that was looked at, and asks what came of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from gatehouse.cli.frame import Settings, progress
from gatehouse.cli.reviews import told
from gatehouse.cli.reviews.talk import Talk
from gatehouse.cli.reviews.told import Did, Told
from gatehouse.cli.reviews.view import View, find, view
from gatehouse.declare.types import Policy
from gatehouse.errors import GatehouseError
from gatehouse.report.text import clean
from gatehouse.review import body
from gatehouse.review.facts import Standing
from gatehouse.review.judge import judge
from gatehouse.review.judgement import Ruled
from gatehouse.review.sheet import Decision, Sheet
from gatehouse.review.words import moment, seconds
from gatehouse.review.would import hindered, opens, would

if TYPE_CHECKING:
    from gatehouse.github import GitHubWriter

Written = Sequence[tuple[Sheet, Policy]]
# GitHub may list a review a moment after it took it.
_LOOKS, _PAUSE_S = 4, 1.0


@dataclass(frozen=True, slots=True)
class Session:
    """One person, one pull request, one run of the verb. ``talk`` is None where nobody can be asked."""

    settings: Settings
    github: GitHubWriter
    seen: View
    talk: Talk | None

    @property
    def number(self) -> int:
        return self.seen.pull.number

    def nothing(self, said: str, **more: object) -> Told:
        """The answer where nothing was sent."""
        return told.nothing(self.seen.pull, self.seen.me.login, said, **more)


class Moved(GatehouseError):
    """The pull request is not what was looked at any more; nothing was sent."""


def again(session: Session) -> View:
    """The pull request as it is now. Raises Moved where other evidence, or another commit, is to be answered for."""
    with progress(session.settings) as say:
        fresh = view(session.settings, session.github, session.number, say)
    before, now = session.seen.facts, fresh.facts
    _still(session, now.head)
    if [asked.token for asked in before.asked] != [asked.token for asked in now.asked]:
        raise Moved(
            f"the evidence of #{session.number} is not the one that you looked at any more: main, a policy or a check "
            "has changed; nothing was submitted",
            f"look again: gatehouse review {session.number}",
        )
    return fresh


def _still(session: Session, head: str) -> None:
    before = session.seen.facts.head
    if head != before:
        raise Moved(
            f"somebody pushed to #{session.number} in the meantime, {before[:12]} is not its last commit any more but "
            f"{head[:12]}; nothing was submitted",
            f"look at what changed: gatehouse review {session.number}",
        )


def cleared(session: Session, text: str, standing: Standing = Standing.APPROVED) -> Told | None:
    """Tells why what is about to be sent would not count, and whether it is to be sent all the same: None, go on.

    Where only the time is against it, and somebody is there, it may be waited for.
    """
    fresh = again(session)
    ahead = would(fresh.facts, fresh.me, text, fresh.now, standing)
    # Of the pins that it speaks of: others are somebody else's to agree to.
    named = [hindered(place) for place in ahead.places if place.asked.token and place.asked.token in text]
    against = [rules for rules in named if rules]
    known = [moment for moment in map(opens, against) if moment is not None]
    if known:
        return _timed(session, max(known), fresh.now)
    if len(against) < len(named):
        # It counts for one of them at least; what is wrong with the rest was told before.
        return None
    broken = told.pins(ahead, fresh.facts, fresh.me.login, 0)
    if session.talk is None:
        return session.nothing("It would not count, so nothing was submitted", pins=broken)
    for rule in dict.fromkeys(rule for rules in against for rule in rules):
        session.talk.show(told.ruled("✗", "red", rule))
    if session.talk.sure("It would not count. Submit it all the same?"):
        return None
    return session.nothing("Nothing was submitted", pins=broken)


def _timed(session: Session, opening: datetime, now: datetime) -> Told | None:
    left = max(1.0, seconds(now, opening) + 1)
    early = f"It would not count before {moment(opening)}, in {left:.0f} s"
    if session.talk is None:
        return session.nothing(f"{early}; nothing was submitted", counts_from=opening)
    session.talk.show(f"{early}: nobody is expected to have looked sooner.")
    while True:
        said = session.talk.line("w wait, then submit · s submit now, in vain · c cancel (Enter: w) > ").lower()
        if said in ("", "w", "wait"):
            session.talk.wait(left, "until it counts")
            return None
        if said in ("s", "submit"):
            return None
        if said in ("c", "cancel", "q", ":q"):
            return session.nothing("Nothing was submitted", counts_from=opening)


def send(session: Session, decision: Decision, written: Written, text: str = "") -> Told:
    """Submits the review and tells what came of it; ``text`` is the body where there is no form.

    Raises Moved where the head is another commit now.
    """
    from gatehouse.github import Decision as As

    whole = body.write(written) if written else text
    approving = decision is Decision.APPROVE
    with progress(session.settings) as say:
        _still(session, find(session.github, session.number, say).head_sha)
        say("submitting the review")
        verdict = As.APPROVE if approving else As.REQUEST_CHANGES
        review = session.github.reviews.submit(session.number, verdict, whole, session.seen.facts.head)
    if approving:
        return after(session, Did.APPROVED, Sent(review.id, review.url, whole))
    return after(session, Did.REJECTED, Sent(review.id, review.url, whole))


@dataclass(frozen=True, slots=True)
class Sent:
    """A review or a comment that GitHub has taken."""

    id: int
    url: str
    body: str


_SAID = {
    Did.APPROVED: "Submitted your approval of #{number} as @{login}",
    Did.REJECTED: "Rejected #{number} as @{login}; @{author} gets your reason, and nothing else happens",
    Did.EMERGENCY: "Called an emergency on #{number} as @{login}",
}


def after(session: Session, did: Did, sent: Sent) -> Told:
    """Judges again, with what was sent."""
    seen = session.seen
    who = {"login": seen.me.login, "author": clean(seen.pull.author.login, 60)}
    said = _SAID[did].format(number=session.number, **who)
    answer = told.nothing(seen.pull, seen.me.login, said, did=did, url=sent.url, body=sent.body)
    try:
        fresh = _listed(session, sent.id)
    except GatehouseError as error:
        return told.but(answer, f"but what came of it cannot be told: {error.message}")
    if fresh is None:
        return told.but(
            answer, f"but GitHub does not list it yet: see `gatehouse review {session.number} --verify` in a minute"
        )
    judgement = judge(fresh.facts, fresh.now)
    found = told.pins(judgement, fresh.facts, fresh.me.login, sent.id)
    answer = told.judged(answer, found, judgement)
    if did is Did.REJECTED and judgement.places and not any(_stops(pin.lacking, seen.me.login) for pin in found):
        return told.but(answer, "it is on the record, but stops nothing: only who may write here can stop it")
    return answer


def _stops(rules: Sequence[Ruled], login: str) -> bool:
    return any(rule.rule == "rejected" and f"@{login.lower()} " in rule.said.lower() for rule in rules)


def _listed(session: Session, sent: int) -> View | None:
    with progress(session.settings) as say:
        for look in range(_LOOKS):
            time.sleep(_PAUSE_S if look else 0)
            # What it was the last approval for may be merged by now.
            fresh = view(session.settings, session.github, session.number, say, ended=True)
            if any(said.id == sent for said in fresh.facts.said):
                return fresh
    return None
