"""Settings through PyGithub's requester: every page, every kind of source, and what the token may not see."""

from __future__ import annotations

from typing import Any

import pytest

from gatehouse.errors import NotFound, Unreachable
from gatehouse.github import Forbidden, GitHubWriter
from gatehouse.github.guarding import from_protection, from_ruleset
from gatehouse.github.hosted import Actor, Admitted, Environment, Guards, Required, Reviewer, TokenPower, Wanted
from tests.github import GitHub
from tests.github.hub import ACTIONS
from tests.github.state import Repository
from tests.github_adapter.conftest import Connect

EVIDENCE = "refs/heads/evidence"


@pytest.fixture
def admin(github: GitHub, repo: Repository, connect: Connect) -> GitHubWriter:
    return connect(github.token("acme"))


def test_the_repository_tells_what_the_token_is_to_it(github: GitHub, admin: GitHubWriter, ada: GitHubWriter) -> None:
    told = admin.reader.settings.repository()
    assert (told.slug, told.default, told.private, told.organization, told.admin) == (
        "acme/models", "main", True, False, True
    )  # fmt: skip
    assert not ada.reader.settings.repository().admin
    github.hub.users["acme"].organization = True
    assert admin.reader.settings.repository().organization


def test_an_apps_number_is_found_by_its_name(github: GitHub, admin: GitHubWriter) -> None:
    assert admin.reader.settings.app("github-actions") == ACTIONS
    with pytest.raises(NotFound):
        admin.reader.settings.app("nobody")


def test_a_branch_without_rules_has_no_source(admin: GitHubWriter) -> None:
    assert admin.reader.settings.sources("evidence") == ()
    assert admin.reader.settings.protection("main") is None
    assert admin.reader.settings.protection("evidence") is None


def test_a_branch_that_is_not_there_yet_has_its_rules(github: GitHub, repo: Repository, admin: GitHubWriter) -> None:
    made = github.ruleset(repo, {"type": "deletion"}, {"type": "update"}, branch=EVIDENCE, name="kept")
    made["bypass_actors"] = [{"actor_id": 7, "actor_type": "Team", "bypass_mode": "pull_request"}]
    (source,) = admin.reader.settings.sources("evidence")
    assert str(source) == "the ruleset 'kept'"
    assert source.guards == Guards(no_deletion=True, restricted=True)
    assert source.bypass == source.pushers == (Actor("Team", 7, mode="pull_request"),)


def test_a_branch_whose_name_has_a_slash_is_one_branch(github: GitHub, repo: Repository, admin: GitHubWriter) -> None:
    github.ruleset(repo, {"type": "deletion"}, branch="refs/heads/serving/eu")
    assert len(admin.reader.settings.sources("serving/eu")) == 1


def test_rules_on_the_second_page_count(github: GitHub, repo: Repository, admin: GitHubWriter) -> None:
    for number in range(103):
        github.ruleset(repo, {"type": "deletion"}, name=f"r{number}")
    assert len(admin.reader.settings.sources("main")) == 103
    assert len(admin.reader.settings.rulesets()) == 103


def test_secrets_on_the_second_page_count(github: GitHub, repo: Repository, admin: GitHubWriter) -> None:
    repo.secrets = [f"S{number:03}" for number in range(205)]
    assert admin.reader.settings.secrets() == tuple(repo.secrets)


def test_an_organizations_secrets_are_readable_from_here(github: GitHub, repo: Repository, admin: GitHubWriter) -> None:
    github.hub.users["acme"].organization = True
    repo.secrets, repo.organization_secrets = ["B"], ["A"]
    assert admin.reader.settings.secrets() == ("B", "A")


def test_who_may_walk_around_is_not_told_to_everybody(
    github: GitHub, repo: Repository, admin: GitHubWriter, ada: GitHubWriter
) -> None:
    github.ruleset(repo, {"type": "deletion"})
    assert [source.bypass for source in admin.reader.settings.sources("main")] == [()]
    assert [source.bypass for source in ada.reader.settings.sources("main")] == [None]


