"""What an approval must say, and when: one function a rule, over one approval."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from gatehouse.review import reviewers
from gatehouse.review.case import Case
from gatehouse.review.judgement import Ruled
from gatehouse.review.quoting import says_something
from gatehouse.review.timing import start
from gatehouse.review.words import count, moment, seconds, span

Rule = Callable[[Case], Ruled]


def again(case: Case) -> str:
    """What to do where only the words are wrong."""
    if case.emergency:
        return f"write it again: {_emergency(case)}"
    return f"review it again with `gatehouse review {case.facts.number}`"


def _emergency(case: Case) -> str:
    return f"/emergency {case.asked.slot.model} {case.asked.candidate.version} {case.asked.token} and the reason"


def on_evidence(case: Case) -> Ruled:
    """The token ties an approval to this pull request, its last commit, the pin and what the gates found."""
    token = case.reading.token
    if not token:
        return case.bad("evidence", f"@{case.login} {case.did} without naming the evidence", again(case))
    if token != case.asked.token:
        return case.bad(
            "evidence",
            f"@{case.login} named the evidence {token}, which is another pull request's or an earlier one of this",
            f"look at the evidence {case.asked.token}, then {again(case)}",
        )
    if case.reading.misnamed:
        return case.bad(
            "evidence",
            f"@{case.login} named the evidence {token}, and {case.reading.misnamed} with it, which is not its own",
            again(case),
        )
    return case.ok("evidence", f"@{case.login} named the evidence {token}")


def on_commit(case: Case) -> Ruled:
    """A comment is of no commit; the token, which is made of the commit too, speaks for it."""
    commit, head = case.said.commit, case.facts.head
    if commit == head or (case.said.by_comment and commit is None):
        return case.ok("commit", f"@{case.login} {case.did} at the last commit, {head[:12]}")
    earlier = f"the commit {commit[:12]}" if commit else "a commit that is gone"
    return case.bad("commit", f"@{case.login} {case.did} at {earlier}, the last one is {head[:12]}", again(case))


def unedited(case: Case) -> Ruled:
    """Whoever may write here can edit somebody else's comment."""
    if case.said.edited is None:
        return case.ok("unedited", f"@{case.login} changed nothing after submission")
    return case.bad(
        "unedited",
        f"what @{case.login} said was edited after submission, on {moment(case.said.edited)}",
        f"leave it, and {again(case)}",
    )


def answered(case: Case) -> Ruled:
    faults = case.reading.unanswered
    if not faults:
        return case.ok("questions", f"@{case.login} answered every question")
    return case.bad("questions", f"@{case.login} left questions open: {'; '.join(faults)}", again(case))


def acknowledged(case: Case) -> Ruled:
    unseen = case.reading.unacknowledged
    if not unseen:
        known = count(len(case.asked.policy.review.limitations), "known limitation")
        return case.ok("limitations", f"@{case.login} acknowledged {known}")
    return case.bad("limitations", f"@{case.login} did not acknowledge: {', '.join(unseen)}", again(case))


def reasoned(case: Case) -> Ruled:
    """Letters or digits, as with any answer: dots are no reason."""
    if says_something(case.reading.reason):
        return case.ok("reason", f"@{case.login} gave a reason: {case.reading.reason}", flag=True)
    return case.bad(
        "reason",
        f"@{case.login} called an emergency without a reason",
        again(case),
    )


def not_ahead(case: Case) -> Ruled:
    """A moment that has not come yet tells of a wrong clock, and then nothing is known of how long anything took."""
    if seconds(case.now, case.said.at) <= 0:
        return case.ok("clock", f"@{case.login} {case.did} on {moment(case.said.at)}")
    return case.bad(
        "clock",
        f"@{case.login} {case.did} on {moment(case.said.at)}, which is still to come: it is {moment(case.now)}",
        "set the clock of this machine right",
        case.said.at,
    )


def took_time(case: Case) -> Ruled:
    """Under ``block_under`` does not count, under ``flag_under`` counts and is flagged. An approval from before there
    was something to review is no slow one, however little before."""
    if case.facts.evidence_at is None:
        return case.bad("timing", f"@{case.login} approved before the evidence was posted", again(case))
    since = start(case.facts, case.who, case.said.author)
    review, took = case.asked.policy.review, seconds(since.at, case.said.at)
    if took < 0:
        return _too_fast(case, f"@{case.login} approved {span(-took)} before {since.event}", review.block_under)
    told = f"@{case.login} approved {span(took)} after {since.event}"
    if took < review.block_under.total_seconds():
        limit = span(review.block_under.total_seconds())
        return _too_fast(case, f"{told}, and under {limit} does not count", review.block_under)
    if took < review.flag_under.total_seconds():
        return case.ok("timing", f"{told}: under {span(review.flag_under.total_seconds())} is flagged", flag=True)
    return case.ok("timing", told)


def _too_fast(case: Case, told: str, limit: timedelta) -> Ruled:
    opens = start(case.facts, case.who, case.said.author).at + limit
    if seconds(case.now, opens) <= 0:
        return case.bad("timing", told, again(case))
    return case.bad("timing", told, f"take the time, and {again(case)}, not before {moment(opens)}", opens)


STANDS: tuple[Rule, ...] = (on_evidence, on_commit, unedited, not_ahead)
"""What makes of it somebody's word about this evidence; never lifted."""
ALLOWED: tuple[Rule, ...] = (
    reviewers.human, reviewers.owner, reviewers.permitted, reviewers.not_proposer, reviewers.not_committer,
    reviewers.not_pusher, reviewers.not_trainer,
)  # fmt: skip
"""Who may say it; never lifted."""
APPROVES: tuple[Rule, ...] = (*STANDS, *ALLOWED, answered, acknowledged, took_time)
EMERGENCY: tuple[Rule, ...] = (*STANDS, *ALLOWED, reasoned)
