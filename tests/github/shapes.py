"""What the stand-in remembers as GitHub's JSON, complete: every field that GitHub's description requires."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from tests.github import bare
from tests.github.hub import Hub
from tests.github.state import App, CheckRun, Comment, Event, Pull, Repository, Review, Status, Team, User

JSON = dict[str, Any]


def stamp(time: datetime | None) -> str | None:
    return None if time is None else time.strftime("%Y-%m-%dT%H:%M:%SZ")


def node(kind: str, number: object) -> str:
    return base64.b64encode(f"{kind}:{number}".encode()).decode()


def user(hub: Hub, account: User) -> JSON:
    me = f"{hub.api}/users/{quote(account.login)}"
    below = {
        "followers_url": "followers",
        "following_url": "following{/other_user}",
        "gists_url": "gists{/gist_id}",
        "starred_url": "starred{/owner}{/repo}",
        "subscriptions_url": "subscriptions",
        "organizations_url": "orgs",
        "repos_url": "repos",
        "events_url": "events{/privacy}",
        "received_events_url": "received_events",
    }
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node("User", account.id),
        "avatar_url": f"{hub.web}/avatars/{account.id}",
        "gravatar_id": "",
        "url": me,
        "html_url": f"{hub.web}/{quote(account.login)}",
        **{name: f"{me}/{path}" for name, path in below.items()},
        "type": "Bot" if account.bot else "User",
        "site_admin": False,
        "user_view_type": "public",
    }


def author(hub: Hub, login: str) -> JSON:
    """The account that wrote something; the ghost where it has been deleted."""
    return user(hub, hub.users.get(login) or User("ghost", 10137, hub.now(), "Deleted user"))


def whole_user(hub: Hub, account: User) -> JSON:
    """An account with all that only its own page tells."""
    unknown = ("company", "blog", "location", "email", "hireable", "bio")
    counts = ("public_repos", "public_gists", "followers", "following")
    return {
        **user(hub, account),
        "name": account.name,
        **dict.fromkeys(unknown),
        **dict.fromkeys(counts, 0),
        "created_at": stamp(account.created),
        "updated_at": stamp(account.created),
    }


def myself(hub: Hub, account: User) -> JSON:
    counts = ("private_gists", "total_private_repos", "owned_private_repos", "disk_usage", "collaborators")
    private = {"user_view_type": "private", "two_factor_authentication": True}
    return {**whole_user(hub, account), **dict.fromkeys(counts, 0), **private}


_REPO_LINKS = {
    "archive_url": "{archive_format}{/ref}",
    "assignees_url": "assignees{/user}",
    "blobs_url": "git/blobs{/sha}",
    "branches_url": "branches{/branch}",
    "collaborators_url": "collaborators{/collaborator}",
    "comments_url": "comments{/number}",
    "commits_url": "commits{/sha}",
    "compare_url": "compare/{base}...{head}",
    "contents_url": "contents/{+path}",
    "contributors_url": "contributors",
    "deployments_url": "deployments",
    "downloads_url": "downloads",
    "events_url": "events",
    "forks_url": "forks",
    "git_commits_url": "git/commits{/sha}",
    "git_refs_url": "git/refs{/sha}",
    "git_tags_url": "git/tags{/sha}",
    "hooks_url": "hooks",
    "issue_comment_url": "issues/comments{/number}",
    "issue_events_url": "issues/events{/number}",
    "issues_url": "issues{/number}",
    "keys_url": "keys{/key_id}",
    "labels_url": "labels{/name}",
    "languages_url": "languages",
    "merges_url": "merges",
    "milestones_url": "milestones{/number}",
    "notifications_url": "notifications{?since,all,participating}",
    "pulls_url": "pulls{/number}",
    "releases_url": "releases{/id}",
    "stargazers_url": "stargazers",
    "statuses_url": "statuses/{sha}",
    "subscribers_url": "subscribers",
    "subscription_url": "subscription",
    "tags_url": "tags",
    "teams_url": "teams",
    "trees_url": "git/trees{/sha}",
}


def at(hub: Hub, repo: Repository) -> str:
    """The API's address of a repository."""
    return f"{hub.api}/repos/{repo.slug}"


def page(hub: Hub, repo: Repository) -> str:
    """The address that a person opens."""
    return f"{hub.web}/{repo.slug}"


def minimal_repository(hub: Hub, repo: Repository) -> JSON:
    return {
        "id": repo.id,
        "node_id": node("Repository", repo.id),
        "name": repo.name,
        "full_name": repo.slug,
        "owner": author(hub, repo.owner),
        "private": repo.private,
        "html_url": page(hub, repo),
        "description": None,
        "fork": False,
        "url": at(hub, repo),
        **{name: f"{at(hub, repo)}/{path}" for name, path in _REPO_LINKS.items()},
    }


