"""What happened to a pull request: reviews, comments, requests, pushes, commits, and who changed whose words."""

from __future__ import annotations

from datetime import datetime

import pytest

from gatehouse.errors import NotFound, Unreachable
from gatehouse.github import Account, Edit, Forbidden, GitHubReader, GitHubWriter, Refused, Signed
from tests.github import GitHub
from tests.github.state import Pull, Repository
from tests.github_adapter.conftest import BRANCH, SLUG, Connect


def asked(github: GitHub, start: int) -> list[str]:
    return [entry.path for entry in github.log[start:]]


class TestTimeline:
    def test_300_reviews_come_oldest_first_in_four_requests(
        self, github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull
    ) -> None:
        for number in range(300):
            github.review(repo, 1, "COMMENTED", f"review {number}", by="bo")
        timeline = reader.timeline.of(1)
        assert [review.body for review in timeline.reviews] == [f"review {number}" for number in range(300)]
        assert len(github.log) == 4

    @pytest.mark.parametrize("state", ["APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED"])
    def test_a_review_reads_as_it_does_in_the_list_of_reviews(
        self, state: str, github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull
    ) -> None:
        github.review(repo, 1, state, "words ä", by="bo")
        assert reader.timeline.of(1).reviews == reader.reviews.list(1)

    def test_a_comment_reads_as_it_does_in_the_list_of_comments(
        self, github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull
    ) -> None:
        github.comment(repo, 1, "words", by="bo")
        assert reader.timeline.of(1).comments == reader.comments.list(1)

    def test_a_review_that_is_not_submitted_is_not_in_it(
        self, github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull
    ) -> None:
        github.review(repo, 1, "PENDING", "draft", by="ada").submitted = None
        assert reader.timeline.of(1).reviews == ()

    def test_a_review_of_a_deleted_account_is_the_ghosts(
        self, github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull
    ) -> None:
        github.review(repo, 1, "APPROVED", "bye", by="bo")
        github.comment(repo, 1, "bye", by="bo")
        github.hub.remove_user("bo")
        timeline = reader.timeline.of(1)
        assert (timeline.reviews[0].author.login, timeline.comments[0].author.login) == ("ghost", "ghost")

    def test_a_bot_is_told_from_a_person(
        self, github: GitHub, repo: Repository, bot: GitHubWriter, reader: GitHubReader, pull: Pull
    ) -> None:
        bot.comments.stick(1, "check", "text")
        assert reader.timeline.of(1).comments[0].author == Account("gatehouse[bot]", bot=True)

    def test_the_last_request_of_a_person_or_team_counts(
        self, github: GitHub, repo: Repository, ada: GitHubWriter, pull: Pull
    ) -> None:
        github.team(repo, "risk", ["bo"])
        ada.pulls.request(ada.reader.pulls.get(1), ["@bo", "@acme/risk"])
        first = ada.reader.timeline.of(1).requested
        assert first.keys() == {"bo", "acme/risk"}
        github.advance(hours=1)
        github.request(repo, 1, "bo", by="ada")
        again = ada.reader.timeline.of(1).requested
        assert again["acme/risk"] == first["acme/risk"]
        assert again["bo"] > first["bo"]

    def test_it_is_ready_when_it_was_last_taken_out_of_draft(
        self, github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull
    ) -> None:
        assert reader.timeline.of(1).ready is None
        github.ready(repo, 1, by="ada")
        github.advance(hours=1)
        github.ready(repo, 1, by="ada")
        at = reader.timeline.of(1).ready
        assert at is not None
        assert abs((at - github.hub.now()).total_seconds()) < 60

    def test_a_push_that_rewrote_the_branch_says_what_came_when_and_by_whom(
        self, github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull
    ) -> None:
        repo.git.move(f"refs/heads/{BRANCH}", repo.git.resolve("main") or "")
        head = github.push(repo, BRANCH, {"a.txt": "rewritten"}, by="bo")
        (push,) = reader.timeline.of(1).forced
        assert (push.commit, push.by) == (head, Account("bo"))

    def test_a_number_that_is_not_there_is_not_found(self, reader: GitHubReader) -> None:
        with pytest.raises(NotFound, match="show the timeline of pull request #7"):
            reader.timeline.of(7)


class TestPushes:
    def test_the_last_push_comes_first_with_githubs_time_and_account(
        self, github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull
    ) -> None:
        before = pull.head_sha
        github.advance(hours=1)
        head = github.push(repo, BRANCH, {"more.txt": "more"}, by="bo")
        first, *_ = pushes = reader.timeline.pushes(BRANCH, SLUG)
        assert (first.commit, first.by) == (head, Account("bo"))
        assert [push.commit for push in pushes] == [head, before]
        assert pushes[0].at > pushes[1].at

    def test_a_commit_that_claims_another_time_and_person_does_not_move_it(
        self, github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull
    ) -> None:
        github.advance(hours=1)
        head = github.push(repo, BRANCH, {"more.txt": "more"}, by="bo")
        repo.activities[-1].actor = "eve"
        github.advance(hours=1)
        first, *_ = reader.timeline.pushes(BRANCH, SLUG)
        assert (first.commit, first.by) == (head, Account("eve"))

    def test_a_push_of_a_deleted_account_is_by_nobody_known(
        self, github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull
    ) -> None:
        github.push(repo, BRANCH, {"more.txt": "more"}, by="bo")
        github.hub.remove_user("bo")
        assert reader.timeline.pushes(BRANCH, SLUG)[0].by is None

    def test_a_fork_that_the_token_does_not_see_is_not_found(self, repo: Repository, reader: GitHubReader) -> None:
        with pytest.raises(NotFound, match="eve/models"):
            reader.timeline.pushes(BRANCH, "eve/models")


