from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doctor import installed as made
from tests.doctor.installed import Installed
from tests.github import GitHub


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHub]:
    with GitHub(tmp_path / "github") as github:
        yield github


@pytest.fixture
def installed(tmp_path: Path, github: GitHub) -> Installed:
    """Nothing is amiss."""
    return made.installed(tmp_path, github)


@pytest.fixture
def bare(tmp_path: Path, github: GitHub) -> Installed:
    """Nothing is set."""
    return made.bare(tmp_path, github)
