"""What is known of a pull request when its reviews are judged: asked of GitHub, of git, and of the evidence branch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from gatehouse.cli.checkrun import NAME
from gatehouse.cli.frame import Settings
from gatehouse.cli.outlook import Outlook
from gatehouse.cli.reviews.pins import Pins, pins
from gatehouse.errors import NotFound
from gatehouse.github import Comment, Edit, Forbidden, Push, Review, ReviewState
from gatehouse.review.commands import Verb, commands
from gatehouse.review.facts import Account, Facts, Person, Said, Standing
from gatehouse.review.who import bot, ghost

if TYPE_CHECKING:
    from gatehouse import github as hub
    from gatehouse.github import Authored, GitHubReader, Pull, Timeline

# GitHub lists no more commits of a pull request.
_MOST_COMMITS = 250
_STANDINGS = {
    ReviewState.APPROVED: Standing.APPROVED,
    ReviewState.CHANGES_REQUESTED: Standing.REJECTED,
    ReviewState.COMMENTED: Standing.COMMENTED,
    ReviewState.DISMISSED: Standing.DISMISSED,
}
_VERBS = {
    Verb.APPROVE: Standing.APPROVED,
    Verb.REJECT: Standing.REJECTED,
    Verb.EMERGENCY: Standing.EMERGENCY,
}
_DECIDES = frozenset(_VERBS.values())
_TOGETHER = re.compile(r"^co-authored-by:.*<(?:\d+\+)?([A-Za-z0-9-]+)@users\.noreply\.[^>]+>\s*$", re.I | re.M)


def gather(settings: Settings, github: GitHubReader, number: int, base: str | None = None) -> Facts:
    """Everything that the rules about reviews look at, for one pull request, open or merged.

    A merged one is told as it was at its merge, and with it what was said against it since: an approval that came after
    the merge agreed to nothing, but a rejection or a dismissal, or other words in an old approval, still count.

    ``base`` is the commit that asks for the review: main as it is now for an open pull request, for a merged one the
    commit before its merge. Raises Unreachable where GitHub or the remote does not answer, Forbidden naming the
    permission that the token lacks, NotFound for a number that is not there, and GatehouseError for pins that do not
    read.
    """
    pull = github.pulls.get(number)
    return gathered(github, pull, pins(Outlook.now(settings), pull, base))


def gathered(github: GitHubReader, pull: Pull, found: Pins, reviewer: str = "") -> Facts:
    """``gather`` where the pins are found already; ``reviewer`` is somebody of whom it is to be known as well what they
    may do, though they said nothing yet, and whose token it is: what it may not see is left open."""
    number = pull.number
    timeline = _until(pull.merged, github.timeline.of(number))
    said = tuple(each for each in _said(github, timeline) if not _too_late(each, pull.merged))
    push = _push(github, pull, timeline)
    return Facts(
        number=number,
        author=_account(pull.author),
        head=pull.head_sha,
        draft=pull.draft,
        evidence_at=_posted(github, pull, found.evaluated, reviewer),
        ready_at=timeline.ready,
        pushed_at=push.at,
        pushed_by=_account(push.by) if push.by else None,
        requested=timeline.requested,
        committers=_committers(github.timeline.commits(number), found.names),
        said=said,
        people=_people(github, said, found, timeline.requested, reviewer),
        asked=found.asked,
        freeze=found.freeze,
        names=found.names,
    )


def _until(merged: datetime | None, timeline: Timeline) -> Timeline:
    """What is asked of people, and pushed, after a merge does not make their approvals from before it any older."""
    if merged is None:
        return timeline
    return replace(
        timeline,
        requested={name: at for name, at in timeline.requested.items() if at <= merged},
        forced=tuple(push for push in timeline.forced if push.at <= merged),
    )


def _too_late(said: Said, merged: datetime | None) -> bool:
    return merged is not None and said.at > merged and said.standing in (Standing.APPROVED, Standing.EMERGENCY)


def _posted(github: GitHubReader, pull: Pull, evaluated: datetime | None, reviewer: str) -> datetime | None:
    """When the evidence could first be seen: a check that is posted once more for the same evidence changes nothing."""
    if evaluated is None:
        return None
    try:
        ends = github.checks.ended(pull.head_sha, NAME)
    except Forbidden:
        if not reviewer:
            raise
        # A personal token may see no checks. The gates ended then, and were posted a moment later.
        return evaluated
    ends = tuple(end for end in ends if pull.merged is None or end <= pull.merged)
    # GitHub tells whole seconds. Where its clock is behind that of the gates, the last check is the one.
    since = evaluated.astimezone(UTC).replace(microsecond=0)
    return next((end for end in ends if end >= since), ends[-1] if ends else None)


def _push(github: GitHubReader, pull: Pull, timeline: Timeline) -> Push:
    """The last push of the head, by nobody where GitHub does not say whose it was."""
    moves = (*timeline.forced, *_pushes(github, pull))
    # A branch that is restored after its merge is pushed once more.
    here = [push for push in moves if push.commit == pull.head_sha and (pull.merged is None or push.at <= pull.merged)]
    return max(here, key=lambda push: (push.at, push.by is not None), default=Push(pull.head_sha, pull.created, None))


def _pushes(github: GitHubReader, pull: Pull) -> tuple[Push, ...]:
    if pull.head_slug is None:
        return ()
    try:
        return github.timeline.pushes(pull.head, pull.head_slug)
    except (NotFound, Forbidden):
        if pull.head_slug.lower() == github.slug.lower():
            raise
        # Somebody's own fork, which this token may not look into.
        return ()


def _said(github: GitHubReader, timeline: Timeline) -> tuple[Said, ...]:
    told = [
        *((_of_review(one), one.node) for one in timeline.reviews),
        *((said, one.node) for one in timeline.comments for said in _of_comment(one)),
    ]
    deciding = dict.fromkeys(node for said, node in told if said.standing in _DECIDES)
    edits = github.timeline.edits(list(deciding)) if deciding else {}
    return tuple(_as_edited(said, edits.get(node)) for said, node in told)


def _of_review(review: Review) -> Said:
    assert review.submitted is not None, "a timeline holds no pending review"
    author, standing = _account(review.author), _STANDINGS[review.state]
    return Said(review.id, author, standing, review.body, review.commit, review.submitted, url=review.url)


def _of_comment(comment: Comment) -> Iterator[Said]:
    """What a comment's commands stand for, each once; one without a command says nothing that counts."""
    for standing in dict.fromkeys(_VERBS[command.verb] for command in commands(comment.body)):
        author = _account(comment.author)
        yield Said(comment.id, author, standing, comment.body, None, comment.created, url=comment.url, by_comment=True)


