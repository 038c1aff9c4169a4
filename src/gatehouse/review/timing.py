"""How long a reviewer had. No field of GitHub tells how long somebody looked, so this is a signal, and never proof."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from gatehouse.review.facts import Account, Facts
from gatehouse.review.who import Who
from gatehouse.review.words import seconds


@dataclass(frozen=True, slots=True)
class Start:
    """From when on somebody could review, and what happened then."""

    at: datetime
    event: str


def start(facts: Facts, who: Who, reviewer: Account) -> Start:
    """The last of: evidence posted, ready for review, last push, review requested of this reviewer or a team of theirs.

    Where no evidence was posted it is the last of the others, though there was nothing to review yet.
    """
    found = list(_starts(facts, who, reviewer))
    return max(found, key=lambda each: seconds(facts.pushed_at, each.at))


def _starts(facts: Facts, who: Who, reviewer: Account) -> Iterator[Start]:
    yield Start(facts.pushed_at, "the last push")
    if facts.evidence_at is not None:
        yield Start(facts.evidence_at, "the evidence was posted")
    if facts.ready_at is not None:
        yield Start(facts.ready_at, "it was marked ready for review")
    teams = who.teams(reviewer.login)
    for name, at in facts.requested.items():
        plain = name.removeprefix("@")
        # A team that the reviewer may be in, when nobody may see who is in it, is taken for one of theirs.
        in_team = "/" in plain and (teams is None or plain.lower() in teams)
        if in_team or who.of(plain) == who.of(reviewer.login):
            yield Start(at, f"the review of @{plain} was requested")