def test_a_ruleset_that_cannot_be_seen_still_holds() -> None:
    source = from_ruleset({}, 12, "Enterprise", [{"type": "deletion"}])
    assert (str(source), source.guards.no_deletion, source.bypass) == ("the enterprise's ruleset '12'", True, None)


def test_only_the_repositorys_own_rulesets_are_listed(github: GitHub, repo: Repository, admin: GitHubWriter) -> None:
    github.ruleset(repo, {"type": "deletion"}, name="own")["enforcement"] = "evaluate"
    github.ruleset(repo, {"type": "deletion"}, name="all", organization=True)
    github.ruleset(repo, {"type": "deletion"}, name="tags")["target"] = "tag"
    assert [(one.name, one.enforcement) for one in admin.reader.settings.rulesets()] == [("own", "evaluate")]


def test_protection_that_is_there_is_not_told_to_everybody(
    repo: Repository, admin: GitHubWriter, ada: GitHubWriter
) -> None:
    repo.protection["main"] = {"enforce_admins": {"url": "http://127.0.0.1/x", "enabled": True}}
    source = admin.reader.settings.protection("main")
    assert source is not None
    # What is not said is not allowed: GitHub's protection forbids both unless told otherwise.
    assert source.guards == Guards(no_force_push=True, no_deletion=True)
    with pytest.raises(Forbidden):
        ada.reader.settings.protection("main")


def test_protection_is_read_in_both_of_its_spellings() -> None:
    told: dict[str, Any] = {
        "required_status_checks": {"contexts": ["a"]},
        "required_pull_request_reviews": {
            "required_approving_review_count": 2,
            "bypass_pull_request_allowances": {"users": [{"login": "ada", "id": 1}], "teams": [], "apps": []},
        },
        "restrictions": {
            "users": [],
            "teams": [{"slug": "release", "id": 3}],
            "apps": [{"slug": "github-actions", "id": ACTIONS}],
        },
        "enforce_admins": {"enabled": False},
        "block_creations": {"enabled": True},
    }
    source = from_protection(told, "main")
    assert source.guards.checks == (Required("a"),)
    assert (source.guards.approvals, source.guards.restricted, source.guards.creation) == (2, True, True)
    assert source.bypass == (Actor("RepositoryRole", name="admin"), Actor("User", 1, "ada", "pull_request"))
    assert source.pushers == (
        Actor("RepositoryRole", name="admin"),
        Actor("Team", 3, "release"),
        Actor("Integration", ACTIONS, "github-actions"),
    )
    modern = {"required_status_checks": {"checks": [{"context": "a", "app_id": -1}, {"context": "b", "app_id": 7}]}}
    assert from_protection(modern, "main").guards.checks == (Required("a"), Required("b", 7))


def test_an_environment_tells_whom_it_admits_and_what_it_holds(
    github: GitHub, repo: Repository, admin: GitHubWriter
) -> None:
    github.team(repo, "release", ["bo"])
    one = github.environment(repo, "prod/eu", "B", "A")
    one.wait, one.reviewers, one.no_self_review = 5, ["release", "ada"], True
    github.environment(repo, "open", branches=None)
    github.environment(repo, "guarded", branches=None).protected = True
    prod, open_to_all, guarded = admin.reader.settings.environments()
    ids = (Reviewer("Team", repo.teams["release"].id), Reviewer("User", github.hub.users["ada"].id))
    (pattern,) = one.patterns or {}
    assert prod == Environment(
        "prod/eu", prod.url, "custom", (Admitted(pattern, "main"),), ("A", "B"), 5, ids, no_self_review=True
    )
    assert (open_to_all.policy, guarded.policy) == ("all", "protected")


def test_an_environment_is_seen_without_its_secrets(github: GitHub, repo: Repository, connect: Connect) -> None:
    github.environment(repo, "prod", "A")
    app = connect(github.app_token("looker", {"actions": "read"}))
    assert [one.secrets for one in app.reader.settings.environments()] == [None]


@pytest.mark.parametrize(
    ("ask", "permission"),
    [
        ("environments", "Actions: read"),
        ("secrets", "Secrets: read"),
        ("token_power", "Administration: read"),
    ],
)
def test_what_a_token_may_not_see_names_the_permission(
    ask: str, permission: str, github: GitHub, repo: Repository, connect: Connect
) -> None:
    app = connect(github.app_token("looker", {}))
    with pytest.raises(Forbidden) as told:
        getattr(app.reader.settings, ask)()
    assert permission in told.value.fix


