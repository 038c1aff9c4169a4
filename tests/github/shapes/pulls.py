"""Pull requests: as lists show them, in full, as issues; comments, reviews, the timeline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tests.github import bare
from tests.github.hub import Hub
from tests.github.shapes.basics import JSON, at, node, page, stamp
from tests.github.shapes.code import commit
from tests.github.shapes.people import app, author
from tests.github.shapes.repository import association, label, repository, team
from tests.github.state import Comment, Event, Issue, Pull, Repository, Review


def _end(hub: Hub, repo: Repository, ref: str, sha: str) -> JSON:
    owner = author(hub, repo.owner)
    return {"label": f"{repo.owner}:{ref}", "ref": ref, "sha": sha, "user": owner, "repo": repository(hub, repo)}


def simple_pull(hub: Hub, repo: Repository, pull: Pull) -> JSON:
    """A pull request as lists show it."""
    me, issue = f"{at(hub, repo)}/pulls/{pull.number}", f"{at(hub, repo)}/issues/{pull.number}"
    html = f"{page(hub, repo)}/pull/{pull.number}"
    links = {
        "html": html,
        "issue": issue,
        "comments": f"{issue}/comments",
        "commits": f"{me}/commits",
        "review_comments": f"{me}/comments",
        "review_comment": f"{at(hub, repo)}/pulls/comments{{/number}}",
        "statuses": f"{at(hub, repo)}/statuses/{pull.head_sha}",
    }
    return {
        "id": pull.id,
        "node_id": node("PullRequest", pull.id),
        "number": pull.number,
        "url": me,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        **{f"{name}_url": href for name, href in links.items()},
        "_links": {name: {"href": href} for name, href in {**links, "self": me}.items()},
        "state": pull.state,
        "locked": False,
        "title": pull.title,
        "body": pull.body or None,
        "draft": pull.draft,
        "user": author(hub, pull.author),
        "author_association": association(repo, pull.author),
        "labels": [label(hub, repo, name) for name in pull.labels],
        **dict.fromkeys(("milestone", "assignee")),
        "auto_merge": _auto_merge(hub, pull),
        "assignees": [],
        "requested_reviewers": [author(hub, login) for login in pull.reviewers],
        "requested_teams": [team(hub, repo, repo.teams[slug]) for slug in pull.teams],
        "created_at": stamp(pull.created),
        "updated_at": stamp(pull.updated),
        "closed_at": stamp(pull.closed),
        "merged_at": stamp(pull.merged),
        "merge_commit_sha": pull.merge_sha,
        "head": _end(hub, repo, pull.head, pull.head_sha),
        "base": _end(hub, repo, pull.base, pull.base_sha),
    }


def _auto_merge(hub: Hub, pull: Pull) -> JSON | None:
    if pull.auto_merge is None:
        return None
    method, login = pull.auto_merge
    return {"enabled_by": author(hub, login), "merge_method": method, "commit_title": "", "commit_message": ""}


def pull_request(hub: Hub, repo: Repository, pull: Pull, mergeable: bool | None, mergeable_state: str) -> JSON:
    """A pull request as its own address shows it."""
    changed = changes(repo, pull)
    return {
        **simple_pull(hub, repo, pull),
        "merged": pull.merged is not None,
        "mergeable": mergeable,
        "rebaseable": mergeable,
        "mergeable_state": mergeable_state,
        "merged_by": author(hub, pull.merged_by) if pull.merged_by else None,
        "comments": len(repo.of(pull.number)),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(commits(repo, pull)),
        "additions": sum(change.additions for change in changed),
        "deletions": sum(change.deletions for change in changed),
        "changed_files": len(changed),
    }


def commits(repo: Repository, pull: Pull) -> list[bare.Commit]:
    """The commits of a pull request, oldest first."""
    return repo.git.log("--reverse", f"{pull.base_sha}..{pull.head_sha}")


def changes(repo: Repository, pull: Pull) -> list[bare.Change]:
    """What a pull request changes since it left its base."""
    fork = repo.git.merge_base(pull.base_sha, pull.head_sha)
    return repo.git.changes(fork or pull.base_sha, pull.head_sha)


def issue(hub: Hub, repo: Repository, pull: Pull) -> JSON:
    """The issue that a pull request also is."""
    me, html = f"{at(hub, repo)}/issues/{pull.number}", f"{page(hub, repo)}/pull/{pull.number}"
    simple = simple_pull(hub, repo, pull)
    same = ("number", "state", "title", "body", "user", "labels", "milestone", "locked", "assignee", "assignees",
            "author_association", "created_at", "updated_at", "closed_at", "draft")  # fmt: skip
    return {
        **{name: simple[name] for name in same},
        "id": pull.id,
        "node_id": node("Issue", pull.id),
        "url": me,
        "repository_url": at(hub, repo),
        "labels_url": me + "/labels{/name}",
        "comments_url": f"{me}/comments",
        "events_url": f"{me}/events",
        "timeline_url": f"{me}/timeline",
        "html_url": html,
        "comments": len(repo.of(pull.number)),
        "pull_request": {
            "merged_at": stamp(pull.merged),
            "diff_url": f"{html}.diff",
            "html_url": html,
            "patch_url": f"{html}.patch",
            "url": simple["url"],
        },
    }


def plain_issue(hub: Hub, repo: Repository, one: Issue) -> JSON:
    """An issue that is no pull request."""
    me = f"{at(hub, repo)}/issues/{one.number}"
    below = {
        "labels_url": "labels{/name}",
        "comments_url": "comments",
        "events_url": "events",
        "timeline_url": "timeline",
    }
    return {
        "id": one.id,
        "node_id": node("Issue", one.id),
        "number": one.number,
        "url": me,
        "repository_url": at(hub, repo),
        **{name: f"{me}/{path}" for name, path in below.items()},
        "labels_url": me + "/labels{/name}",
        "html_url": f"{page(hub, repo)}/issues/{one.number}",
        "state": one.state,
        "locked": False,
        "title": one.title,
        "body": one.body,
        "user": author(hub, one.author),
        "author_association": association(repo, one.author),
        **dict.fromkeys(("milestone", "assignee", "closed_at")),
        "labels": [],
        "assignees": [],
        "comments": 0,
        "created_at": stamp(one.created),
        "updated_at": stamp(one.updated),
    }


def comment(hub: Hub, repo: Repository, one: Comment) -> JSON:
    return {
        "id": one.id,
        "node_id": node("IssueComment", one.id),
        "url": f"{at(hub, repo)}/issues/comments/{one.id}",
        "issue_url": f"{at(hub, repo)}/issues/{one.number}",
        "html_url": f"{page(hub, repo)}/pull/{one.number}#issuecomment-{one.id}",
        "body": one.body,
        "user": author(hub, one.author),
        "created_at": stamp(one.created),
        "updated_at": stamp(one.updated),
        "author_association": association(repo, one.author),
        "performed_via_github_app": app(hub, one.app) if one.app else None,
    }


def review(hub: Hub, repo: Repository, pull: Pull, one: Review) -> JSON:
    me, html = f"{at(hub, repo)}/pulls/{pull.number}", f"{page(hub, repo)}/pull/{pull.number}"
    told = {
        "id": one.id,
        "node_id": node("PullRequestReview", one.id),
        # A deleted account leaves its comments to the ghost, but its reviews to nobody.
        "user": author(hub, one.author) if one.author in hub.users else None,
        "body": one.body,
        "state": one.state,
        "html_url": f"{html}#pullrequestreview-{one.id}",
        "pull_request_url": me,
        "_links": {"html": {"href": html}, "pull_request": {"href": me}},
        "commit_id": one.commit,
        "author_association": association(repo, one.author),
    }
    return told if one.submitted is None else {**told, "submitted_at": stamp(one.submitted)}


def event(hub: Hub, repo: Repository, pull: Pull, one: Event) -> JSON:
    """One line of the timeline that is neither comment, review nor commit."""
    return {
        "id": one.id,
        "node_id": node("Event", one.id),
        "url": f"{at(hub, repo)}/issues/events/{one.id}",
        "actor": author(hub, one.actor),
        "event": one.kind,
        "commit_id": one.more.get("commit_id"),
        "commit_url": None,
        "created_at": stamp(one.at),
        "performed_via_github_app": None,
        **{name: value for name, value in one.more.items() if name != "commit_id"},
    }


def timeline(hub: Hub, repo: Repository, pull: Pull) -> Sequence[JSON]:
    """Everything that happened to a pull request, oldest first."""
    told: list[tuple[datetime, int, JSON]] = [(one.at, one.id, event(hub, repo, pull, one)) for one in pull.events]
    for one in repo.of(pull.number):
        actor = author(hub, one.author)
        told.append((one.created, one.id, {**comment(hub, repo, one), "event": "commented", "actor": actor}))
    for each in pull.reviews:
        if each.submitted is not None:
            told.append((each.submitted, each.id, _reviewed(hub, repo, pull, each)))
    told += [(made.committer.time, 0, _committed(hub, repo, made)) for made in commits(repo, pull)]
    return [each for _, _, each in sorted(told, key=lambda line: line[:2])]


def _reviewed(hub: Hub, repo: Repository, pull: Pull, one: Review) -> JSON:
    """A review as the timeline shows it: its state in small letters, and an account also where there is none left."""
    told = review(hub, repo, pull, one)
    return {**told, "event": "reviewed", "state": one.state.lower(), "user": author(hub, one.author)}


def _committed(hub: Hub, repo: Repository, one: bare.Commit) -> JSON:
    """A commit as the timeline shows it: the git object's fields side by side with the API's."""
    described = commit(hub, repo, one)
    return {
        "event": "committed",
        **{name: described[name] for name in ("sha", "node_id", "url", "html_url")},
        **{name: described["commit"][name] for name in ("author", "committer", "message", "tree")},
        "parents": [{**each, "html_url": f"{page(hub, repo)}/commit/{each['sha']}"} for each in described["parents"]],
        "verification": {"verified": False, "reason": "unsigned", **dict.fromkeys(_UNSIGNED)},
    }


_UNSIGNED = ("signature", "payload", "verified_at")
