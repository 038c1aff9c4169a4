"""A repository, and what belongs to it."""

from __future__ import annotations

from urllib.parse import quote

from tests.github.hub import Hub
from tests.github.shapes.basics import JSON, at, node, page, stamp
from tests.github.shapes.people import author
from tests.github.state import Repository, Team

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
        "allow_auto_merge": repo.auto_merge,
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


def association(repo: Repository, login: str) -> str:
    """What GitHub calls an account's relation to a repository."""
    if login == repo.owner:
        return "OWNER"
    return "COLLABORATOR" if repo.may(login, "read") else "NONE"
