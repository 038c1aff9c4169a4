from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gatehouse.errors import GatehouseError, NotFound
from gatehouse.github import Change, Forbidden, GitHubReader, GitHubWriter, Refused
from tests.github import GitHub
from tests.github.state import Pull, Repository
from tests.github_adapter.conftest import BRANCH, SLOT, SLUG, Connect


def test_a_pull_request_comes_back_as_a_frozen_value(
    github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull
) -> None:
    pull.draft = True
    github.label(repo, 1, "model: ä/b")
    found = reader.pulls.get(1)
    assert (found.title, found.author.login, found.head, found.base) == (pull.title, "ada", BRANCH, "main")
    assert (found.head_sha, found.base_sha, found.head_slug) == (pull.head_sha, pull.base_sha, SLUG)
    assert found.open
    assert found.draft
    assert found.labels == ("model: ä/b",)
    assert found.mergeable
    assert (found.merged, found.merge_sha) == (None, None)
    assert found.url.endswith("/acme/models/pull/1")


def test_an_unknown_number_is_not_found_and_says_that_access_may_be_missing(reader: GitHubReader) -> None:
    with pytest.raises(NotFound, match="acme/models to show pull request #404") as told:
        reader.pulls.get(404)
    assert "without access" in told.value.fix


def test_opening_twice_opens_once(github: GitHub, repo: Repository, ada: GitHubWriter) -> None:
    first = ada.pulls.open(BRANCH, "main", "Promote 48", "Why: better.")
    second = ada.pulls.open(BRANCH, "main", "Another title", "Another body")
    assert first.new
    assert not second.new
    assert second.pull.number == first.pull.number
    assert second.pull.title == "Promote 48"
    assert len(github.writes()) == 1


def test_one_that_somebody_opened_in_between_is_the_one(github: GitHub, ada: GitHubWriter, pull: Pull) -> None:
    # The look before says there is none; the write then says that there is one.
    pull.state = "closed"
    original = ada.pulls._reader.open_for

    def open_for(head: str, base: str = "main") -> object:
        found = original(head, base)
        pull.state = "open"
        return found

    ada.pulls._reader.open_for = open_for  # type: ignore[method-assign,assignment]  # the other person's moment
    opened = ada.pulls.open(BRANCH, "main", "Promote 48", "")
    assert (opened.pull.number, opened.new) == (pull.number, False)


def test_titles_become_one_line_and_bodies_keep_their_text(repo: Repository, ada: GitHubWriter) -> None:
    opened = ada.pulls.open(BRANCH, "main", "Promöte\n  48 🎉" + "x" * 300, "Zeile ä\nZeile 漢字 🎉 \0 \ud800")
    assert opened.pull.title.startswith("Promöte 48 🎉xxx")
    assert len(opened.pull.title) == 256
    assert opened.pull.body == "Zeile ä\nZeile 漢字 🎉  ?"


def test_a_branch_without_commits_is_refused_in_githubs_words(
    github: GitHub, repo: Repository, ada: GitHubWriter
) -> None:
    repo.git.move("refs/heads/empty", repo.git.resolve("main") or "")
    with pytest.raises(Refused, match="No commits between main and empty"):
        ada.pulls.open("empty", "main", "Nothing", "")


def test_reviewers_are_people_and_teams_but_never_the_author(
    github: GitHub, repo: Repository, ada: GitHubWriter
) -> None:
    github.team(repo, "model-risk", ["bo"])
    opened = ada.pulls.open(BRANCH, "main", "Promote 48", "", ["@ada", "bo", "@acme/model-risk"])
    requested = ada.reader.reviews.requested(opened.pull.number)
    assert (requested.accounts, requested.teams) == (("bo",), ("model-risk",))


def test_a_reviewer_without_access_is_named(repo: Repository, ada: GitHubWriter) -> None:
    with pytest.raises(Refused, match=r"request reviews of pull request #1 from zoe: .*not collaborators"):
        ada.pulls.open(BRANCH, "main", "Promote 48", "", ["@zoe"])


