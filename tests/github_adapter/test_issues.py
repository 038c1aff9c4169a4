from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gatehouse.github import GitHubWriter, Refused
from tests.github import GitHub
from tests.github.state import Pull, Repository

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
NAME = "emergency-1"


def test_an_issue_is_opened_once_under_its_name(repo: Repository, bot: GitHubWriter) -> None:
    first = bot.issues.open(NAME, "Follow up", "why", SINCE)
    again = bot.issues.open(NAME, "Follow up, again", "other words", SINCE)
    other = bot.issues.open("emergency-2", "Follow up", "why", SINCE)
    assert (first.new, again.new, again.number, other.new) == (True, False, first.number, True)
    assert [issue.title for issue in repo.issues.values()] == ["Follow up", "Follow up"]
    assert repo.issues[first.number].body == f"<!-- gatehouse:{NAME} -->\nwhy"


def test_one_that_was_closed_is_not_opened_again(repo: Repository, bot: GitHubWriter) -> None:
    first = bot.issues.open(NAME, "Follow up", "why", SINCE)
    repo.issues[first.number].state = "closed"
    assert bot.issues.open(NAME, "Follow up", "why", SINCE).number == first.number


def test_nobody_else_s_issue_is_taken_for_ours(repo: Repository, ada: GitHubWriter, bot: GitHubWriter) -> None:
    forged = ada.issues.open(NAME, "Nothing to do here", "forged", SINCE)
    assert bot.issues.open(NAME, "Follow up", "why", SINCE).number != forged.number


def test_a_pull_request_is_no_issue(github: GitHub, repo: Repository, ada: GitHubWriter, pull: Pull) -> None:
    pull.body = f"<!-- gatehouse:{NAME} -->\nmine"
    assert ada.issues.open(NAME, "Follow up", "why", SINCE).new


def test_it_is_found_behind_many_others(github: GitHub, repo: Repository, bot: GitHubWriter) -> None:
    for number in range(120):
        bot.issues.open(f"other-{number}", "Other", "words", github.hub.now() + timedelta(hours=1))
    first = bot.issues.open(NAME, "Follow up", "why", SINCE)
    assert bot.issues.open(NAME, "Follow up", "why", SINCE).number == first.number


@pytest.mark.parametrize("status", [500, 502, 504, None])
def test_an_issue_is_not_opened_twice_when_the_answer_is_lost(
    status: int | None, github: GitHub, repo: Repository, bot: GitHubWriter
) -> None:
    github.fail("POST", "/issues$", status, after=True)
    made = bot.issues.open(NAME, "Follow up", "why", SINCE)
    assert [issue.number for issue in repo.issues.values()] == [made.number]


def test_a_repository_without_issues_says_what_to_do(repo: Repository, bot: GitHubWriter) -> None:
    repo.has_issues = False
    with pytest.raises(Refused, match=r"would not open the issue 'Follow up': Issues has been disabled") as told:
        bot.issues.open(NAME, "Follow up", "why", SINCE)
    assert "settings" in told.value.fix
