"""What cannot be looked at is unknown, with what would show it: never fine, and never a reason to look at nothing."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from gatehouse.doctor.checks import CHECKS, ON_GITHUB, judge
from gatehouse.doctor.finding import Finding, Level, Unseen
from gatehouse.doctor.look import look
from gatehouse.errors import NotFound, Unreachable
from gatehouse.git import Repository
from gatehouse.github import GitHubWriter
from gatehouse.github.hosted import Required
from tests.doctor.installed import QUICK, SLUG, Installed

# What an app may read that sees everything here.
EVERYTHING = {
    "contents": "read",
    "actions": "read",
    "secrets": "read",
    "environments": "read",
    "administration": "write",
    "members": "read",
}


def levels(findings: tuple[Finding, ...], name: str) -> set[Level]:
    return {one.level for one in findings if one.check == name}


def test_an_app_with_these_permissions_sees_everything(installed: Installed) -> None:
    token = installed.github.app_token("doctor", EVERYTHING)
    assert installed.findings(token) == installed.findings()


@pytest.mark.parametrize(
    ("permission", "names", "said"),
    [
        ("actions", {"environments/branches"}, "Actions: read"),
        ("secrets", {"environments/shared-secrets"}, "Secrets: read"),
        ("environments", {"environments/secrets"}, "Environments: read"),
        (
            "administration",
            {"actions/token", "actions/approvals", "main/bypass", "branches/pushes"},
            "Administration: ",
        ),
        ("contents", {"owners/lines"}, "Contents: read"),
        ("members", {"review/reviewers"}, "Members: read"),
    ],
)
def test_a_permission_that_the_token_lacks_is_named(
    permission: str, names: set[str], said: str, installed: Installed
) -> None:
    left = {name: level for name, level in EVERYTHING.items() if name != permission}
    findings = installed.findings(installed.github.app_token("doctor", left))
    for name in names:
        assert levels(findings, name) == {Level.UNKNOWN}, name
        assert all(said in one.fix for one in findings if one.check == name)
    # Whatever else it cannot see now, nothing became bad by not being seen.
    assert not [one for one in findings if one.level is Level.BAD]


def test_a_token_without_any_permission_finds_nothing_fine_that_it_cannot_see(installed: Installed) -> None:
    findings = installed.findings(installed.github.app_token("doctor", {}))
    fine = {one.check for one in findings if one.level is Level.OK} & ON_GITHUB.keys()
    # Anybody who sees the repository sees the rules of its branches; not who may walk around them.
    assert fine == {
        "main/reviews", "main/code-owners", "main/stale-reviews", "main/check", "main/review-check", "main/history",
        "main/merges-itself",
    }  # fmt: skip
    assert levels(findings, "main/bypass") == {Level.UNKNOWN}
    assert levels(findings, "branches/history") == {Level.UNKNOWN}
    assert levels(findings, "branches/pushes") == {Level.UNKNOWN}


def test_somebody_who_may_only_read_is_told_what_they_do_not_see(installed: Installed) -> None:
    installed.hosted.roles["eve"] = "read"
    findings = installed.findings(installed.github.token("eve"))
    assert not [one for one in findings if one.level is Level.BAD]
    assert {"actions/token", "environments/shared-secrets", "main/bypass"} <= {
        one.check for one in findings if one.level is Level.UNKNOWN
    }


def test_protection_that_is_there_and_not_seen_is_no_missing_protection(installed: Installed) -> None:
    installed.hosted.rulesets.clear()
    installed.hosted.protection["main"] = {"enforce_admins": {"url": "http://127.0.0.1/x", "enabled": True}}
    installed.hosted.roles["ada"] = "write"
    findings = installed.findings(installed.github.token("ada"))
    assert levels(findings, "main/reviews") == {Level.UNKNOWN}
    assert levels(findings, "main/check") == {Level.UNKNOWN}


def on_github(findings: tuple[Finding, ...]) -> set[str]:
    return {one.check for one in findings} & ON_GITHUB.keys()


def test_a_check_cannot_be_fine_where_nobody_knows_whose_it_should_be(installed: Installed) -> None:
    facts = installed.facts()
    assert not isinstance(facts.github, Unseen)
    blind = replace(facts, github=replace(facts.github, app=Unseen("not seen", "look")))
    assert levels(judge(blind), "main/check") == {Level.UNKNOWN}
    # That anybody at all may post it is seen all the same.
    branch = blind.hub.branches["main"]
    guards = replace(branch.sources[0].guards, checks=(Required("gatehouse"),))
    loose = replace(branch, rulesets=(replace(branch.sources[0], guards=guards),))
    open_to_all = replace(blind, github=replace(blind.hub, branches={**blind.hub.branches, "main": loose}))
    assert levels(judge(open_to_all), "main/check") == {Level.BAD}


def test_a_plan_that_has_no_rulesets_is_told_in_githubs_words(installed: Installed) -> None:
    from gatehouse.doctor.look import _seen
    from gatehouse.github import Forbidden

    def ask() -> None:
        raise Forbidden("this token may not list the rules: Upgrade to GitHub Pro … (403)", "give it access", 403)

    found = _seen(ask, "Metadata: read")
    assert isinstance(found, Unseen)
    assert "Upgrade to GitHub Pro" in found.why
    assert "plan" in found.fix


def test_a_stranger_is_told_once_that_there_is_nothing_to_see(installed: Installed) -> None:
    findings = installed.findings(installed.github.token("stranger"))
    assert levels(findings, "github") == {Level.UNKNOWN}
    assert on_github(findings) == set()
    # The rest was looked at.
    assert levels(findings, "owners/paths") == {Level.OK}


def test_a_token_that_is_no_longer_valid_is_said_once(installed: Installed) -> None:
    findings = installed.findings("ghp_revoked")
    (said,) = [one for one in findings if one.check == "github"]
    assert "does not know the token" in said.what
    assert on_github(findings) == set()


@pytest.mark.parametrize("status", [500, 503, None])
def test_a_github_that_breaks_down_in_the_middle_is_unknown_as_a_whole(
    status: int | None, installed: Installed
) -> None:
    installed.github.fail("GET", "/environments$", status, times=9)
    findings = installed.findings()
    (said,) = [one for one in findings if one.check == "github"]
    assert said.level is Level.UNKNOWN
    assert on_github(findings) == set()


def test_a_short_breakdown_is_not_noticed(installed: Installed) -> None:
    installed.github.fail("GET", "/rulesets", 502)
    assert installed.said(Level.UNKNOWN) == {}


def test_a_github_that_is_not_there_keeps_nothing_else_from_being_judged(installed: Installed) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with GitHubWriter(installed.admin, f"http://127.0.0.1:{port}", SLUG, QUICK) as writer:
        facts = look(
            Repository(installed.clone), installed.environ, writer.reader.settings, "github-actions", lambda _: None
        )
    findings = judge(facts)
    assert levels(findings, "github") == {Level.UNKNOWN}
    assert {one.check for one in findings} - {"github"} <= CHECKS.keys() - ON_GITHUB.keys()


def test_a_registry_that_does_not_answer_is_unknown_and_shows_no_password(installed: Installed) -> None:
    installed.registry = "http://ada:hunter2@127.0.0.1:9"
    findings = installed.findings()
    (said,) = [one for one in findings if one.check == "registry/server"]
    assert said.level is Level.UNKNOWN
    assert "http://127.0.0.1:9 did not answer: connection refused" in said.what
    assert "hunter2" not in str(findings)


def test_a_registry_whose_variable_is_not_set_here_is_unknown_and_no_fault(installed: Installed) -> None:
    stages = "stages:\n  - {name: staging, registry: '${OUR_MLFLOW}', review: none}\n"
    installed.push({"promotions/stages.yaml": stages})
    findings = installed.findings()
    assert levels(findings, "promotions/valid") == {Level.OK}
    (said,) = [one for one in findings if one.check == "registry/server"]
    assert (said.level, said.what) == (
        Level.UNKNOWN, "which registry ${OUR_MLFLOW} is: the variable is not set here"
    )  # fmt: skip


def test_without_the_remote_main_is_looked_at_as_it_was_fetched_last(installed: Installed) -> None:
    repository = Repository(installed.clone)
    repository.run("remote", "set-url", "origin", "/nowhere")
    assert "promotions/current" not in {one.check for one in installed.findings()}
    installed.push({"README.md": "new\n"})
    assert "GitHub's is at" in installed.said(Level.WARN)["promotions/current"]


def test_a_clone_that_never_had_main_cannot_be_looked_at(installed: Installed) -> None:
    repository = Repository(installed.clone)
    repository.run("remote", "set-url", "origin", "/nowhere")
    repository.run("update-ref", "-d", "refs/remotes/origin/main")
    with pytest.raises(Unreachable):
        installed.facts()


def test_a_repository_without_a_branch_main_is_said(installed: Installed) -> None:
    Repository(installed.clone).run("push", "--quiet", "origin", "main:trunk")
    git = installed.hosted.git
    git.git("symbolic-ref", "HEAD", "refs/heads/trunk")
    git.git("update-ref", "-d", "refs/heads/main")
    with pytest.raises(NotFound, match="no branch main"):
        installed.facts()


def test_a_shallow_clone_without_credentials_is_enough(installed: Installed) -> None:
    """As a workflow's checkout leaves it."""
    import subprocess

    shallow = installed.clone.parent / "shallow"
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{installed.hosted.remote}", shallow], check=True)
    Repository(shallow).run("remote", "set-url", "origin", "/nowhere")
    installed.clone = shallow
    assert installed.said(Level.BAD) == {}


def test_unseen_is_a_value(installed: Installed) -> None:
    with GitHubWriter(installed.admin, installed.github.api_url, SLUG, QUICK) as _:
        facts = look(
            Repository(installed.clone),
            installed.environ,
            Unseen("no token", "get one"),
            "github-actions",
            lambda _: None,
        )
    assert next(iter(judge(facts))) == Finding("github", Level.UNKNOWN, "no token", "get one")
