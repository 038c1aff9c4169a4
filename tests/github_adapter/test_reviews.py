from __future__ import annotations

import pytest

from gatehouse.github import Decision, GitHubReader, GitHubWriter, Refused, ReviewState
from tests.github import GitHub
from tests.github.state import Pull, Repository
from tests.github_adapter.conftest import BRANCH, Connect


def test_every_review_is_listed_oldest_first(
    github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull
) -> None:
    for number in range(300):
        github.review(repo, 1, "COMMENTED", f"review {number}", by="bo")
    assert [review.body for review in reader.reviews.list(1)] == [f"review {number}" for number in range(300)]


def test_a_review_names_the_commit_it_was_made_on(
    github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull
) -> None:
    reviewed = pull.head_sha
    github.review(repo, 1, "APPROVED", "fine", by="bo")
    github.push(repo, BRANCH, {"more.txt": "more"}, by="ada")
    (review,) = reader.reviews.list(1)
    assert (review.state, review.commit, review.author.login) == (ReviewState.APPROVED, reviewed, "bo")
    assert reader.pulls.get(1).head_sha != reviewed


def test_an_edited_and_a_dismissed_review_say_so(
    github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull
) -> None:
    github.review(repo, 1, "APPROVED", "fine", by="bo").body = "not what I said"
    github.review(repo, 1, "DISMISSED", "old", by="bo")
    assert [(review.state.value, review.body) for review in reader.reviews.list(1)] == [
        ("APPROVED", "not what I said"),
        ("DISMISSED", "old"),
    ]


def test_a_review_of_a_deleted_account_is_the_ghosts(
    github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull
) -> None:
    github.review(repo, 1, "APPROVED", "bye", by="bo")
    github.hub.remove_user("bo")
    assert reader.reviews.list(1)[0].author.login == "ghost"


@pytest.mark.parametrize("decision", list(Decision))
def test_a_submitted_review_comes_back_as_it_is_listed(
    decision: Decision, github: GitHub, repo: Repository, connect: Connect, pull: Pull
) -> None:
    bo = connect(github.token("bo"))
    made = bo.reviews.submit(1, decision, "because ä", pull.head_sha)
    assert (made.state, made.body, made.commit) == (decision.state, "because ä", pull.head_sha)
    assert bo.reader.reviews.list(1) == (made,)


def test_nobody_approves_their_own_pull_request(ada: GitHubWriter, pull: Pull) -> None:
    with pytest.raises(Refused, match="Can not approve your own pull request"):
        ada.reviews.submit(1, Decision.APPROVE, "mine", pull.head_sha)


def test_a_commit_outside_the_pull_request_cannot_be_reviewed(
    github: GitHub, repo: Repository, connect: Connect, pull: Pull
) -> None:
    with pytest.raises(Refused, match="not part of the pull request"):
        connect(github.token("bo")).reviews.submit(1, Decision.APPROVE, "x", pull.base_sha)


def test_a_request_is_answered_by_a_review(github: GitHub, repo: Repository, connect: Connect, pull: Pull) -> None:
    pull.reviewers = ["bo"]
    bo = connect(github.token("bo"))
    assert bo.reader.reviews.requested(1).accounts == ("bo",)
    bo.reviews.submit(1, Decision.APPROVE, "fine", pull.head_sha)
    assert bo.reader.reviews.requested(1).accounts == ()
