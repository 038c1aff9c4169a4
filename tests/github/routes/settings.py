"""Branch protection and rulesets, as a test has set them."""

from __future__ import annotations

from tests.github import rules, shapes
from tests.github.hub import Hub
from tests.github.wire import Answer, Asked, Refused, paged, route


@route("GET", "/repos/{owner}/{repo}/rulesets")
def rulesets(hub: Hub, asked: Asked) -> Answer:
    # The list leaves the rules out, as GitHub's does.
    brief = [{k: v for k, v in each.items() if k not in ("rules", "bypass_actors")} for each in asked.repo.rulesets]
    return paged(hub, asked, brief)


@route("GET", "/repos/{owner}/{repo}/rulesets/{ruleset_id}")
def ruleset(hub: Hub, asked: Asked) -> Answer:
    for each in asked.repo.rulesets:
        if each["id"] == asked.number:
            return Answer(200, each)
    raise Refused(404, "Not Found")


@route("GET", "/repos/{owner}/{repo}/rules/branches/{branch}")
def branch_rules(hub: Hub, asked: Asked) -> Answer:
    found = rules.rules_for(asked.repo, asked.parameters["branch"])
    told = [
        {**rule, "ruleset_source_type": "Repository", "ruleset_source": asked.repo.slug, "ruleset_id": ruleset["id"]}
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
