"""What the human gate needs is taken away piece by piece, and doctor names it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gatehouse.doctor.finding import Level
from tests.doctor.installed import Installed, own_files
from tests.doctor.test_mend import mend
from tests.github.raw import Raw
from tests.github.rules import blockers

Attack = Callable[[Installed], object]
REVIEW, KNOCK, GATES, SYNC = (f".github/workflows/{name}.yml" for name in ("review", "knock", "gates", "sync"))
POLICY, STAGES, OWNERS = "promotions/credit-risk/policy.yaml", "promotions/stages.yaml", ".github/CODEOWNERS"


def edited(path: str, old: str, new: str) -> Attack:
    """A file of main with one thing changed, wherever it stands in it."""

    def attack(installed: Installed) -> None:
        before = own_files()[path]
        assert old in before, f"{path} has no {old!r}"
        installed.push({path: before.replace(old, new)})

    return attack


def gone(*paths: str) -> Attack:
    return lambda installed: installed.push(dict.fromkeys(paths))


def owned(lines: str) -> Attack:
    """CODEOWNERS in which credit-risk has other owners."""
    return edited(OWNERS, "/promotions/credit-risk/    @acme/credit-risk @acme/model-risk", lines)


def policy(old: str, new: str) -> Attack:
    return edited(POLICY, old, new)


def forget(environment: str) -> Attack:
    return lambda installed: installed.hosted.environments[environment].secrets.remove("GATEHOUSE_TEAMS_TOKEN")


def lost(*members: str) -> Attack:
    def attack(installed: Installed) -> None:
        for team in installed.hosted.teams.values():
            team.members = [login for login in team.members if login not in members]

    return attack


def unjudged(installed: Installed) -> None:
    gates = own_files()[GATES]
    installed.push({REVIEW: None, KNOCK: None, GATES: gates.replace("gatehouse review", "gatehouse watch")})


def one_team_alone(installed: Installed) -> None:
    policy("  # teams: distinct", "  teams: distinct")(installed)
    owned("/promotions/credit-risk/ @bo @acme/model-risk")(installed)


def one_person_in_two_teams(installed: Installed) -> None:
    policy("  # teams: distinct", "  teams: distinct")(installed)
    installed.hosted.teams["model-risk"].members = ["cy"]
    owned("/promotions/credit-risk/ @bo @acme/credit-risk @acme/model-risk")(installed)


# the check that must say so, how loud, in which words, and what was done
ATTACKS: list[tuple[str, Level, str, Attack]] = [
    ("workflows", Level.BAD, "no workflow judges reviews", unjudged),
    ("workflows", Level.BAD, "a review starts no workflow", gone(KNOCK)),
    ("workflows", Level.BAD, "a review starts no workflow", edited(REVIEW, "workflows: [knock]", "workflows: [x]")),
    ("workflows", Level.BAD, "a comment starts no workflow", edited(REVIEW, "  issue_comment:", "  issues:")),
    ("workflows", Level.BAD, "a run that was lost, starts", edited(REVIEW, "  schedule:", "  repository_dispatch:")),
    ("workflows", Level.BAD, "its proposer can edit it", edited(KNOCK, "permissions: {}", "permissions: write-all")),
    ("workflows", Level.BAD, "its proposer can edit it", edited(KNOCK, "    steps:", "    environment: x\n    steps:")),
    ("permissions", Level.BAD, "review.yml (review) may not: checks: write", edited(REVIEW, "checks: w", "checks: r")),
    ("permissions", Level.BAD, "gates.yml (review) may not: actions: write", edited(GATES, "actions: w", "actions: n")),
    ("permissions", Level.BAD, "sync.yml (sync) may not: pull-requests: read", edited(SYNC, "pull-requests", "models")),
    ("people", Level.WARN, "names nobody under `people:`", edited(STAGES, "people: {eve: [eve.l]}", "")),
    ("teams", Level.BAD, "review has no GATEHOUSE_TEAMS_TOKEN", forget("review")),
    ("teams", Level.BAD, "registry-write has no GATEHOUSE_TEAMS_TOKEN", forget("registry-write")),
    ("teams", Level.BAD, "review has no GATEHOUSE_TEAMS_TOKEN", edited(REVIEW, "secrets.GATEHOUSE_TEAMS_TOKEN", "X")),
    ("reviewers", Level.BAD, "1 of its code owners may approve credit-risk", owned("/promotions/credit-risk/ @di")),
    ("reviewers", Level.BAD, "1 of its code owners may approve credit-risk", lost("cy")),
    ("reviewers", Level.BAD, "credit-risk's policy asks for 3", policy("approvals: 2", "approvals: 3")),
    ("reviewers", Level.BAD, "1 team owns credit-risk's promotions", one_team_alone),
    ("reviewers", Level.BAD, "speak for 1 different team", one_person_in_two_teams),
    ("reviewers", Level.WARN, "no code owner of it: ines, marek and olga", policy("  # pool:", "  pool:")),
    ("reviewers", Level.BAD, "0 of the pool of credit-risk may approve, and 2", policy("  # pool:", "  pool:")),
]


@pytest.mark.parametrize(("name", "level", "words", "attack"), ATTACKS)
def test_what_is_taken_away_is_named(name: str, level: Level, words: str, attack: Attack, installed: Installed) -> None:
    attack(installed)
    found = [one for one in installed.findings() if one.check == f"review/{name}" and one.level is level]
    assert any(words in one.what for one in found), found
    assert all(one.fix for one in found)
    assert all(one.link.startswith(f"{installed.github.url}/acme/models/") for one in found)


def test_people_who_own_promotions_need_no_token_that_sees_teams(installed: Installed) -> None:
    for environment in ("review", "registry-write"):
        forget(environment)(installed)
    installed.push({OWNERS: "* @ada @bo\n"})
    assert "review/teams" not in {one.check for one in installed.findings()}
    assert installed.said(Level.OK)["review/reviewers"].startswith("every promotion has as many")


def test_where_nobody_has_to_agree_nothing_of_reviewers_is_asked(installed: Installed) -> None:
    installed.push({STAGES: own_files()[STAGES].replace("review: required", "review: none")})
    checks = {one.check for one in installed.findings()}
    assert not checks & {"review/people", "review/teams", "review/reviewers"}


@pytest.mark.parametrize(
    ("allowed", "by"), [(True, "GitHub, where a check is still to come"), (False, "the workflow,")]
)
def test_who_merges_a_promotion_that_the_gates_decide_is_told(allowed: bool, by: str, installed: Installed) -> None:
    installed.hosted.auto_merge = allowed
    assert f"a promotion to staging is merged by {by}" in installed.said(Level.OK)["main/merges-itself"]


def test_an_owner_of_promotions_to_staging_is_named_as_who_holds_them_up(installed: Installed) -> None:
    edited(OWNERS, "/promotions/*/staging.yaml\n", "")(installed)
    said = installed.said(Level.WARN)["main/merges-itself"]
    assert "stages.yaml asks for no review of staging, and CODEOWNERS names an owner of promotions/" in said
    assert "main/merges-itself" not in installed.said(Level.OK)


@pytest.mark.parametrize(
    ("parameter", "value", "word"),
    [
        ("required_approving_review_count", 1, "an approval of every"),
        ("require_last_push_approval", True, "an approval of the last push of every"),
    ],
)
def test_a_rule_for_which_promotions_to_staging_wait_is_named(
    parameter: str, value: int | bool, word: str, installed: Installed
) -> None:
    installed.rule("pull_request")["parameters"][parameter] = value
    said = installed.said(Level.WARN)["main/merges-itself"]
    assert said == f"a promotion to staging waits for a person, as main's rules ask for {word} pull request"


class TestWhatFixSets:
    """On a repository as one gets it, with this project's own files."""

    def blocked(self, at: Installed, path: str, *approving: str) -> list[str]:
        """Why GitHub would not merge bo's change of a file whose checks are green."""
        branch = f"change-{len(at.hosted.pulls)}"
        at.github.push(at.hosted, branch, {path: "version: 2\n"}, by="bo")
        pull = at.github.pull(at.hosted, branch, by="bo")
        green = {"head_sha": pull.head_sha, "status": "completed", "conclusion": "success"}
        actions = Raw(at.github, at.github.app_token("github-actions"), at.hosted.slug)
        for name in ("gatehouse", "gatehouse review"):
            assert actions.call("POST", "/check-runs", {"name": name, **green})[0] == 201
        for login in approving:
            at.hosted.roles[login] = "write"
            at.github.review(at.hosted, pull.number, "APPROVED", by=login)
        return blockers(at.hosted, pull)

    def test_lets_a_promotion_merge_itself_where_the_gates_decide_and_nothing_else(self, bare: Installed) -> None:
        mend(bare)
        assert self.blocked(bare, "promotions/credit-risk/staging.yaml") == []
        assert self.blocked(bare, "promotions/churn/staging.eu.yaml") == []
        for path in ("promotions/credit-risk/production.yaml", "promotions/credit-risk/policy.yaml", "gates/a.py", "a"):
            assert self.blocked(bare, path) == ["Waiting on code owner review."], path
        assert self.blocked(bare, "promotions/credit-risk/production.yaml", "di") == []

    def test_waits_for_an_approval_of_everything_where_everything_has_an_owner(self, bare: Installed) -> None:
        bare.push({OWNERS: "* @acme/ml-platform @acme/model-risk\n"})
        mend(bare)
        assert len(self.blocked(bare, "promotions/credit-risk/staging.yaml")) == 3
        assert self.blocked(bare, "promotions/credit-risk/staging.yaml", "di") == []
