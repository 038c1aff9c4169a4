"""PyGithub's objects as frozen values. All that is taken here is in GitHub's lists too: no item is asked for again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatehouse.github.values import GHOST, Account, Change, Comment, Pull, Review, ReviewState

if TYPE_CHECKING:
    from github.File import File
    from github.IssueComment import IssueComment
    from github.NamedUser import NamedUser
    from github.Organization import Organization
    from github.PullRequest import PullRequest
    from github.PullRequestReview import PullRequestReview


def account(user: NamedUser | Organization | None) -> Account:
    """The account, or the ghost where it has been deleted."""
    return GHOST if user is None else Account(user.login, user.type == "Bot")


def pull(one: PullRequest, *, mergeable: bool | None = None) -> Pull:
    return Pull(
        number=one.number,
        title=one.title,
        body=one.body or "",
        url=one.html_url,
        author=account(one.user),
        head=one.head.ref,
        head_sha=one.head.sha,
        head_slug=one.head.repo.full_name if one.head.repo else None,
        base=one.base.ref,
        base_sha=one.base.sha,
        state=one.state,
        draft=bool(one.draft),
        created=one.created_at,
        merged=one.merged_at,
        # While a pull request is open, this is a merge that GitHub only tried.
        merge_sha=one.merge_commit_sha if one.merged_at else None,
        mergeable=mergeable,
        labels=tuple(label.name for label in one.labels),
        node=one.node_id,
    )


def change(one: File) -> Change:
    return Change(one.filename, one.status, one.previous_filename if one.status == "renamed" else None)


def comment(one: IssueComment) -> Comment:
    times = one.created_at, one.updated_at
    return Comment(one.id, account(one.user), one.body or "", *times, one.html_url, one.node_id)


def review(one: PullRequestReview) -> Review:
    return Review(
        id=one.id,
        author=account(one.user),
        state=ReviewState(one.state),
        body=one.body or "",
        commit=one.commit_id,
        submitted=one.submitted_at,
        url=one.html_url,
        node=one.node_id,
    )
