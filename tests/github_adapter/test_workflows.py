"""A workflow is started by its file, and what stands in the way is said."""

from __future__ import annotations

import pytest

from gatehouse.errors import NotFound
from gatehouse.github import Forbidden, GitHubWriter, Refused
from tests.github import GitHub
from tests.github.state import Repository
from tests.github_adapter.conftest import Connect

FILE = "sync.yml"


@pytest.fixture
def starter(github: GitHub, repo: Repository, connect: Connect) -> GitHubWriter:
    github.push(repo, "main", {f".github/workflows/{FILE}": "on: {workflow_dispatch: }\n"})
    return connect(github.app_token("gatehouse", {"actions": "write"}))


def test_a_workflow_of_main_is_started(starter: GitHubWriter, repo: Repository) -> None:
    starter.workflows.dispatch(FILE)
    assert repo.dispatched == [(FILE, "main")]


def test_after_a_breakdown_it_is_started_again(github: GitHub, starter: GitHubWriter, repo: Repository) -> None:
    github.fail("POST", f"/{FILE}/dispatches", 502, after=True)
    starter.workflows.dispatch(FILE)
    assert set(repo.dispatched) == {(FILE, "main")}


def test_a_workflow_that_is_not_there_is_not_found(starter: GitHubWriter) -> None:
    with pytest.raises(NotFound, match=r"start the workflow none\.yml"):
        starter.workflows.dispatch("none.yml")


def test_a_workflow_that_is_not_started_by_hand_is_refused(
    github: GitHub, starter: GitHubWriter, repo: Repository
) -> None:
    github.push(repo, "main", {f".github/workflows/{FILE}": "on: [push]\n"})
    with pytest.raises(Refused, match="workflow_dispatch"):
        starter.workflows.dispatch(FILE)


def test_a_token_that_may_not_is_told_what_it_lacks(repo: Repository, bot: GitHubWriter) -> None:
    with pytest.raises(Forbidden, match="write access to actions"):
        bot.workflows.dispatch(FILE)
