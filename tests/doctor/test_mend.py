"""``--fix``: what is shown is what is set, on a real API; what others have set stays, and twice is once."""

from __future__ import annotations

from typing import Any

import pytest

from gatehouse.doctor.checks import judge
from gatehouse.doctor.finding import Level
from gatehouse.doctor.mend import Change, apply, changes
from gatehouse.errors import GatehouseError
from gatehouse.github import Forbidden, GitHubWriter
from tests.doctor.installed import CHOSEN, NO_SETTINGS, QUICK, SECRETS, SLUG, Installed, own_files
from tests.github.hub import ACTIONS

OURS = [{"context": name, "integration_id": ACTIONS} for name in ("gatehouse", "gatehouse review")]


def planned(installed: Installed, token: str = "") -> tuple[Change, ...]:
    facts = installed.facts(token)
    return changes(facts, judge(facts))


def mend(installed: Installed, token: str = "") -> tuple[Change, ...]:
    plan = planned(installed, token)
    with GitHubWriter(token or installed.admin, installed.github.api_url, SLUG, QUICK) as writer:
        for change in plan:
            apply(change, writer.settings)
    return plan


def stock(installed: Installed) -> None:
    """The secrets and the deploy key, which only a person can set."""
    for name, secrets in SECRETS.items():
        installed.hosted.environments[name].secrets[:] = secrets
    installed.hosted.deploy_keys = {"gatehouse": True}


def test_a_repository_as_one_gets_it_is_set_up_but_for_the_secrets(bare: Installed) -> None:
    bare.hosted.token_power = ("write", True)
    assert [change.title for change in mend(bare)] == [
        "a new ruleset 'gatehouse main' on main",
        "a new ruleset 'gatehouse history' on evidence and serving",
        "a new environment doctor",
        "a new environment registry-read",
        "a new environment registry-write",
        "a new environment review",
        "the workflow permissions",
    ]
    assert bare.said(Level.BAD).keys() == {"branches/pushes", "environments/secrets", "review/teams"}
    stock(bare)
    # Now that there is a key to push with, everybody else can be shut out.
    assert [change.title for change in mend(bare)] == ["a new ruleset 'gatehouse pushes' on evidence and serving"]
    assert bare.said(Level.BAD) == {}
    assert bare.said(Level.WARN).keys() - NO_SETTINGS == CHOSEN


def test_where_all_is_set_nothing_is_planned(installed: Installed) -> None:
    assert planned(installed) == ()


def test_nobody_is_shut_out_from_pushing_before_there_is_a_key(bare: Installed) -> None:
    mend(bare)
    stock(bare)
    bare.hosted.deploy_keys = {"gatehouse": False}
    assert planned(bare) == ()
    stock(bare)
    bare.hosted.environments["registry-write"].secrets.remove("GATEHOUSE_PUSH_KEY")
    assert planned(bare) == ()
    said = next(one for one in bare.findings() if one.check == "branches/pushes")
    assert "GATEHOUSE_PUSH_KEY" in said.fix
    assert not said.settable


def test_what_is_shown_is_what_github_then_has(bare: Installed) -> None:
    main = mend(bare)[0]
    assert main.sets == (
        "a pull request, approved by the code owners",
        "a push dismisses earlier approvals",
        "the check `gatehouse` passes, from github-actions alone",
        "the check `gatehouse review` passes, from github-actions alone",
        "no force push, no deletion",
        "bypass list: nobody",
    )
    ruleset = bare.ruleset("gatehouse main")
    assert ruleset["conditions"] == {"ref_name": {"include": ["refs/heads/main"], "exclude": []}}
    assert (ruleset["enforcement"], ruleset["bypass_actors"]) == ("active", [])
    assert {rule["type"]: rule.get("parameters") for rule in ruleset["rules"]} == {
        "deletion": None,
        "non_fast_forward": None,
        "pull_request": {
            "required_approving_review_count": 0,
            "require_code_owner_review": True,
            "require_last_push_approval": False,
            "dismiss_stale_reviews_on_push": True,
            "required_review_thread_resolution": False,
        },
        "required_status_checks": {
            "strict_required_status_checks_policy": False,
            "required_status_checks": OURS,
        },
    }


def test_where_a_person_owns_every_promotion_one_approval_and_the_last_push_are_asked_for(bare: Installed) -> None:
    bare.push({".github/CODEOWNERS": "* @acme/ml-platform @acme/model-risk\n"})
    main = mend(bare)[0]
    assert main.sets[:2] == (
        "a pull request with 1 approval, code owners among them",
        "the last push approved by somebody else; a push dismisses earlier approvals",
    )
    assert bare.said(Level.OK)["main/last-push"] == "the last push needs somebody else's approval"
    assert "waits for a person" not in bare.said(Level.WARN)["main/merges-itself"]


def test_an_approval_that_is_asked_for_is_never_taken_away(bare: Installed) -> None:
    """Whoever wants promotions to staging to merge themselves does that by hand."""
    owners = {".github/CODEOWNERS": own_files()[".github/CODEOWNERS"]}
    bare.push({".github/CODEOWNERS": "* @acme/ml-platform @acme/model-risk\n"})
    mend(bare)
    bare.push(owners)
    bare.without("deletion", "gatehouse main")
    mend(bare)
    parameters = bare.rule("pull_request", "gatehouse main")["parameters"]
    assert (parameters["required_approving_review_count"], parameters["require_last_push_approval"]) == (1, True)
    assert "waits for a person" in bare.said(Level.WARN)["main/merges-itself"]