def test_the_open_promotions_of_a_slot_are_those_that_touch_its_file(
    github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull
) -> None:
    github.push(repo, "other", {"promotions/churn/production.yaml": "version: 1\n"})
    github.pull(repo, "other", by="bo")
    github.push(repo, "moved", {SLOT: None, "promotions/credit-risk/old.yaml": "version: 47\n"})
    moved = github.pull(repo, "moved", by="bo")
    github.push(repo, "closed", {SLOT: "version: 3\n"})
    github.pull(repo, "closed", by="bo").state = "closed"
    assert [each.number for each in reader.pulls.open_promotions(SLOT)] == [pull.number, moved.number]
    assert reader.pulls.files(moved.number) == (Change("promotions/credit-risk/old.yaml", "renamed", SLOT),)


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_each_commit_that_a_merge_left_on_main_names_its_pull_request(
    method: str, github: GitHub, repo: Repository, ada: GitHubWriter, reader: GitHubReader, pull: Pull
) -> None:
    before = repo.git.resolve("main") or ""
    github.push(repo, BRANCH, {"notes.md": "more\n"}, "More", by="ada")
    ada.pulls.merge(1, repo.git.resolve(BRANCH) or "", method)
    landed = repo.git.git("rev-list", "--first-parent", f"{before}..main").split()
    assert len(landed) == (2 if method == "rebase" else 1)
    for commit in landed:
        (found,) = reader.pulls.of_commit(commit)
        assert (found.number, found.merge_sha, found.head_sha) == (1, landed[0], pull.head_sha)
        assert found.merged is not None
    assert reader.pulls.of_commit(before) == ()


def test_a_commit_that_nobody_merged_lies_in_open_pull_requests_and_a_pushed_one_in_none(
    github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull
) -> None:
    (found,) = reader.pulls.of_commit(pull.head_sha)
    assert (found.number, found.merged) == (1, None)
    pushed = github.push(repo, "main", {SLOT: "version: 49\n"}, "Merge pull request #1 from acme/topic", by="bo")
    assert reader.pulls.of_commit(pushed) == ()


def test_a_commit_that_github_does_not_have_is_refused(reader: GitHubReader) -> None:
    with pytest.raises(Refused, match="tell which pull request brought ffffffffffff: No commit found"):
        reader.pulls.of_commit("f" * 40)


def test_every_page_of_open_pull_requests_is_read(github: GitHub, repo: Repository, reader: GitHubReader) -> None:
    for _ in range(130):
        github.pull(repo, BRANCH, by="ada")
    assert [pull.number for pull in reader.pulls.open()] == list(range(1, 131))


def test_the_latest_are_listed_newest_first_open_or_not_back_to_a_moment(
    github: GitHub, repo: Repository, reader: GitHubReader
) -> None:
    old = github.pull(repo, BRANCH, by="ada")
    github.advance(days=2)
    closed = github.pull(repo, BRANCH, by="ada")
    closed.state = "closed"
    other = github.pull(repo, BRANCH, by="ada")
    other.base = "another"
    newest = github.pull(repo, BRANCH, by="bo")
    assert [pull.number for pull in reader.pulls.since(closed.created)] == [newest.number, closed.number]
    assert [pull.number for pull in reader.pulls.since(old.created)][-1] == old.number
    assert [pull.number for pull in reader.pulls.since(old.created, most=1)] == [newest.number]


def test_of_the_latest_no_more_pages_are_read_than_are_wanted(
    github: GitHub, repo: Repository, reader: GitHubReader
) -> None:
    for _ in range(230):
        github.pull(repo, BRANCH, by="ada")
    found = reader.pulls.since(datetime(2020, 1, 1, tzinfo=UTC), most=200)
    assert [found[0].number, found[-1].number, len(found)] == [230, 31, 200]
    assert len([entry for entry in github.log if entry.path.endswith("/pulls")]) == 2


def test_a_body_is_written_anew(repo: Repository, ada: GitHubWriter, pull: Pull) -> None:
    ada.pulls.describe(1, "Why: ä better.")
    assert (pull.body, pull.title) == ("Why: ä better.", "Promote credit-risk 48 to production")


