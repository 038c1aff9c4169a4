"""One setting at a time is taken away from a GitHub on which nothing is amiss, and doctor names it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from gatehouse.doctor.finding import Level
from tests.doctor.installed import CHECKS, CHOSEN, NO_SETTINGS, REVIEWS, Installed, own_files
from tests.github.hub import ACTIONS

Attack = Callable[[Installed], object]
ADMIN = {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}


def test_where_nothing_is_amiss_nothing_is_said(installed: Installed) -> None:
    findings = installed.findings()
    assert {one.check for one in findings if one.level is not Level.OK} - NO_SETTINGS == CHOSEN
    assert not any(one.settable for one in findings)


def parameter(name: str, value: Any) -> Attack:
    return lambda installed: installed.rule("pull_request")["parameters"].update({name: value})


def check(number: int = 0, **changed: Any) -> Attack:
    def attack(installed: Installed) -> None:
        checks = installed.rule("required_status_checks")["parameters"]["required_status_checks"]
        checks[number] = {**checks[number], **changed}

    return attack


def unpinned(installed: Installed) -> None:
    installed.rule("required_status_checks")["parameters"]["required_status_checks"] = [{"context": "gatehouse"}]


def review_unpinned(installed: Installed) -> None:
    del installed.rule("required_status_checks")["parameters"]["required_status_checks"][1]["integration_id"]


def strict(installed: Installed) -> None:
    """Somebody owns promotions to staging too: then GitHub is asked for an approval of each pull request."""
    installed.push({".github/CODEOWNERS": "* @acme/ml-platform @acme/model-risk\n"})


def loose(installed: Installed) -> None:
    """Something else than promotions to staging is left to nobody."""
    owners = own_files()[".github/CODEOWNERS"]
    installed.push({".github/CODEOWNERS": f"{owners}/docs/\n", "docs/review.md": "the rules\n"})


def passing(actor: dict[str, Any], ruleset: str = "main") -> Attack:
    return lambda installed: installed.ruleset(ruleset)["bypass_actors"].append(actor)


def elsewhere(installed: Installed) -> None:
    installed.ruleset("main")["conditions"]["ref_name"]["include"] = ["refs/heads/release"]


def switched(to: str) -> Attack:
    return lambda installed: installed.ruleset("main").update(enforcement=to)


def environment(**changed: Any) -> Attack:
    def attack(installed: Installed) -> None:
        for name, value in changed.items():
            setattr(installed.hosted.environments["registry-write"], name, value)

    return attack


def forget(secret: str) -> Attack:
    return lambda installed: installed.hosted.environments["registry-write"].secrets.remove(secret)


def queued(installed: Installed) -> None:
    parameters = {
        "check_response_timeout_minutes": 60, "grouping_strategy": "ALLGREEN", "max_entries_to_build": 5,
        "max_entries_to_merge": 5, "merge_method": "MERGE", "min_entries_to_merge": 1,
        "min_entries_to_merge_wait_minutes": 5,
    }  # fmt: skip
    installed.ruleset("main")["rules"].append({"type": "merge_queue", "parameters": parameters})
    installed.push({".github/workflows/queue.yml": None})


def workflow(text: str) -> Attack:
    return lambda installed: installed.push({".github/workflows/x.yml": text})


READER = "on: push\njobs: {a: {steps: [{run: x, env: {T: '${{ secrets.TOKEN }}'}}]}}\n"
COMPUTED = "on: push\njobs: {a: {environment: '${{ inputs.where }}'}}\n"
GREEDY = "on: push\njobs: {a: {environment: doctor, secrets: inherit}}\n"
MACHINE = {"actor_id": ACTIONS, "actor_type": "Integration", "bypass_mode": "always"}
# the check that must say so, how loud, in which words, and what was done
ATTACKS: list[tuple[str, Level, str, Attack]] = [
    ("main/reviews", Level.BAD, "nobody has to approve", parameter("require_code_owner_review", False)),
    ("main/reviews", Level.BAD, "nobody has to approve", loose),
    ("main/reviews", Level.BAD, "nobody has to approve", strict),
    ("main/reviews", Level.BAD, "nobody has to approve", lambda installed: installed.without("pull_request")),
    ("main/reviews", Level.BAD, "not enforced: 'main' .evaluate", switched("evaluate")),
    ("main/reviews", Level.BAD, "not enforced: 'main' .disabled", switched("disabled")),
    ("main/reviews", Level.BAD, "nobody has to approve", elsewhere),
    ("main/code-owners", Level.BAD, "code owners are not asked", parameter("require_code_owner_review", False)),
    ("main/last-push", Level.BAD, "approve their own push", strict),
    ("main/last-push", Level.WARN, "push to somebody else's pull request and approve it", lambda _: None),
    ("main/stale-reviews", Level.BAD, "survives what is pushed", parameter("dismiss_stale_reviews_on_push", False)),
    ("main/check", Level.BAD, "without the check `gatehouse`", lambda i: i.without("required_status_checks")),
    ("main/check", Level.BAD, "without the check `gatehouse`", check(context="gatehouses")),
    ("main/check", Level.BAD, "pinned to the app 4711, not to github-actions", check(integration_id=4711)),
    ("main/check", Level.BAD, "not pinned to an app", unpinned),
    ("main/review-check", Level.BAD, "without the check `gatehouse review`", unpinned),
    ("main/review-check", Level.BAD, "`gatehouse review` is pinned to the app 4711", check(1, integration_id=4711)),
    ("main/review-check", Level.BAD, "`gatehouse review`: it is not pinned", review_unpinned),
    ("main/history", Level.BAD, "rewritten or deleted", lambda i: i.without("non_fast_forward")),
    ("main/history", Level.BAD, "rewritten or deleted", lambda i: i.without("deletion")),
    ("main/bypass", Level.BAD, r"RepositoryRole 5 .the ruleset 'main'. may walk around: reviews", passing(ADMIN)),
    ("main/bypass", Level.BAD, "Team 7", passing({"actor_id": 7, "actor_type": "Team", "bypass_mode": "pull_request"})),
    ("main/bypass", Level.BAD, "deploy keys", passing({"actor_id": None, "actor_type": "DeployKey"})),
    ("main/bypass", Level.BAD, "organization owners", passing({"actor_id": None, "actor_type": "OrganizationAdmin"})),
    ("main/queue", Level.BAD, "no workflow looks up evidence on merge_group", queued),
    ("branches/history", Level.BAD, "evidence can be", lambda i: i.without("deletion", "evidence history")),
    ("branches/history", Level.BAD, "serving can be", lambda i: i.without("non_fast_forward", "serving history")),
    ("branches/history", Level.BAD, "by RepositoryRole 5", passing(ADMIN, "serving history")),
    (
        "branches/pushes",
        Level.BAD,
        "anybody who may write can push to serving",
        lambda i: i.without("update", "serving pushes"),
    ),
    ("branches/pushes", Level.BAD, "RepositoryRole 5 may push to serving", passing(ADMIN, "serving pushes")),
    ("branches/pushes", Level.WARN, "evidence; sync takes no", lambda i: i.without("update", "evidence pushes")),
    ("branches/pushes", Level.WARN, "every workflow on every branch", passing(MACHINE, "serving pushes")),
    ("branches/pushes", Level.BAD, "no deploy key may write", lambda i: i.hosted.deploy_keys.clear()),
    (
        "branches/pushes",
        Level.WARN,
        "2 deploy keys may push to serving: gatehouse and mirror",
        lambda i: i.hosted.deploy_keys.update(mirror=True),
    ),
    ("promotions/current", Level.BAD, "the default branch is trunk", lambda i: setattr(i.hosted, "default", "trunk")),
    ("environments/branches", Level.BAD, "no environment doctor", lambda i: i.hosted.environments.pop("doctor")),
    (
        "environments/branches",
        Level.BAD,
        "registry-write may be used from every branch, so",
        environment(patterns=None),
    ),
    ("environments/branches", Level.BAD, "all while none has it", environment(patterns=None, protected=True)),
    ("environments/branches", Level.BAD, "no branch, so its jobs fail", environment(patterns={})),
    ("environments/branches", Level.BAD, r"the branch \*", environment(patterns={1: ("*", "branch")})),
    ("environments/branches", Level.BAD, "the tag main", environment(patterns={1: ("main", "tag")})),
    (
        "environments/branches",
        Level.BAD,
        r"branch ma\?n",
        environment(patterns={1: ("main", "branch"), 2: ("ma?n", "branch")}),
    ),
    ("environments/secrets", Level.BAD, "registry-write lacks MLFLOW_TRACKING_URI", forget("MLFLOW_TRACKING_URI")),
    ("environments/secrets", Level.BAD, "registry-write lacks GATEHOUSE_SIGNING_KEY", forget("GATEHOUSE_SIGNING_KEY")),
    ("environments/secrets", Level.WARN, "registry-write lacks MLFLOW_WRITE_TOKEN", forget("MLFLOW_WRITE_TOKEN")),
    (
        "environments/shared-secrets",
        Level.BAD,
        "can read MLFLOW_WRITE_TOKEN",
        lambda i: i.hosted.secrets.append("MLFLOW_WRITE_TOKEN"),
    ),
    (
        "environments/shared-secrets",
        Level.BAD,
        "MLFLOW_READ_TOKEN",
        lambda i: i.hosted.organization_secrets.append("MLFLOW_READ_TOKEN"),
    ),
    (
        "actions/token",
        Level.BAD,
        "may write in every workflow",
        lambda i: setattr(i.hosted, "token_power", ("write", False)),
    ),
    (
        "actions/approvals",
        Level.BAD,
        "may approve pull requests",
        lambda i: setattr(i.hosted, "token_power", ("read", True)),
    ),
    (
        "owners/lines",
        Level.BAD,
        "CODEOWNERS:1: Unknown owner",
        lambda i: i.push({".github/CODEOWNERS": "* @acme/nobody\n"}),
    ),
    (
        "owners/lines",
        Level.BAD,
        "CODEOWNERS:2 is skipped: `!`",
        lambda i: i.push({".github/CODEOWNERS": "* @ada\n!/gates/ @ada\n"}),
    ),
    (
        "owners/paths",
        Level.BAD,
        "un-owned by .github/CODEOWNERS:2 ./gates/.",
        lambda i: i.push({".github/CODEOWNERS": "* @ada\n/gates/\n"}),
    ),
    ("environments/shared-secrets", Level.BAD, r"without an environment x.yml \(a\) reads TOKEN", workflow(READER)),
    ("environments/branches", Level.UNKNOWN, "worked out when it runs", workflow(COMPUTED)),
    ("environments/shared-secrets", Level.BAD, r"every secret there is goes to x.yml \(a\)", workflow(GREEDY)),
    (
        "promotions/valid",
        Level.BAD,
        "promotions/stages.yaml:1: ",
        lambda i: i.push({"promotions/stages.yaml": "a: b\n"}),
    ),
    ("owners/file", Level.BAD, "no CODEOWNERS", lambda i: i.push({".github/CODEOWNERS": None})),
]


@pytest.mark.parametrize(("name", "level", "words", "attack"), ATTACKS)
def test_what_is_taken_away_is_named(name: str, level: Level, words: str, attack: Attack, installed: Installed) -> None:
    attack(installed)
    found = [one for one in installed.findings() if one.check == name and one.level is level]
    assert any(re.search(words, one.what) for one in found), found
    assert all(one.fix for one in found)
    assert all(one.link.startswith(f"{installed.github.url}/acme/models/") for one in found)


def test_a_bypass_counts_only_where_no_other_rules_give_the_same(installed: Installed) -> None:
    passing(ADMIN)(installed)
    second = [REVIEWS, CHECKS, {"type": "deletion"}, {"type": "non_fast_forward"}]
    installed.github.ruleset(installed.hosted, *second, name="second")
    assert installed.said(Level.BAD) == {}


def test_what_only_one_of_two_rules_gives_is_told_from_the_rest(installed: Installed) -> None:
    passing(ADMIN)(installed)
    installed.github.ruleset(installed.hosted, REVIEWS, name="second")
    said = installed.said(Level.BAD)
    assert said.keys() == {"main/bypass"}
    assert said["main/bypass"].endswith(
        "may walk around: the check `gatehouse`, the check `gatehouse review`, force pushes and deletion"
    )


def test_an_organizations_ruleset_counts_and_its_bypass_list_is_not_seen(installed: Installed) -> None:
    installed.hosted.rulesets.remove(installed.ruleset("main"))
    rules = [REVIEWS, CHECKS, {"type": "deletion"}, {"type": "non_fast_forward"}]
    installed.github.ruleset(installed.hosted, *rules, name="all", organization=True)
    assert installed.said(Level.BAD) == {}
    said = installed.said(Level.UNKNOWN)
    assert said.keys() == {"main/bypass"}
    assert "the organization's ruleset 'all'" in said["main/bypass"]


PROTECTION: dict[str, Any] = {
    "required_pull_request_reviews": {
        "dismiss_stale_reviews": True,
        "require_code_owner_reviews": True,
        "require_last_push_approval": True,
        "required_approving_review_count": 2,
    },
    "required_status_checks": {
        "strict": False,
        "contexts": ["gatehouse", "gatehouse review"],
        "checks": [{"context": name, "app_id": ACTIONS} for name in ("gatehouse", "gatehouse review")],
    },
    "enforce_admins": {"url": "http://127.0.0.1/x", "enabled": True},
    "allow_force_pushes": {"enabled": False},
    "allow_deletions": {"enabled": False},
}


def protected(installed: Installed, **changed: Any) -> None:
    """Branch protection in place of the ruleset."""
    installed.hosted.rulesets.remove(installed.ruleset("main"))
    installed.hosted.protection["main"] = {**PROTECTION, **changed}


def test_branch_protection_is_as_good_as_a_ruleset(installed: Installed) -> None:
    protected(installed)
    assert installed.said(Level.BAD) == {}
    assert installed.said(Level.OK)["main/reviews"] == "a pull request needs 2 approvals"


@pytest.mark.parametrize(
    ("changed", "name", "words"),
    [
        ({"enforce_admins": {"url": "http://127.0.0.1/x", "enabled": False}}, "main/bypass", "RepositoryRole admin"),
        ({"allow_force_pushes": {"enabled": True}}, "main/history", "rewritten"),
        ({"allow_deletions": {"enabled": True}}, "main/history", "deleted"),
        (
            {
                "required_status_checks": {
                    "contexts": ["gatehouse"],
                    "checks": [{"context": "gatehouse", "app_id": None}],
                }
            },
            "main/check",
            "not pinned",
        ),
    ],
)
def test_branch_protection_with_a_hole_is_named(
    changed: dict[str, Any], name: str, words: str, installed: Installed
) -> None:
    protected(installed, **changed)
    assert words in installed.said(Level.BAD)[name]


def test_another_apps_check_is_asked_for_by_name(installed: Installed) -> None:
    from gatehouse.doctor.checks import judge
    from gatehouse.errors import NotFound

    app = installed.github.hub.app("gatehouse-bot")
    findings = {one.check: one for one in judge(installed.facts(app="gatehouse-bot"))}
    assert findings["main/check"].what == f"the check `gatehouse` is pinned to the app {ACTIONS}, not to gatehouse-bot"
    check(integration_id=app.id)(installed)
    assert {one.check: one for one in judge(installed.facts(app="gatehouse-bot"))}["main/check"].level is Level.OK
    with pytest.raises(NotFound, match="no app 'gatehuose'"):
        installed.facts(app="gatehuose")
