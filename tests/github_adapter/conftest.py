"""A stand-in with one repository, two people, an app, and an open pull request of a promotion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gatehouse.github import GitHubReader, GitHubWriter, Patience
from tests.github import GitHub
from tests.github.state import Pull, Repository

SLUG = "acme/models"
SLOT = "promotions/credit-risk/production.yaml"
BRANCH = "promote/credit-risk-v48-production"
QUICK = Patience(timeout=5, tries=3, pause=0.01, longest=2.0)

Connect = Callable[[str], GitHubWriter]


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHub]:
    with GitHub(tmp_path / "github") as github:
        yield github


@pytest.fixture
def repo(github: GitHub) -> Repository:
    repo = github.repository(SLUG, {"ada": "write", "bo": "write", "eve": "read"})
    github.push(repo, "main", {SLOT: "version: 47\n"}, "Promote version 47")
    github.push(repo, BRANCH, {SLOT: "version: 48\n"}, "Promote version 48", by="ada")
    return repo


@pytest.fixture
def pull(github: GitHub, repo: Repository) -> Pull:
    return github.pull(repo, BRANCH, by="ada", title="Promote credit-risk 48 to production")


@pytest.fixture
def connect(github: GitHub) -> Iterator[Connect]:
    """A writer for a token, closed at the end."""
    with ExitStack() as stack:
        yield lambda token: stack.enter_context(GitHubWriter(token, github.api_url, SLUG, QUICK))


@pytest.fixture
def ada(github: GitHub, connect: Connect) -> GitHubWriter:
    """A person with write access."""
    return connect(github.token("ada"))


@pytest.fixture
def bot(github: GitHub, connect: Connect) -> GitHubWriter:
    """The app that the workflows speak as."""
    return connect(github.app_token("gatehouse"))


@pytest.fixture
def reader(github: GitHub, repo: Repository) -> Iterator[GitHubReader]:
    with GitHubReader(github.token("ada"), github.api_url, SLUG, QUICK) as reader:
        yield reader
