"""Branch protection, rulesets and CODEOWNERS, as a test or a token has set them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.github import rules, shapes
from tests.github.hub import ACTIONS, Hub
from tests.github.state import Repository
from tests.github.wire import Answer, Asked, Refused, invalid, paged, route

RULESETS = "/repos/{owner}/{repo}/rulesets"


@route("GET", RULESETS)
def rulesets(hub: Hub, asked: Asked) -> Answer:
    # The list leaves the rules out, as GitHub's does.
    own = asked.query.get("includes_parents") == "false"
    found = [each for each in asked.repo.rulesets if not own or each["source_type"] == "Repository"]
    return paged(hub, asked, [_without(each, "rules", "bypass_actors") for each in found])


def _without(one: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name not in names}


@route("GET", RULESETS + "/{ruleset_id}")
def ruleset(hub: Hub, asked: Asked) -> Answer:
    found = _found(asked)
    # Who may walk around the rules is told to those alone who could change them.
    return Answer(200, found if _may_write(asked, found) else _without(found, "bypass_actors"))


def _found(asked: Asked) -> dict[str, Any]:
    for each in asked.repo.rulesets:
        if each["id"] == asked.number:
            return each
    raise Refused(404, "Not Found")


def _may_write(asked: Asked, one: dict[str, Any]) -> bool:
    if one["source_type"] != "Repository":
        return False
    if asked.token.app is not None:
        return asked.token.permissions.get("administration") == "write"
    return asked.repo.may(asked.login, "admin")


@route("POST", RULESETS, grant="administration", role="admin")
def create(hub: Hub, asked: Asked) -> Answer:
    given = asked.fields()
    _allowed(asked.repo, given)
    number = hub.number()
    made = {
        "id": number,
        "target": "branch",
        "bypass_actors": [],
        **given,
        "source_type": "Repository",
        "source": asked.repo.slug,
        "_links": {"html": {"href": f"{shapes.page(hub, asked.repo)}/settings/rules/{number}"}},
    }
    asked.repo.rulesets.append(made)
    return Answer(201, made)


@route("PUT", RULESETS + "/{ruleset_id}", grant="administration", role="admin")
def update(hub: Hub, asked: Asked) -> Answer:
    found, given = _found(asked), asked.fields()
    _allowed(asked.repo, given, but=found)
    found.update(given)
    return Answer(200, found)


def _allowed(repo: Repository, given: dict[str, Any], but: dict[str, Any] | None = None) -> None:
    for actor in given.get("bypass_actors", []):
        # It belongs to no one: only an organization's own ruleset can name it.
        if (actor["actor_type"], actor.get("actor_id")) == ("Integration", ACTIONS):
            said = "Actor GitHub Actions integration must be part of the ruleset source or owner organization"
            raise invalid("RepositoryRuleset", "bypass_actors", message=said)
    if any(each["name"] == given.get("name") and each is not but for each in repo.rulesets):
        raise invalid("RepositoryRuleset", "name", message="Name must be unique")


@route("GET", "/repos/{owner}/{repo}/rules/branches/{branch}")
def branch_rules(hub: Hub, asked: Asked) -> Answer:
    found = rules.rules_for(asked.repo, asked.parameters["branch"])
    told = [
        {
            **rule,
            "ruleset_source_type": ruleset["source_type"],
            "ruleset_source": ruleset["source"],
            "ruleset_id": ruleset["id"],
        }
        for ruleset, rule in found
    ]
    return paged(hub, asked, told)


@route("GET", "/repos/{owner}/{repo}/branches/{branch}")
def branch(hub: Hub, asked: Asked) -> Answer:
    name = asked.parameters["branch"]
    sha = asked.repo.git.resolve(f"refs/heads/{name}")
    if sha is None:
        raise Refused(404, "Branch not found")
    me = f"{shapes.at(hub, asked.repo)}/branches/{name}"
    guarded = name in asked.repo.protection
    return Answer(
        200,
        {
            "name": name,
            "commit": shapes.commit(hub, asked.repo, asked.repo.git.commit(sha)),
            "_links": {"self": me, "html": f"{shapes.page(hub, asked.repo)}/tree/{name}"},
            "protected": guarded or bool(rules.rules_for(asked.repo, name)),
            "protection": {"enabled": guarded},
            "protection_url": f"{me}/protection",
        },
    )


@route("GET", "/repos/{owner}/{repo}/branches/{branch}/protection", grant="administration", role="admin")
def protection(hub: Hub, asked: Asked) -> Answer:
    found = asked.repo.protection.get(asked.parameters["branch"])
    if found is None:
        raise Refused(404, "Branch not protected")
    return Answer(200, found)


@route("GET", "/repos/{owner}/{repo}/keys", grant="administration", role="admin")
def keys(hub: Hub, asked: Asked) -> Answer:
    found = enumerate(asked.repo.deploy_keys.items(), start=1)
    return paged(hub, asked, [shapes.deploy_key(hub, asked.repo, number, *each) for number, each in found])


@route("GET", "/repos/{owner}/{repo}/codeowners/errors", grant="contents")
def owners_errors(hub: Hub, asked: Asked) -> Answer:
    git = asked.repo.git
    commit = git.resolve(asked.query.get("ref", asked.repo.default))
    files = {entry.path: entry for entry in git.entries(commit or "", recursive=True)}
    path = next((each for each in (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS") if each in files), None)
    if path is None:
        raise Refused(404, "Not Found")
    return Answer(200, {"errors": list(_strangers(asked.repo, path, git.blob(files[path].sha).decode()))})


def _strangers(repo: Repository, path: str, text: str) -> Iterator[dict[str, Any]]:
    """Owners who do not exist, or may not write: one kind of error of the many that GitHub finds."""
    for number, line in enumerate(text.split("\n"), start=1):
        for found in re.finditer(r"(?<=\s)@(\S+)", line.partition("#")[0]):
            team = found[1].partition("/")[2]
            if team in repo.teams if team else repo.may(found[1], "write"):
                continue
            said = f"Unknown owner on line {number}: {found[0]} is not there, or has no write access"
            yield {
                "line": number,
                "column": found.start() + 1,
                "source": line,
                "kind": "Unknown owner",
                "suggestion": "make sure the owner exists and has write access to the repository",
                "message": f"{said}\n\n  {line}",
                "path": path,
            }