class TestCommits:
    def test_authors_and_committers_are_accounts_where_github_knows_the_address(
        self, github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull
    ) -> None:
        github.push(repo, BRANCH, {"more.txt": "more"}, "More", by="bo")
        github.hub.remove_user("bo")
        known, unknown = reader.timeline.commits(1)
        assert known.author == Signed(known.author.email, "ada")
        assert (known.committer.login, unknown.author.login, unknown.message.strip()) == ("ada", "", "More")
        assert unknown.author.email.endswith("+bo@users.noreply.github.com")

    def test_all_of_them_are_listed(self, github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull) -> None:
        for number in range(104):
            github.push(repo, BRANCH, {"more.txt": str(number)}, f"Change {number}", by="ada")
        assert len(reader.timeline.commits(1)) == 105


class TestEdits:
    def test_who_changed_whose_words_is_told_where_the_reviews_do_not_say_it(
        self, github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull
    ) -> None:
        review, untouched = (github.review(repo, 1, "APPROVED", "fine", by="bo") for _ in range(2))
        comment = github.comment(repo, 1, "/approve-model", by="bo")
        github.advance(hours=1)
        github.edit(review, "EMERGENCY", by="ada")
        github.edit(comment, "other", by="bo")
        timeline = reader.timeline.of(1)
        nodes = [*(review.node for review in timeline.reviews), *(comment.node for comment in timeline.comments)]
        edits = reader.timeline.edits(nodes)
        assert {node: edit.by for node, edit in edits.items()} == {nodes[0]: "ada", nodes[2]: "bo"}
        assert edits[nodes[0]].at == review.edited
        assert untouched.edited is None

    def test_an_edit_of_a_deleted_account_is_an_edit(
        self, github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull
    ) -> None:
        github.edit(github.review(repo, 1, "APPROVED", "fine", by="bo"), "other", by="eve")
        github.hub.remove_user("eve")
        (review,) = reader.timeline.of(1).reviews
        (edit,) = reader.timeline.edits([review.node]).values()
        assert isinstance(edit.at, datetime)
        assert edit == Edit(edit.at, "ghost")

    def test_300_are_asked_in_three_requests_and_none_in_none(
        self, github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull
    ) -> None:
        for _ in range(300):
            github.edit(github.review(repo, 1, "APPROVED", "fine", by="bo"), "other", by="ada")
        nodes = [review.node for review in reader.timeline.of(1).reviews]
        start = len(github.log)
        assert reader.timeline.edits(nodes).keys() == set(nodes)
        assert len(asked(github, start)) == 3
        assert reader.timeline.edits([]) == {}
        assert len(asked(github, start)) == 3

    def test_a_review_that_is_gone_raises_and_is_never_taken_for_unedited(
        self, github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull
    ) -> None:
        github.review(repo, 1, "APPROVED", "fine", by="bo")
        (review,) = reader.timeline.of(1).reviews
        pull.reviews.clear()
        with pytest.raises(NotFound):
            reader.timeline.edits([review.node])

    @pytest.mark.parametrize("status", [500, 502, None])
    def test_a_breakdown_is_asked_again(
        self, status: int | None, github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull
    ) -> None:
        github.review(repo, 1, "APPROVED", "fine", by="bo")
        (review,) = reader.timeline.of(1).reviews
        github.fail("POST", "/graphql$", status)
        assert reader.timeline.edits([review.node]) == {}

    @pytest.mark.parametrize(
        ("kind", "error", "said"),
        [
            ("RATE_LIMITED", Unreachable, "too many requests"),
            ("FORBIDDEN", Forbidden, "may not tell which reviews were edited"),
            ("SOMETHING", Refused, "would not tell which reviews were edited: no words of it"),
        ],
    )
    def test_an_error_that_graphql_sends_as_a_success_is_an_error(
        self, kind: str, error: type[Exception], said: str, monkeypatch: pytest.MonkeyPatch, reader: GitHubReader
    ) -> None:
        told = {"errors": [{"type": kind, "message": "no words of it"}]}
        monkeypatch.setattr("tests.github.graphql.answer", lambda *_: told)
        with pytest.raises(error, match=said):
            reader.timeline.edits(["a"])


def test_a_timeline_whose_second_page_breaks_is_asked_for_that_page_again(
    github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull
) -> None:
    for number in range(150):
        github.review(repo, 1, "COMMENTED", str(number), by="bo")
    github.fail("GET", "/timeline$", 502)
    assert len(reader.timeline.of(1).reviews) == 150
    assert len(github.log) == 3


def test_a_token_that_may_not_see_pushes_is_told_the_permission(
    github: GitHub, repo: Repository, connect: Connect
) -> None:
    with pytest.raises(Forbidden) as told:
        connect(github.app_token("other", {"pull_requests": "read"})).reader.timeline.pushes(BRANCH, SLUG)
    assert "read access to contents" in told.value.fix
