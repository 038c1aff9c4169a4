"""A repository's settings: reading what guards it, and setting what the API can set.

PyGithub has no words for rulesets, deployment branch policies or workflow permissions, so its requester is asked
directly: the same connection, retries and errors.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from gatehouse.errors import NotFound
from gatehouse.github import guarding
from gatehouse.github.hosted import (
    Admitted,
    Environment,
    Hosted,
    OwnersError,
    Reviewer,
    Ruleset,
    Source,
    TokenPower,
    Wanted,
)
from gatehouse.github.line import Line, again
from gatehouse.github.people import PeopleReader
from gatehouse.github.refusal import Asking, Forbidden

_METADATA = "Metadata: read"
_CONTENTS = "Contents: read"
_ACTIONS = "Actions: read"
_ADMIN = "Administration: read"
_SET = "Administration: write"
_JSON = dict[str, Any]


class SettingsReader:
    """Reads settings. Raises Forbidden where the token may not see one, which GitHub also says as NotFound."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def repository(self) -> Hosted:
        told = self._get("", Asking("show the repository", _METADATA))
        owner = told["owner"]
        return Hosted(
            slug=told["full_name"],
            url=told["html_url"],
            default=told["default_branch"],
            private=bool(told["private"]),
            organization=owner.get("type") == "Organization",
            admin=bool((told.get("permissions") or {}).get("admin")),
            auto_merge=bool(told.get("allow_auto_merge")),
        )

    def app(self, slug: str) -> int:
        """The number of an app: what a required check is pinned to. Raises NotFound."""
        asking = Asking(f"tell the number of the app {slug!r}", _METADATA)
        return int(self._line.get(f"/apps/{quote(slug, safe='')}", asking)["id"])

    def sources(self, branch: str) -> tuple[Source, ...]:
        """Every active ruleset that holds for a branch, which need not exist yet."""
        asking = Asking(f"list the rules of the branch {branch}", _METADATA)
        rules: dict[tuple[int, str, str], list[_JSON]] = {}
        for rule in self._list(f"/rules/branches/{quote(branch, safe='')}", asking):
            place = (rule["ruleset_id"], rule.get("ruleset_source_type", ""), rule.get("ruleset_source", ""))
            rules.setdefault(place, []).append(rule)
        return tuple(
            guarding.from_ruleset(self._ruleset(number), number, kind, held)
            for (number, kind, _), held in sorted(rules.items())
        )

    def _ruleset(self, number: int) -> _JSON:
        """The ruleset itself; {} where the token may not see it: that its rules hold is known from the branch."""
        try:
            told: _JSON = self._get(f"/rulesets/{number}", Asking(f"show the ruleset {number}", _METADATA))
        except (NotFound, Forbidden):
            return {}
        return told

    def tip(self, branch: str) -> str | None:
        """The commit that a branch is at, None where there is no such branch."""
        try:
            told = self._get(f"/branches/{quote(branch, safe='')}", Asking(f"show the branch {branch}", _CONTENTS))
        except NotFound:
            return None
        return str(told["commit"]["sha"])

    def rulesets(self) -> tuple[Ruleset, ...]:
        """The repository's own rulesets for branches, whether they are enforced or not."""
        found = self._list("/rulesets", Asking("list the rulesets", _METADATA), includes_parents="false")
        return tuple(Ruleset(one["id"], one["name"], one["enforcement"]) for one in found if _for_branches(one))

    def protection(self, branch: str) -> Source | None:
        """The protection of a branch, None where it has none. Raises Forbidden where the token sees no more of it."""
        try:
            told = self._get(f"/branches/{quote(branch, safe='')}", Asking(f"show the branch {branch}", _CONTENTS))
        except NotFound:
            return None
        if not (told.get("protection") or {}).get("enabled"):
            return None
        asking = Asking(f"show the protection of the branch {branch}", _ADMIN)
        try:
            held = self._get(f"/branches/{quote(branch, safe='')}/protection", asking)
        except NotFound as error:
            # GitHub hides what a token may not see.
            raise Forbidden(f"this token may not {asking.doing}", f"give it {asking.permission}", 404) from error
        return guarding.from_protection(held, branch)

    def environments(self) -> tuple[Environment, ...]:
        """Every environment, with the branches that it admits and the names of its secrets."""
        found = self._list("/environments", Asking("list the environments", _ACTIONS), "environments")
        return tuple(self._environment(one) for one in found)

    def _environment(self, told: _JSON) -> Environment:
        name, policy = told["name"], told.get("deployment_branch_policy")
        custom = bool(policy and policy["custom_branch_policies"])
        rules = {rule["type"]: rule for rule in told.get("protection_rules") or []}
        people = rules.get("required_reviewers", {})
        return Environment(
            name=name,
            url=told["html_url"],
            policy="custom" if custom else "protected" if policy else "all",
            admitted=self._admitted(name) if custom else (),
            secrets=self._seen_secrets(name),
            wait=rules.get("wait_timer", {}).get("wait_timer", 0),
            reviewers=tuple(Reviewer(one["type"], one["reviewer"]["id"]) for one in people.get("reviewers") or []),
            no_self_review=bool(people.get("prevent_self_review")),
        )

    def _admitted(self, name: str) -> tuple[Admitted, ...]:
        asking = Asking(f"list the branches that the environment {name} admits", _ACTIONS)
        found = self._list(f"{_environment(name)}/deployment-branch-policies", asking, "branch_policies")
        return tuple(Admitted(one["id"], one["name"], one.get("type") or "branch") for one in found)

    def _seen_secrets(self, name: str) -> tuple[str, ...] | None:
        asking = Asking(f"list the secrets of the environment {name}", "Environments: read")
        try:
            return _names(self._list(f"{_environment(name)}/secrets", asking, "secrets"))
        except (Forbidden, NotFound):
            return None

    def secrets(self) -> tuple[str, ...]:
        """The names of the secrets that every workflow of this repository can read: its own, and its organization's."""
        asking = Asking("list the repository's secrets", "Secrets: read")
        own = _names(self._list("/actions/secrets", asking, "secrets"))
        try:
            return own + _names(self._list("/actions/organization-secrets", asking, "secrets"))
        except NotFound:
            # A person's repository has no organization.
            return own

    def token_power(self) -> TokenPower:
        told = self._get("/actions/permissions/workflow", Asking("show the workflow permissions", _ADMIN))
        return TokenPower(told["default_workflow_permissions"], told["can_approve_pull_request_reviews"])

    def members(self, team: str) -> frozenset[str] | None:
        """As PeopleReader tells them."""
        return PeopleReader(self._line).members(team)

    def push_keys(self) -> tuple[str, ...]:
        """The titles of the deploy keys that may write."""
        found = self._list("/keys", Asking("list the deploy keys", _ADMIN))
        return tuple(one["title"] for one in found if not one["read_only"])

    def owners_errors(self, revision: str) -> tuple[OwnersError, ...]:
        """What GitHub finds wrong in CODEOWNERS; empty also where there is no such file."""
        try:
            told = self._get("/codeowners/errors", Asking("check CODEOWNERS", _CONTENTS), ref=revision)
        except NotFound:
            return ()
        return tuple(
            OwnersError(one["line"], one["kind"], one["message"].split("\n")[0], one["path"]) for one in told["errors"]
        )

    def _get(self, path: str, asking: Asking, **query: str) -> Any:
        return self._line.get(f"{self._line.repository.url}{path}", asking, **query)

    def _list(self, path: str, asking: Asking, key: str = "", **query: str) -> Iterator[_JSON]:
        return self._line.items(f"{self._line.repository.url}{path}", asking, key, **query)


