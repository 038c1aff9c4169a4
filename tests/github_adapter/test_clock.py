from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gatehouse.github import GitHubWriter
from tests.github import GitHub
from tests.github.state import Pull


def test_the_time_is_that_of_github_and_not_of_this_machine(github: GitHub, ada: GitHubWriter, pull: Pull) -> None:
    github.advance(hours=5)
    assert abs(ada.now() - datetime.now(UTC) - timedelta(hours=5)) < timedelta(seconds=5)