def _as_edited(said: Said, edit: Edit | None) -> Said:
    """A review may be reworded by its author until it is submitted; what anybody changes later was not approved."""
    if edit is None or (edit.at <= said.at and edit.by.lower() == said.author.login.lower()):
        return said
    return msgspec.structs.replace(said, edited=edit.at)


def _committers(commits: Sequence[Authored], names: Mapping[str, str]) -> frozenset[str]:
    """Also whoever GitHub itself names as a co-author; "" where somebody is unknown, or not every commit is listed."""
    known = {
        signed.login or names.get(signed.email.lower(), "")
        for commit in commits
        for signed in (commit.author, commit.committer)
    }
    together = {login for commit in commits for login in _TOGETHER.findall(commit.message)}
    return frozenset(known | together | ({""} if len(commits) >= _MOST_COMMITS else set()))


def _people(
    github: GitHubReader, said: Sequence[Said], found: Pins, requested: Iterable[str], reviewer: str
) -> Mapping[str, Person]:
    """Everybody whose word may decide, and what they may do: one request each, and one for each team."""
    deciding = (each.author for each in said if each.standing in _DECIDES)
    logins = {author.login for author in deciding if not bot(author) and not ghost(author)}
    logins |= {reviewer} - {""}
    if not logins or not found.asked:
        return {}
    owning = {owner.removeprefix("@") for asked in found.asked for owner in asked.owners if owner.startswith("@")}
    teams = {name.lower() for name in (*owning, *requested) if "/" in name}
    members = {team: github.people.members(team) for team in sorted(teams)}
    found_out = {login: _permission(github, login, reviewer) for login in sorted(logins)}
    return {
        login: Person(login, permission, _teams(login, members))
        for login, permission in found_out.items()
        if permission is not None
    }


def _permission(github: GitHubReader, login: str, reviewer: str) -> str | None:
    """What somebody may do. GitHub tells it to those who may write, so that a reviewer who is not told may not; None:
    it is not told of somebody else."""
    try:
        return github.people.permission(login)
    except Forbidden:
        if not reviewer:
            raise
        return "read" if login == reviewer else None


def _teams(login: str, members: Mapping[str, frozenset[str] | None]) -> frozenset[str] | None:
    """The teams that somebody is in; None where it may be another one, which the token does not see."""
    mine = {team for team, there in members.items() if there and login.lower() in {name.lower() for name in there}}
    return frozenset(mine) if mine or None not in members.values() else None


def _account(account: hub.Account) -> Account:
    return Account(account.login, account.bot)