def test_others_rulesets_stay_as_they_are(installed: Installed) -> None:
    installed.without("deletion")
    before = dict(installed.ruleset("main"))
    assert [change.title for change in mend(installed)] == ["a new ruleset 'gatehouse main' on main"]
    assert installed.ruleset("main") == before
    assert installed.said(Level.BAD) == {}


def test_a_bypass_is_mended_by_rules_that_have_none(installed: Installed) -> None:
    installed.ruleset("main")["bypass_actors"] = [{"actor_id": 5, "actor_type": "RepositoryRole"}]
    mend(installed)
    assert installed.said(Level.BAD) == {}


@pytest.mark.parametrize(
    "attack",
    [
        {"enforcement": "disabled"},
        {"bypass_actors": [{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}]},
        {"rules": []},
    ],
)
def test_our_own_ruleset_is_brought_back_not_made_a_second_time(attack: dict[str, Any], bare: Installed) -> None:
    mend(bare)
    bare.ruleset("gatehouse main").update(attack)
    assert [change.title for change in mend(bare)] == ["the ruleset 'gatehouse main' on main"]
    assert [one["name"] for one in bare.hosted.rulesets].count("gatehouse main") == 1
    assert "main/bypass" not in bare.said(Level.BAD)


def test_what_somebody_made_stricter_in_our_ruleset_stays(bare: Installed) -> None:
    mend(bare)
    bare.rule("pull_request", "gatehouse main")["parameters"]["required_approving_review_count"] = 3
    bare.rule("required_status_checks", "gatehouse main")["parameters"]["required_status_checks"].append(
        {"context": "tests"}
    )
    bare.without("deletion", "gatehouse main")
    mend(bare)
    assert bare.rule("pull_request", "gatehouse main")["parameters"]["required_approving_review_count"] == 3
    checks = bare.rule("required_status_checks", "gatehouse main")["parameters"]["required_status_checks"]
    assert checks == [*OURS, {"context": "tests"}]


def test_an_environments_reviewers_and_wait_stay(installed: Installed) -> None:
    one = installed.hosted.environments["registry-write"]
    one.patterns = {91: ("main", "branch"), 92: ("release/*", "branch"), 93: ("v*", "tag")}
    one.wait, one.reviewers, one.no_self_review = 30, ["ml-platform", "ada"], True
    (change,) = mend(installed)
    assert change.sets == ("only main may use it", "no longer: the branch release/*", "no longer: the tag v*")
    assert one.patterns == {91: ("main", "branch")}
    assert (one.wait, one.reviewers, one.no_self_review) == (30, ["ml-platform", "ada"], True)


def test_an_environment_that_every_branch_may_use_is_closed(installed: Installed) -> None:
    installed.hosted.environments["registry-write"].patterns = None
    mend(installed)
    patterns = installed.hosted.environments["registry-write"].patterns
    assert list((patterns or {}).values()) == [("main", "branch")]


@pytest.mark.parametrize("status", [502, None])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/rulesets$"),
        ("PUT", "/environments/"),
        ("POST", "/deployment-branch-policies$"),
        ("PUT", "/workflow$"),
    ],
)
def test_a_setting_whose_answer_was_lost_is_not_made_twice(
    method: str, path: str, status: int | None, bare: Installed
) -> None:
    bare.hosted.token_power = ("write", True)
    bare.github.fail(method, path, status, after=True)
    mend(bare)
    names = [one["name"] for one in bare.hosted.rulesets]
    assert len(names) == len(set(names)) == 2
    assert all(len(one.patterns or ()) == 1 for one in bare.hosted.environments.values())
    assert planned(bare) == ()


def test_a_pattern_whose_deletion_was_not_answered_is_gone(installed: Installed) -> None:
    one = installed.hosted.environments["doctor"]
    one.patterns = {91: ("main", "branch"), 92: ("*", "branch")}
    installed.github.fail("DELETE", "/deployment-branch-policies/", 502, after=True)
    mend(installed)
    assert one.patterns == {91: ("main", "branch")}


def test_a_token_that_may_not_set_says_which_permission_it_needs(bare: Installed) -> None:
    bare.hosted.roles["ada"] = "maintain"
    plan = planned(bare)
    with GitHubWriter(bare.github.token("ada"), bare.github.api_url, SLUG, QUICK) as writer:
        for change in plan:
            with pytest.raises(Forbidden) as told:
                apply(change, writer.settings)
            assert "Administration: write" in told.value.fix
    assert bare.hosted.rulesets == []


def test_what_github_will_not_have_is_an_error_to_act_on(bare: Installed) -> None:
    bare.github.fail("POST", "/rulesets$", 422)
    change = planned(bare)[0]
    with (
        GitHubWriter(bare.admin, bare.github.api_url, SLUG, QUICK) as writer,
        pytest.raises(GatehouseError, match="GitHub would not set up the ruleset 'gatehouse main'"),
    ):
        apply(change, writer.settings)


def test_a_check_that_cannot_be_pinned_is_not_required_from_anybody(bare: Installed) -> None:
    from dataclasses import replace

    from gatehouse.doctor.finding import Unseen
    from gatehouse.github.hosted import Wanted

    facts = bare.facts()
    assert not isinstance(facts.github, Unseen)
    blind = replace(facts, github=replace(facts.github, app=Unseen("not seen", "look")))
    wanted = changes(blind, judge(blind))[0].act
    assert isinstance(wanted, Wanted)
    assert wanted.guards.checks == ()
