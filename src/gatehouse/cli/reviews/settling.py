"""What follows from the reviews of one pull request: the check, the record, the follow-up, the answer, the merge.

Each of them may be repeated and finds what is there already, so that the next run mends what this one left half done.
"""

from __future__ import annotations

from dataclasses import dataclass

from gatehouse.cli.frame import note
from gatehouse.cli.reviews.answering import answer
from gatehouse.cli.reviews.bench import Bench, Seen, Unread
from gatehouse.cli.reviews.followup import follow_up
from gatehouse.cli.reviews.merging import merge
from gatehouse.github import Refused
from gatehouse.sync.reviews import keep
from gatehouse.sync.trunk import BRANCH

# Looks in all, until nothing was said since what was posted; whoever says something later starts another run.
_LOOKS = 4


@dataclass
class Settled:
    """What was seen last, and what was done. ``issue`` follows an emergency up, ``merge`` is what came of merging;
    ``record`` says why it passes by what is on record, where a queue sees too little."""

    seen: Seen | Unread
    changed: bool = False
    recorded: bool = False
    answered: bool = False
    issue: str = ""
    merge: str = ""
    record: str = ""


def settle(bench: Bench, number: int, *, merges: bool) -> Settled:
    """Judges a pull request and does what follows. Of two runs at once the last to write looks again, and so no check
    is left that was judged before somebody spoke.

    Raises Unreachable where GitHub or the remote does not answer, GatehouseError where they refuse.
    """
    done = Settled(bench.look(number))
    for _ in range(_LOOKS):
        if not done.seen.pull.open:
            return _closed(bench, done)
        if done.seen.pull.base != BRANCH:
            # Whatever it says there, nothing is promoted by it.
            return done
        if not _say(bench, done):
            break
        done.changed = True
        done.seen = bench.look(number)
    if isinstance(done.seen, Seen):
        done.answered = answer(bench, done.seen)
        done.merge = merge(bench, done.seen) if merges else ""
    return done


def _say(bench: Bench, done: Settled) -> bool:
    """Sets the check; whether it said something else before. It turns green last of all: nobody is to merge what is not
    on record, or has to be followed up and is not."""
    seen = done.seen
    if isinstance(seen, Unread):
        return bench.github.checks.renew(seen.pull.head_sha, seen.check)
    changed = not seen.passed and bench.github.checks.renew(seen.pull.head_sha, seen.check)
    trunk = bench.outlook.trunk
    done.recorded = keep(trunk.repository, seen.record, trunk.remote) or done.recorded
    _follow(bench, done, seen)
    return changed or (seen.passed and bench.github.checks.renew(seen.pull.head_sha, seen.check))


def _closed(bench: Bench, done: Settled) -> Settled:
    """Of a merged one nothing is left to be done but what somebody who was faster kept from being done."""
    if done.seen.pull.merged is not None and isinstance(done.seen, Seen):
        _follow(bench, done, done.seen)
    return done


def _follow(bench: Bench, done: Settled, seen: Seen) -> None:
    try:
        issue = follow_up(bench, seen)
    except Refused as refused:
        # A repository without issues: the emergency is on record all the same.
        note(f"! the emergency of #{seen.pull.number} is not followed up by an issue: {refused.message}")
        return
    done.issue = issue.url if issue is not None else ""