def repository(hub: Hub, repo: Repository, login: str | None = None) -> JSON:
    """A repository in full; with ``login`` also what that account may do in it."""
    open_pulls = sum(pull.state == "open" for pull in repo.pulls.values())
    counts = ("forks_count", "stargazers_count", "watchers_count", "size", "forks", "watchers")
    features = ("has_issues", "has_projects", "has_wiki", "has_downloads")
    told = {
        **minimal_repository(hub, repo),
        "git_url": f"git://{repo.slug}.git",
        "ssh_url": f"git@{repo.slug}.git",
        "clone_url": repo.remote,
        "svn_url": page(hub, repo),
        **dict.fromkeys(("mirror_url", "homepage", "language", "license")),
        **dict.fromkeys(counts, 0),
        **dict.fromkeys(features, True),
        **dict.fromkeys(("has_pages", "has_discussions", "archived", "disabled"), False),
        "default_branch": repo.default,
        "open_issues_count": open_pulls,
        "open_issues": open_pulls,
        "visibility": "private" if repo.private else "public",
        **dict.fromkeys(("pushed_at", "created_at", "updated_at"), stamp(repo.created)),
    }
    if login is not None:
        told |= {"permissions": powers(repo, login), "subscribers_count": 0, "network_count": 0}
    return told


def powers(repo: Repository, login: str) -> JSON:
    names = {"pull": "read", "triage": "triage", "push": "write", "maintain": "maintain", "admin": "admin"}
    return {name: repo.may(login, role) for name, role in names.items()}  # type: ignore[arg-type]  # all are roles


def team(hub: Hub, repo: Repository, one: Team) -> JSON:
    me = f"{hub.api}/organizations/{hub.users[repo.owner].id}/team/{one.id}"
    return {
        "id": one.id,
        "node_id": node("Team", one.id),
        "name": one.slug,
        "slug": one.slug,
        "description": None,
        "permission": "push",
        "url": me,
        "html_url": f"{hub.web}/orgs/{repo.owner}/teams/{one.slug}",
        "members_url": me + "/members{/member}",
        "repositories_url": me + "/repos",
        "type": "organization",
        "parent": None,
    }


def label(hub: Hub, repo: Repository, name: str) -> JSON:
    return {
        "id": repo.labels[name],
        "node_id": node("Label", repo.labels[name]),
        "url": f"{at(hub, repo)}/labels/{quote(name)}",
        "name": name,
        "description": "",
        "color": "ededed",
        "default": False,
    }


def _association(repo: Repository, login: str) -> str:
    if login == repo.owner:
        return "OWNER"
    return "COLLABORATOR" if repo.may(login, "read") else "NONE"


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
        "author_association": _association(repo, pull.author),
        "labels": [label(hub, repo, name) for name in pull.labels],
        **dict.fromkeys(("milestone", "assignee", "auto_merge")),
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


def change(hub: Hub, repo: Repository, one: bare.Change, commit: str) -> JSON:
    path = quote(one.path, errors="surrogateescape")
    told = {
        "sha": one.blob,
        "filename": one.path,
        "status": one.status,
        "additions": one.additions,
        "deletions": one.deletions,
        "changes": one.additions + one.deletions,
        "blob_url": f"{page(hub, repo)}/blob/{commit}/{path}",
        "raw_url": f"{page(hub, repo)}/raw/{commit}/{path}",
        "contents_url": f"{at(hub, repo)}/contents/{path}?ref={commit}",
    }
    if one.patch:
        told["patch"] = one.patch
    return told if one.previous is None else {**told, "previous_filename": one.previous}


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
        "author_association": _association(repo, one.author),
        "performed_via_github_app": app(hub, one.app) if one.app else None,
    }


def app(hub: Hub, one: App) -> JSON:
    return {
        "id": one.id,
        "slug": one.slug,
        "node_id": node("App", one.id),
        "owner": user(hub, one.bot),
        "name": one.slug,
        "description": None,
        "external_url": f"{hub.web}/apps/{one.slug}",
        "html_url": f"{hub.web}/apps/{one.slug}",
        "created_at": stamp(one.created),
        "updated_at": stamp(one.created),
        "permissions": {"metadata": "read"},
        "events": [],
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
        "author_association": _association(repo, one.author),
    }
    return told if one.submitted is None else {**told, "submitted_at": stamp(one.submitted)}