def test_what_github_finds_wrong_in_codeowners_is_told(github: GitHub, repo: Repository, admin: GitHubWriter) -> None:
    assert admin.reader.settings.owners_errors("main") == ()
    github.push(repo, "main", {"CODEOWNERS": "* @ada\n/x @nobody @acme/none\n"})
    errors = admin.reader.settings.owners_errors("main")
    assert [(one.path, one.line, one.kind) for one in errors] == [("CODEOWNERS", 2, "Unknown owner")] * 2
    assert "\n" not in errors[0].message


WANTED = Wanted(
    "ours",
    ("main", "evidence"),
    Guards(pull_request=True, approvals=2, checks=(Required("a", 7), Required("b")), restricted=True, creation=True),
    (Actor("DeployKey"),),
)


def test_a_ruleset_that_is_set_reads_back_as_it_was_wanted(repo: Repository, admin: GitHubWriter) -> None:
    admin.settings.ruleset(WANTED)
    for branch in WANTED.branches:
        (source,) = admin.reader.settings.sources(branch)
        assert source.guards == WANTED.guards
        assert source.bypass == WANTED.bypass
    assert source.url.endswith(f"/acme/models/settings/rules/{repo.rulesets[0]['id']}")


def test_a_ruleset_is_set_once_under_its_name(repo: Repository, admin: GitHubWriter) -> None:
    admin.settings.ruleset(WANTED)
    admin.settings.ruleset(Wanted("ours", ("main",), Guards(no_deletion=True)))
    assert len(repo.rulesets) == 1
    assert repo.rulesets[0]["bypass_actors"] == []
    assert admin.reader.settings.sources("evidence") == ()


@pytest.mark.parametrize("status", [500, 502, None])
@pytest.mark.parametrize("after", [True, False])
def test_a_ruleset_is_not_made_twice(
    after: bool, status: int | None, github: GitHub, repo: Repository, admin: GitHubWriter
) -> None:
    github.fail("POST", "/rulesets$", status, after=after)
    admin.settings.ruleset(WANTED)
    assert len(repo.rulesets) == 1


def test_github_actions_itself_cannot_be_let_past_a_repositorys_ruleset(repo: Repository, admin: GitHubWriter) -> None:
    from gatehouse.github import Refused

    actions = Wanted("ours", ("evidence",), Guards(restricted=True), (Actor("Integration", ACTIONS),))
    with pytest.raises(Refused, match="must be part of the ruleset source"):
        admin.settings.ruleset(actions)


def test_an_environment_is_made_for_one_branch(repo: Repository, admin: GitHubWriter) -> None:
    admin.settings.admit("prod/eu", "main", None)
    (one,) = admin.reader.settings.environments()
    assert (one.name, one.policy, [each.pattern for each in one.admitted]) == ("prod/eu", "custom", ["main"])
    admin.settings.admit("prod/eu", "main", one)
    assert admin.reader.settings.environments() == (one,)


def test_workflow_permissions_are_set(repo: Repository, admin: GitHubWriter) -> None:
    repo.token_power = ("write", True)
    admin.settings.token_power(TokenPower("read", approves=False))
    assert admin.reader.settings.token_power() == TokenPower("read", approves=False)


def test_a_github_that_stays_broken_is_unreachable(github: GitHub, admin: GitHubWriter) -> None:
    github.fail("GET", "/environments$", 503, times=99)
    with pytest.raises(Unreachable, match="list the environments"):
        admin.reader.settings.environments()


def test_a_login_page_in_place_of_the_api_is_an_error_to_act_on(github: GitHub, admin: GitHubWriter) -> None:
    from gatehouse.errors import GatehouseError
    from tests.github_adapter.conftest import QUICK, SLUG

    with (
        GitHubWriter("ghp_x", github.url, SLUG, QUICK) as lost,
        pytest.raises(GatehouseError),
    ):
        lost.reader.settings.repository()
