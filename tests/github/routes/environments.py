"""Environments with the branches they admit, secrets by name, and what a workflow's token may do."""

from __future__ import annotations

from typing import Any

from tests.github import shapes
from tests.github.hub import Hub
from tests.github.state import Environment, Repository
from tests.github.wire import Answer, Asked, Refused, paged, route

ENVIRONMENTS = "/repos/{owner}/{repo}/environments"
ONE = ENVIRONMENTS + "/{environment_name}"
POLICIES = ONE + "/deployment-branch-policies"
ACTIONS = "/repos/{owner}/{repo}/actions"


def _one(asked: Asked) -> Environment:
    found = asked.repo.environments.get(asked.parameters["environment_name"])
    if found is None:
        raise Refused(404, "Not Found")
    return found


@route("GET", ENVIRONMENTS, grant="actions")
def environments(hub: Hub, asked: Asked) -> Answer:
    found = [shapes.environment(hub, asked.repo, one) for one in asked.repo.environments.values()]
    return paged(hub, asked, found, wrap="environments")


@route("PUT", ONE, grant="administration", role="admin")
def put(hub: Hub, asked: Asked) -> Answer:
    name, given = asked.parameters["environment_name"], asked.fields()
    one = asked.repo.environments.setdefault(name, Environment(hub.number(), name, hub.now()))
    policy = given.get("deployment_branch_policy")
    if policy and policy["protected_branches"] == policy["custom_branch_policies"]:
        raise Refused(422, "protected_branches and custom_branch_policies cannot have the same value")
    # What is not sent is forgotten.
    one.wait, one.no_self_review = given.get("wait_timer", 0), given.get("prevent_self_review", False)
    one.reviewers = [_reviewer(hub, asked.repo, each) for each in given.get("reviewers") or []]
    one.protected = bool(policy and policy["protected_branches"])
    one.patterns = (one.patterns or {}) if policy and policy["custom_branch_policies"] else None
    return Answer(200, shapes.environment(hub, asked.repo, one))


def _reviewer(hub: Hub, repo: Repository, given: dict[str, Any]) -> str:
    teams = {team.id: team.slug for team in repo.teams.values()}
    people = {user.id: user.login for user in hub.users.values()}
    return (teams if given["type"] == "Team" else people)[given["id"]]


def _policy(one: Environment, number: int) -> dict[str, Any]:
    name, kind = (one.patterns or {})[number]
    return {"id": number, "node_id": shapes.node("BranchPolicy", number), "name": name, "type": kind}


@route("GET", POLICIES, grant="actions")
def policies(hub: Hub, asked: Asked) -> Answer:
    one = _one(asked)
    return paged(hub, asked, [_policy(one, number) for number in one.patterns or {}], wrap="branch_policies")


@route("POST", POLICIES, grant="administration", role="admin")
def admit(hub: Hub, asked: Asked) -> Answer:
    one, given = _one(asked), asked.fields()
    if one.patterns is None:
        raise Refused(404, "Not Found")
    number = hub.number()
    one.patterns[number] = (given["name"], given.get("type", "branch"))
    return Answer(200, _policy(one, number))


@route("DELETE", POLICIES + "/{branch_policy_id}", grant="administration", role="admin")
def dismiss(hub: Hub, asked: Asked) -> Answer:
    one, number = _one(asked), int(asked.parameters["branch_policy_id"])
    if number not in (one.patterns or {}):
        raise Refused(404, "Not Found")
    (one.patterns or {}).pop(number)
    return Answer(204)


@route("GET", ONE + "/secrets", grant="environments", role="write")
def environment_secrets(hub: Hub, asked: Asked) -> Answer:
    return paged(hub, asked, [shapes.secret(asked.repo, name) for name in _one(asked).secrets], wrap="secrets")


@route("GET", ACTIONS + "/secrets", grant="secrets", role="write")
def secrets(hub: Hub, asked: Asked) -> Answer:
    return paged(hub, asked, [shapes.secret(asked.repo, name) for name in asked.repo.secrets], wrap="secrets")


@route("GET", ACTIONS + "/organization-secrets", grant="secrets", role="write")
def organization_secrets(hub: Hub, asked: Asked) -> Answer:
    if not hub.users[asked.repo.owner].organization:
        raise Refused(404, "Not Found")
    found = [shapes.secret(asked.repo, name) for name in asked.repo.organization_secrets]
    return paged(hub, asked, found, wrap="secrets")


@route("GET", ACTIONS + "/permissions/workflow", grant="administration", role="admin")
def workflow(hub: Hub, asked: Asked) -> Answer:
    default, approves = asked.repo.token_power
    return Answer(200, {"default_workflow_permissions": default, "can_approve_pull_request_reviews": approves})


@route("PUT", ACTIONS + "/permissions/workflow", grant="administration", role="admin")
def set_workflow(hub: Hub, asked: Asked) -> Answer:
    default, approves = asked.repo.token_power
    given = asked.fields()
    asked.repo.token_power = (
        given.get("default_workflow_permissions", default),
        given.get("can_approve_pull_request_reviews", approves),
    )
    return Answer(204)
