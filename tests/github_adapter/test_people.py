from __future__ import annotations

import pytest

from gatehouse.errors import Unreachable
from gatehouse.github import GitHubReader
from tests.github import GitHub
from tests.github.state import ROLES, Repository, Role
from tests.github_adapter.conftest import Connect


@pytest.mark.parametrize("role", ROLES)
def test_a_permission_is_the_role_that_somebody_has(role: Role, repo: Repository, reader: GitHubReader) -> None:
    repo.roles["eve"] = role
    assert reader.people.permission("eve") == role


def test_an_account_that_is_gone_may_do_nothing(github: GitHub, repo: Repository, reader: GitHubReader) -> None:
    github.hub.remove_user("bo")
    assert reader.people.permission("bo") == "none"


def test_a_role_of_the_organizations_own_making_counts_as_its_base(
    monkeypatch: pytest.MonkeyPatch, reader: GitHubReader
) -> None:
    monkeypatch.setattr(reader._line, "get", lambda *_: {"role_name": "release-manager", "permission": "write"})
    assert reader.people.permission("bo") == "write"


def test_a_permission_that_cannot_be_asked_is_an_error(github: GitHub, repo: Repository, reader: GitHubReader) -> None:
    github.fail("GET", "/permission$", 403)
    with pytest.raises(Unreachable):
        reader.people.permission("bo")
    github.fail("GET", "/permission$", 503, times=99)
    with pytest.raises(Unreachable):
        reader.people.permission("bo")


def test_the_members_of_a_team_are_listed_whole(github: GitHub, repo: Repository, reader: GitHubReader) -> None:
    logins = [f"person-{number}" for number in range(130)]
    github.team(repo, "risk", logins)
    assert reader.people.members("acme/risk") == frozenset(logins)


def test_a_team_that_is_not_seen_is_none_and_not_empty(
    github: GitHub, repo: Repository, reader: GitHubReader, connect: Connect
) -> None:
    github.team(repo, "risk", ["bo"])
    assert reader.people.members("acme/other") is None
    assert reader.people.members("elsewhere/risk") is None
    # GITHUB_TOKEN may not see an organization's members, whatever a workflow asks for.
    assert connect(github.app_token("github-actions")).reader.people.members("acme/risk") is None
    seeing = connect(github.app_token("gatehouse", {"members": "read"}))
    assert seeing.reader.people.members("acme/risk") == frozenset({"bo"})


def test_a_team_whose_members_do_not_come_is_an_error(github: GitHub, repo: Repository, reader: GitHubReader) -> None:
    github.team(repo, "risk", ["bo"])
    github.fail("GET", "/members$", 502, times=99)
    with pytest.raises(Unreachable):
        reader.people.members("acme/risk")


def test_a_limit_is_not_taken_for_a_team_that_is_not_seen(
    github: GitHub, repo: Repository, reader: GitHubReader
) -> None:
    github.fail("GET", "/members$", 429, retry_after=600)
    with pytest.raises(Unreachable):
        reader.people.members("acme/risk")