class SettingsWriter:
    """Sets settings. Each may be repeated: it says how things are to be, not what to change."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._reader = SettingsReader(line)

    def ruleset(self, wanted: Wanted) -> None:
        """Makes a ruleset of this repository, or brings the one of its name to what is wanted; touches no other."""
        body = guarding.to_ruleset(wanted)

        def find() -> int | None:
            return next((one.id for one in self._reader.rulesets() if one.name == wanted.name), None)

        there = find()
        asking = Asking(f"set up the ruleset {wanted.name!r}", _SET)
        if there is None:
            self._line.write(asking, lambda: int(self._send("POST", "/rulesets", body)["id"]), find)
        else:
            self._put(f"/rulesets/{there}", asking, body)

    def admit(self, name: str, branch: str, before: Environment | None) -> None:
        """Makes an environment that one branch alone may use, or restricts the one that is there.

        ``before`` is the environment as it is: its reviewers and its wait stay, as GitHub forgets what is not sent.
        """
        body: _JSON = {"deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True}}
        if before is not None:
            body["wait_timer"] = before.wait
            body["prevent_self_review"] = before.no_self_review
            body["reviewers"] = [{"type": each.kind, "id": each.id} for each in before.reviewers]
        asking = Asking(f"restrict the environment {name} to {branch}", _SET)
        self._put(_environment(name), asking, body)
        patterns = f"{_environment(name)}/deployment-branch-policies"
        there = self._reader._admitted(name)
        wanted = [one for one in there if (one.pattern, one.kind) == (branch, "branch")]
        if not wanted:
            self._line.write(
                asking,
                lambda: bool(self._send("POST", patterns, {"name": branch, "type": "branch"})),
                lambda: True if any(one.pattern == branch for one in self._reader._admitted(name)) else None,
            )
        for one in there:
            if one not in wanted[:1]:
                self._delete(f"{patterns}/{one.id}", asking)

    def token_power(self, wanted: TokenPower) -> None:
        body = {
            "default_workflow_permissions": wanted.default,
            "can_approve_pull_request_reviews": wanted.approves,
        }
        self._put("/actions/permissions/workflow", Asking("set the workflow permissions", _SET), body)

    def _put(self, path: str, asking: Asking, body: _JSON) -> None:
        self._line.write(asking, lambda: self._send("PUT", path, body), again)

    def _delete(self, path: str, asking: Asking) -> None:
        # It may have been deleted by a try whose answer was lost.
        with contextlib.suppress(NotFound):
            self._line.write(asking, lambda: self._send("DELETE", path, None), again)

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        repository = self._line.repository
        return repository.requester.requestJsonAndCheck(method, f"{repository.url}{path}", input=body)[1]


def _environment(name: str) -> str:
    return f"/environments/{quote(name, safe='')}"


def _for_branches(told: _JSON) -> bool:
    return bool(told.get("target", "branch") == "branch")


def _names(found: Iterator[_JSON]) -> tuple[str, ...]:
    return tuple(sorted(one["name"] for one in found))
