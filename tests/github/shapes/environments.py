"""Environments, secrets by their names, and deploy keys."""

from __future__ import annotations

from urllib.parse import quote

from tests.github.hub import Hub
from tests.github.shapes.basics import JSON, at, node, page, stamp
from tests.github.shapes.people import author
from tests.github.shapes.repository import team
from tests.github.state import Environment, Repository


def environment(hub: Hub, repo: Repository, one: Environment) -> JSON:
    custom = one.patterns is not None
    restricted = custom or one.protected
    policy = {"protected_branches": one.protected, "custom_branch_policies": custom} if restricted else None
    return {
        "id": one.id,
        "node_id": node("Environment", one.id),
        "name": one.name,
        "url": f"{at(hub, repo)}/environments/{quote(one.name, safe='')}",
        "html_url": f"{page(hub, repo)}/deployments/activity_log?environments_filter={quote(one.name)}",
        "created_at": stamp(one.created),
        "updated_at": stamp(one.created),
        "protection_rules": _rules(hub, repo, one),
        "deployment_branch_policy": policy,
    }


def _rules(hub: Hub, repo: Repository, one: Environment) -> list[JSON]:
    found: list[JSON] = []
    if one.wait:
        found.append(_rule(one, "wait_timer") | {"wait_timer": one.wait})
    if one.reviewers:
        people = [_reviewer(hub, repo, name) for name in one.reviewers]
        found.append(
            _rule(one, "required_reviewers") | {"prevent_self_review": one.no_self_review, "reviewers": people}
        )
    if one.patterns is not None or one.protected:
        found.append(_rule(one, "branch_policy"))
    return found


def _rule(one: Environment, kind: str) -> JSON:
    return {"id": one.id, "node_id": node("GateType", one.id), "type": kind}


def _reviewer(hub: Hub, repo: Repository, name: str) -> JSON:
    if name in repo.teams:
        return {"type": "Team", "reviewer": team(hub, repo, repo.teams[name])}
    return {"type": "User", "reviewer": author(hub, name)}


def secret(repo: Repository, name: str) -> JSON:
    return {"name": name, "created_at": stamp(repo.created), "updated_at": stamp(repo.created)}


def deploy_key(hub: Hub, repo: Repository, number: int, title: str, writes: bool) -> JSON:
    return {
        "id": number,
        "key": "ssh-ed25519 AAAA",
        "url": f"{at(hub, repo)}/keys/{number}",
        "title": title,
        "verified": True,
        "created_at": stamp(repo.created),
        "read_only": not writes,
        "added_by": repo.owner,
        "last_used": None,
        "enabled": True,
    }