def test_a_merge_is_a_real_merge_of_the_reviewed_head(repo: Repository, ada: GitHubWriter, pull: Pull) -> None:
    sha = ada.pulls.merge(1, pull.head_sha)
    assert repo.git.resolve("main") == sha
    assert repo.git.commit(sha).parents == (pull.base_sha, pull.head_sha)
    assert repo.git.git("show", f"main:{SLOT}") == "version: 48"
    assert ada.pulls.merge(1, pull.head_sha) == sha
    assert ada.reader.pulls.get(1).merge_sha == sha


def test_a_head_that_moved_after_the_review_is_not_merged(
    github: GitHub, repo: Repository, ada: GitHubWriter, pull: Pull
) -> None:
    reviewed = pull.head_sha
    github.push(repo, BRANCH, {"gates/accuracy.py": "weaker"}, by="ada")
    with pytest.raises(Refused, match=r"modified.*\(409\)") as told:
        ada.pulls.merge(1, reviewed)
    assert "run it again" in told.value.fix
    assert ada.reader.pulls.get(1).open


def test_one_merged_at_another_head_is_not_taken_for_done(github: GitHub, ada: GitHubWriter, pull: Pull) -> None:
    ada.pulls.merge(1, pull.head_sha)
    with pytest.raises(GatehouseError, match="was merged at"):
        ada.pulls.merge(1, "0" * 40)


def test_a_conflict_is_refused_and_changes_nothing(
    github: GitHub, repo: Repository, ada: GitHubWriter, pull: Pull
) -> None:
    tip = github.push(repo, "main", {SLOT: "version: 99\n"})
    assert ada.reader.pulls.get(1).mergeable is False
    with pytest.raises(Refused, match="not mergeable") as told:
        ada.pulls.merge(1, pull.head_sha)
    assert "conflict" in told.value.fix
    assert repo.git.resolve("main") == tip


class TestMergeWhenReady:
    """One approval is asked for, so that a merge has something to wait for."""

    @pytest.fixture
    def guarded(self, github: GitHub, repo: Repository, pull: Pull) -> Repository:
        github.ruleset(repo, {"type": "pull_request", "parameters": {"required_approving_review_count": 1}})
        repo.auto_merge = True
        return repo

    def test_what_can_be_merged_is_merged(self, repo: Repository, ada: GitHubWriter, pull: Pull) -> None:
        assert ada.pulls.merge_when_ready(1, pull.head_sha) == repo.git.resolve("main")

    def test_what_waits_is_merged_by_github_when_nothing_is_in_the_way(
        self, github: GitHub, guarded: Repository, ada: GitHubWriter, pull: Pull
    ) -> None:
        assert ada.pulls.merge_when_ready(1, pull.head_sha) is None
        assert ada.reader.pulls.get(1).open
        github.review(guarded, 1, "APPROVED", "fine", by="bo")
        ada.reader.pulls.get(1)
        assert ada.reader.pulls.get(1).merged is not None

    def test_where_github_does_not_wait_the_reason_is_told(
        self, guarded: Repository, ada: GitHubWriter, pull: Pull
    ) -> None:
        guarded.auto_merge = False
        with pytest.raises(Refused, match="At least 1 approving review is required"):
            ada.pulls.merge_when_ready(1, pull.head_sha)

    def test_a_head_that_moved_is_not_merged_and_not_waited_for(
        self, github: GitHub, guarded: Repository, ada: GitHubWriter, pull: Pull
    ) -> None:
        reviewed = pull.head_sha
        github.push(guarded, BRANCH, {"more.txt": "more"}, by="ada")
        with pytest.raises(Refused):
            ada.pulls.merge_when_ready(1, reviewed)
        assert pull.auto_merge is None

    def test_nobody_without_the_right_makes_github_wait(
        self, github: GitHub, guarded: Repository, connect: Connect, pull: Pull
    ) -> None:
        with pytest.raises(Forbidden):
            connect(github.token("eve")).pulls.merge_when_ready(1, pull.head_sha)
        assert pull.auto_merge is None

    def test_asking_twice_changes_nothing(self, guarded: Repository, ada: GitHubWriter, pull: Pull) -> None:
        assert ada.pulls.merge_when_ready(1, pull.head_sha) is None
        assert ada.pulls.merge_when_ready(1, pull.head_sha) is None
