"""Rulesets and branch protection, which say the same in two languages, as ``Guards``; and back into a ruleset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from gatehouse.github.hosted import Actor, Guards, Required, Source, Wanted

_JSON = Mapping[str, Any]


def from_ruleset(told: _JSON, number: int, kind: str, rules: Sequence[_JSON]) -> Source:
    """A ruleset as a branch meets it: ``rules`` as they hold for the branch, ``told`` the ruleset itself, {} where the
    token may not see it. ``kind``: Repository, Organization or Enterprise."""
    listed = told.get("bypass_actors")
    actors = None if listed is None else tuple(_actor(one) for one in listed)
    url = ((told.get("_links") or {}).get("html") or {}).get("href") or ""
    return Source(named(told.get("name") or str(number), kind), url, _guards(rules), actors, actors)


def named(name: str, kind: str = "Repository") -> str:
    """How a ruleset is called, with whose it is where it is not the repository's own."""
    whose = "" if kind in ("", "Repository") else f"{kind.lower()}'s "
    return f"the {whose}ruleset {name!r}"


def _actor(told: _JSON) -> Actor:
    return Actor(told["actor_type"], told.get("actor_id"), mode=told.get("bypass_mode") or "always")


def _guards(rules: Sequence[_JSON]) -> Guards:
    found = {rule["type"] for rule in rules}
    asked = [rule.get("parameters") or {} for rule in rules if rule["type"] == "pull_request"]
    checks = [
        Required(one["context"], one.get("integration_id"))
        for rule in rules
        if rule["type"] == "required_status_checks"
        for one in (rule.get("parameters") or {}).get("required_status_checks", [])
    ]
    return Guards(
        pull_request="pull_request" in found,
        approvals=max((one.get("required_approving_review_count", 0) for one in asked), default=0),
        code_owners=any(one.get("require_code_owner_review") for one in asked),
        last_push=any(one.get("require_last_push_approval") for one in asked),
        dismiss_stale=any(one.get("dismiss_stale_reviews_on_push") for one in asked),
        checks=tuple(checks),
        no_force_push="non_fast_forward" in found,
        no_deletion="deletion" in found,
        restricted="update" in found,
        creation="creation" in found,
        queue="merge_queue" in found,
    )


def from_protection(told: _JSON, branch: str) -> Source:
    """Branch protection. Administrators walk around it unless it is enforced for them too."""
    reviews = told.get("required_pull_request_reviews") or {}
    restrictions = told.get("restrictions")
    guards = Guards(
        pull_request="required_pull_request_reviews" in told,
        approvals=reviews.get("required_approving_review_count", 0),
        code_owners=bool(reviews.get("require_code_owner_reviews")),
        last_push=bool(reviews.get("require_last_push_approval")),
        dismiss_stale=bool(reviews.get("dismiss_stale_reviews")),
        checks=tuple(_required(told.get("required_status_checks") or {})),
        no_force_push=not _on(told, "allow_force_pushes"),
        no_deletion=not _on(told, "allow_deletions"),
        restricted=restrictions is not None,
        creation=_on(told, "block_creations"),
    )
    admins = () if _on(told, "enforce_admins") else (Actor("RepositoryRole", name="admin"),)
    allowed = tuple(_people(reviews.get("bypass_pull_request_allowances") or {}, "pull_request"))
    pushers = admins + tuple(_people(restrictions or {}))
    return Source(f"the protection of {branch}", "", guards, admins + allowed, pushers)


def _on(told: _JSON, name: str) -> bool:
    return bool((told.get(name) or {}).get("enabled"))


def _required(told: _JSON) -> Iterator[Required]:
    checks = told.get("checks")
    if checks is None:
        checks = [{"context": context} for context in told.get("contexts", [])]
    for one in checks:
        # GitHub writes "any source" as -1 or as null.
        app = one.get("app_id")
        yield Required(one["context"], None if app in (None, -1) else app)


def _people(told: _JSON, mode: str = "always") -> Iterator[Actor]:
    for key, kind, name in (("users", "User", "login"), ("teams", "Team", "slug"), ("apps", "Integration", "slug")):
        for one in told.get(key) or ():
            yield Actor(kind, one.get("id"), one.get(name) or "", mode)


def to_ruleset(wanted: Wanted) -> dict[str, Any]:
    """What GitHub is sent to make a ruleset."""
    return {
        "name": wanted.name,
        "target": "branch",
        "enforcement": "active",
        "bypass_actors": [_sent(one) for one in wanted.bypass],
        "conditions": {"ref_name": {"include": list(_refs(wanted.branches)), "exclude": []}},
        "rules": list(_rules(wanted.guards)),
    }


def _sent(actor: Actor) -> dict[str, Any]:
    return {"actor_id": actor.id, "actor_type": actor.kind, "bypass_mode": actor.mode}


def _refs(branches: Iterable[str]) -> Iterator[str]:
    return (f"refs/heads/{branch}" for branch in branches)


def _rules(guards: Guards) -> Iterator[dict[str, Any]]:
    flat = {
        "deletion": guards.no_deletion,
        "non_fast_forward": guards.no_force_push,
        "creation": guards.creation,
    }
    yield from ({"type": name} for name, asked in flat.items() if asked)
    if guards.restricted:
        yield {"type": "update", "parameters": {"update_allows_fetch_and_merge": False}}
    if guards.pull_request:
        yield {
            "type": "pull_request",
            "parameters": {
                "required_approving_review_count": guards.approvals,
                "require_code_owner_review": guards.code_owners,
                "require_last_push_approval": guards.last_push,
                "dismiss_stale_reviews_on_push": guards.dismiss_stale,
                "required_review_thread_resolution": False,
            },
        }
    if guards.checks:
        yield {
            "type": "required_status_checks",
            "parameters": {
                "strict_required_status_checks_policy": False,
                "required_status_checks": [_check(one) for one in guards.checks],
            },
        }


def _check(one: Required) -> dict[str, Any]:
    return {"context": one.name} if one.app is None else {"context": one.name, "integration_id": one.app}
