"""A stand-in with one repository, three people and an open pull request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.github import GitHub
from tests.github.raw import Raw
from tests.github.state import Pull, Repository

SLUG = "acme/models"


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHub]:
    with GitHub(tmp_path / "github") as github:
        yield github


@pytest.fixture
def repo(github: GitHub) -> Repository:
    repo = github.repository(SLUG, {"ada": "write", "bo": "write", "eve": "read"})
    github.push(repo, "main", {"a.yaml": "version: 1\n", "sub/b.txt": "b\n"})
    github.push(repo, "topic", {"a.yaml": "version: 2\n"}, "Change a", by="ada")
    return repo


@pytest.fixture
def pull(github: GitHub, repo: Repository) -> Pull:
    return github.pull(repo, "topic", by="ada")


@pytest.fixture
def ada(github: GitHub, repo: Repository) -> Raw:
    return Raw(github, github.token("ada"), SLUG)


@pytest.fixture
def bo(github: GitHub, repo: Repository) -> Raw:
    return Raw(github, github.token("bo"), SLUG)


@pytest.fixture
def bot(github: GitHub, repo: Repository) -> Raw:
    return Raw(github, github.app_token("gatehouse"), SLUG)
