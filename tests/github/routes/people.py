"""Accounts, the repository itself, and who may do what in it."""

from __future__ import annotations

from tests.github import shapes
from tests.github.hub import Hub
from tests.github.wire import Answer, Asked, Refused, paged, route


@route("GET", "/user")
def myself(hub: Hub, asked: Asked) -> Answer:
    if asked.token.app is not None:
        raise Refused(403, "Resource not accessible by integration")
    return Answer(200, shapes.myself(hub, asked.token.user), {"X-OAuth-Scopes": "repo"})


@route("GET", "/users/{username}")
def user(hub: Hub, asked: Asked) -> Answer:
    found = hub.users.get(asked.parameters["username"])
    if found is None:
        raise Refused(404, "Not Found")
    return Answer(200, shapes.whole_user(hub, found))


@route("GET", "/apps/{app_slug}")
def app(hub: Hub, asked: Asked) -> Answer:
    slug = asked.parameters["app_slug"]
    if slug not in hub.apps and slug != "github-actions":
        raise Refused(404, "Not Found")
    return Answer(200, shapes.app(hub, hub.app(slug)))


@route("GET", "/rate_limit")
def rate_limit(hub: Hub, asked: Asked) -> Answer:
    token = asked.token
    reset = int(token.reset.timestamp()) if token.reset else int(hub.now().timestamp()) + 3600
    core = {"limit": token.limit, "remaining": token.remaining, "used": token.used, "reset": reset}
    return Answer(200, {"resources": {"core": core, "search": core}, "rate": core})


@route("GET", "/repos/{owner}/{repo}")
def repository(hub: Hub, asked: Asked) -> Answer:
    return Answer(200, shapes.repository(hub, asked.repo, asked.login))


@route("GET", "/repos/{owner}/{repo}/collaborators/{username}")
def collaborator(hub: Hub, asked: Asked) -> Answer:
    return Answer(204 if asked.repo.may(asked.parameters["username"], "read") else 404)


@route("GET", "/repos/{owner}/{repo}/collaborators/{username}/permission", role="write")
def permission(hub: Hub, asked: Asked) -> Answer:
    found = hub.users.get(asked.parameters["username"])
    if found is None:
        raise Refused(404, "Not Found")
    role = asked.repo.role(found.login)
    # The older field knows four levels: maintain is write there, triage is read.
    level = {"maintain": "write", "triage": "read"}.get(role, role)
    told = {**shapes.user(hub, found), "permissions": shapes.powers(asked.repo, found.login), "role_name": role}
    return Answer(200, {"permission": level, "role_name": role, "user": told})


@route("GET", "/orgs/{org}/teams/{team_slug}/members")
def members(hub: Hub, asked: Asked) -> Answer:
    """Who is in a team; what the token may not see is not there."""
    owner, slug = asked.parameters["org"], asked.parameters["team_slug"]
    there = [repo for repo in hub.repositories.values() if repo.owner == owner and slug in repo.teams]
    if asked.token.app is not None and "members" not in asked.token.permissions:
        raise Refused(403, "Resource not accessible by integration")
    if not there or (asked.token.app is None and not any(repo.may(asked.login, "read") for repo in there)):
        raise Refused(404, "Not Found")
    people = [shapes.author(hub, login) for login in there[0].teams[slug].members if login in hub.users]
    return paged(hub, asked, people)
