"""Starting a workflow by hand: noted where the branch has such a workflow, refused where not."""

from __future__ import annotations

import pytest

from tests.github import GitHub
from tests.github.conftest import SLUG
from tests.github.raw import Raw
from tests.github.state import Repository

FILE = "sync.yml"
PATH = f"/actions/workflows/{FILE}/dispatches"


@pytest.fixture
def starter(github: GitHub, repo: Repository) -> Raw:
    github.push(repo, "main", {f".github/workflows/{FILE}": "on: {workflow_dispatch: }\n"})
    return Raw(github, github.app_token("gatehouse", {"actions": "write"}), SLUG)


def test_a_workflow_of_the_branch_is_started(starter: Raw, repo: Repository) -> None:
    assert starter.call("POST", PATH, {"ref": "main"}) == (204, None)
    assert repo.dispatched == [(FILE, "main")]


def test_an_app_may_start_none_without_the_permission_to(starter: Raw, bot: Raw, repo: Repository) -> None:
    assert bot.call("POST", PATH, {"ref": "main"})[0] == 403
    assert repo.dispatched == []


@pytest.mark.parametrize(
    ("path", "ref", "status"),
    [(PATH, "none", 422), (PATH.replace(FILE, "none.yml"), "main", 404)],
    ids=["branch", "workflow"],
)
def test_what_is_not_there_is_not_started(path: str, ref: str, status: int, starter: Raw, repo: Repository) -> None:
    assert starter.call("POST", path, {"ref": ref})[0] == status
    assert repo.dispatched == []


def test_a_workflow_that_only_pushes_start_is_not_started_by_hand(
    starter: Raw, github: GitHub, repo: Repository
) -> None:
    github.push(repo, "main", {f".github/workflows/{FILE}": "on: [push]\n"})
    assert starter.call("POST", PATH, {"ref": "main"})[0] == 422
    assert repo.dispatched == []