def check_run(hub: Hub, repo: Repository, run: CheckRun) -> JSON:
    output = run.sent.get("output", {})
    me = f"{at(hub, repo)}/check-runs/{run.id}"
    return {
        "id": run.id,
        "node_id": node("CheckRun", run.id),
        "head_sha": run.head_sha,
        "external_id": run.sent.get("external_id", ""),
        "url": me,
        "html_url": f"{page(hub, repo)}/runs/{run.id}",
        "details_url": run.sent.get("details_url"),
        "name": run.sent["name"],
        "status": run.status,
        "conclusion": run.sent.get("conclusion"),
        "started_at": stamp(run.started),
        "completed_at": stamp(run.completed),
        "output": {
            **{name: output.get(name) for name in ("title", "summary", "text")},
            "annotations_count": len(run.annotations),
            "annotations_url": f"{me}/annotations",
        },
        "check_suite": {"id": run.app.id},
        "app": app(hub, run.app),
        "pull_requests": [],
    }


def annotation(hub: Hub, repo: Repository, run: CheckRun, one: JSON) -> JSON:
    optional = ("start_column", "end_column", "title", "raw_details")
    path = quote(str(one["path"]))
    return {**dict.fromkeys(optional), **one, "blob_href": f"{page(hub, repo)}/blob/{run.head_sha}/{path}"}


def simple_status(hub: Hub, repo: Repository, one: Status) -> JSON:
    return {
        "id": one.id,
        "node_id": node("Status", one.id),
        "url": f"{at(hub, repo)}/statuses/{one.sha}",
        "avatar_url": f"{hub.web}/avatars/{one.id}",
        "state": one.state,
        "description": one.description,
        "target_url": one.target_url,
        "context": one.context,
        "created_at": stamp(one.created),
        "updated_at": stamp(one.created),
    }


def status(hub: Hub, repo: Repository, one: Status) -> JSON:
    return {**simple_status(hub, repo, one), "creator": author(hub, one.creator)}


def commit(hub: Hub, repo: Repository, one: bare.Commit) -> JSON:
    """A commit; its people are accounts where the address is an account's."""

    def signed(who: bare.Signature) -> JSON:
        return {"name": who.name, "email": who.email, "date": stamp(who.time)}

    def account(who: bare.Signature) -> JSON:
        found = hub.by_email(who.email)
        return user(hub, found) if found else {}

    me = f"{at(hub, repo)}/commits/{one.sha}"
    return {
        "sha": one.sha,
        "node_id": node("Commit", one.sha),
        "url": me,
        "html_url": f"{page(hub, repo)}/commit/{one.sha}",
        "comments_url": f"{me}/comments",
        "commit": {
            "url": f"{at(hub, repo)}/git/commits/{one.sha}",
            "author": signed(one.author),
            "committer": signed(one.committer),
            "message": one.message,
            "comment_count": 0,
            "tree": {"sha": one.tree, "url": f"{at(hub, repo)}/git/trees/{one.tree}"},
        },
        "author": account(one.author),
        "committer": account(one.committer),
        "parents": [{"sha": sha, "url": f"{at(hub, repo)}/commits/{sha}"} for sha in one.parents],
    }


def whole_commit(hub: Hub, repo: Repository, one: bare.Commit) -> JSON:
    changed = repo.git.changes(one.parents[0], one.sha) if one.parents else []
    added, gone = sum(each.additions for each in changed), sum(each.deletions for each in changed)
    return {
        **commit(hub, repo, one),
        "stats": {"additions": added, "deletions": gone, "total": added + gone},
        "files": [change(hub, repo, each, one.sha) for each in changed],
    }


def reference(hub: Hub, repo: Repository, name: str, sha: str) -> JSON:
    return {
        "ref": name,
        "node_id": node("Ref", name),
        "url": f"{at(hub, repo)}/git/{quote(name)}",
        "object": {"type": "commit", "sha": sha, "url": f"{at(hub, repo)}/git/commits/{sha}"},
    }


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
    told: list[tuple[datetime, JSON]] = [(one.at, event(hub, repo, pull, one)) for one in pull.events]
    for one in repo.of(pull.number):
        actor = author(hub, one.author)
        told.append((one.created, {**comment(hub, repo, one), "event": "commented", "actor": actor}))
    for each in pull.reviews:
        if each.submitted is not None:
            told.append((each.submitted, {**review(hub, repo, pull, each), "event": "reviewed"}))
    for made in commits(repo, pull):
        described = commit(hub, repo, made)
        people = {name: described["commit"][name] for name in ("author", "committer", "message", "tree")}
        kept = ("sha", "node_id", "url", "html_url")
        verification = {"verified": False, "reason": "unsigned", "signature": None, "payload": None}
        parents = [
            {**parent, "html_url": f"{page(hub, repo)}/commit/{parent['sha']}"} for parent in described["parents"]
        ]
        told.append(
            (
                made.committer.time,
                {
                    "event": "committed",
                    **{name: described[name] for name in kept},
                    **people,
                    "parents": parents,
                    "verification": verification,
                },
            )
        )
    return [each for _, each in sorted(told, key=lambda pair: pair[0])]
