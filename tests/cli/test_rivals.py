"""Which open pull requests change which slots: by git, whatever their branches hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gatehouse.cli import rivals
from gatehouse.cli.rivals import Rival
from gatehouse.errors import NotFound, Unreachable
from gatehouse.github import Account, GitHubReader, Pull
from gatehouse.pin import Slot
from gatehouse.sync.trunk import locate
from tests.support.desk import MODEL, PRODUCTION, SLUG, STAGING, Desk, desk, pin
from tests.support.repo import promotion

EU = Slot(MODEL, "production", "eu")


def pull(number: int, head: str = "topic", slug: str | None = SLUG) -> Pull:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    return Pull(number, "t", "", "", Account("dana"), head, "0" * 40, slug, "main", "0" * 40, "open", False, now)


def rival(number: int, *slots: Slot, head: str = "topic", slug: str | None = SLUG) -> Rival:
    return Rival(pull(number, head, slug), frozenset(slots))


class TestOlder:
    def test_the_oldest_before_this_one_that_shares_a_slot_is_named_with_the_slot(self) -> None:
        among = [rival(9, STAGING), rival(5, STAGING, EU), rival(3, PRODUCTION), rival(7, STAGING)]
        assert rivals.older(among, 9, [STAGING]) == (among[1], STAGING)
        assert rivals.older(among, 7, [STAGING, PRODUCTION]) == (among[2], PRODUCTION)

    def test_neither_itself_nor_a_younger_one_nor_another_slot_is_in_the_way(self) -> None:
        among = [rival(5, STAGING), rival(9, STAGING), rival(2, EU)]
        assert rivals.older(among, 5, [STAGING]) is None
        assert rivals.older(among, 9, [PRODUCTION]) is None
        assert rivals.older(among, 9, []) is None

    def test_of_any_number_of_rivals_exactly_one_has_none_before_it(self) -> None:
        among = [rival(number, STAGING) for number in (8, 3, 21, 4)]
        assert [one.pull.number for one in among if rivals.older(among, one.pull.number, one.slots) is None] == [3]


class TestOthers:
    def test_the_same_branch_of_the_same_repository_is_this_very_proposal(self) -> None:
        mine = rival(5, STAGING, head="promote/it", slug="Acme/Models")
        assert rivals.others([mine], STAGING, "promote/it", SLUG) == []

    @pytest.mark.parametrize("slug", ["eve/models", None])
    def test_a_branch_of_that_name_in_a_fork_is_somebody_else_s(self, slug: str | None) -> None:
        theirs = rival(5, STAGING, head="promote/it", slug=slug)
        assert rivals.others([theirs], STAGING, "promote/it", SLUG) == [theirs.pull]

    def test_the_oldest_comes_first_and_other_slots_do_not_count(self) -> None:
        among = [rival(9, STAGING), rival(4, PRODUCTION), rival(6, STAGING)]
        assert [one.number for one in rivals.others(among, STAGING, "x", SLUG)] == [6, 9]


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as made:
        yield made


@pytest.fixture
def reader(at: Desk) -> Iterator[GitHubReader]:
    with GitHubReader(at.token, at.github.api_url, SLUG) as reader:
        yield reader


def found(at: Desk, reader: GitHubReader) -> dict[int, frozenset[Slot]]:
    return {one.pull.number: one.slots for one in rivals.rivals(locate(at.repository), reader)}


class TestRivals:
    def test_files_that_are_added_edited_moved_or_deleted_are_changed(self, at: Desk, reader: GitHubReader) -> None:
        at.promote(STAGING, 2)
        at.promote(EU, 2)
        at.open({PRODUCTION.path: None})
        at.open({STAGING.path: None, EU.path: promotion(pin(1))})
        at.open({"README.md": "#\n", f"promotions/{MODEL}/policy.yaml": "x", "promotions/notes.yaml": "x"})
        slots = found(at, reader)
        assert slots == {
            1: frozenset({STAGING}), 2: frozenset({EU}), 3: frozenset({PRODUCTION}), 4: frozenset({STAGING, EU}),
        }  # fmt: skip

    def test_what_main_changed_since_is_not_the_branch_s_doing(self, at: Desk, reader: GitHubReader) -> None:
        at.promote(STAGING, 2)
        at.push({PRODUCTION.path: promotion(pin(9))})
        assert found(at, reader) == {1: frozenset({STAGING})}

    def test_a_pull_request_to_another_branch_promotes_nothing(self, at: Desk, reader: GitHubReader) -> None:
        at.github.push(at.remote, "old", {"README.md": "#\n"})
        at.promote(STAGING, 2).base = "old"
        assert found(at, reader) == {}

    def test_a_branch_with_a_history_of_its_own_changes_all_that_is_in_it(self, at: Desk, reader: GitHubReader) -> None:
        one = at.open({"README.md": "#\n"}, "orphan")
        git = at.remote.git
        tree = git.commit(git.resolve("orphan") or "").tree
        root = git.git("commit-tree", tree, data=b"A root", env={f"GIT_{who}_{what}": "x@example.org"
            for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")})  # fmt: skip
        git.move("refs/heads/orphan", root)
        at.change(one, {STAGING.path: promotion(pin(4))})
        assert found(at, reader) == {one.number: frozenset({STAGING})}

    def test_one_question_and_one_fetch_are_enough_for_many(self, at: Desk, reader: GitHubReader) -> None:
        for version in range(2, 12):
            at.promote(STAGING, version)
        assert len(found(at, reader)) == 10
        assert len(at.github.log) == 1

    def test_one_head_that_is_missing_keeps_no_other_from_coming(self, at: Desk, reader: GitHubReader) -> None:
        lost, kept = at.promote(STAGING, 2), at.promote(PRODUCTION, 2)
        at.remote.git.delete(f"refs/pull/{lost.number}/head")
        assert found(at, reader) == {lost.number: frozenset({STAGING}), kept.number: frozenset({PRODUCTION})}
        files = [entry.path for entry in at.github.log if entry.path.endswith("/files")]
        assert files == [f"/repos/{SLUG}/pulls/{lost.number}/files"], "only the lost one is asked of GitHub"

    def test_a_clone_s_branches_and_tags_stay_as_they_are(self, at: Desk, reader: GitHubReader) -> None:
        locate(at.repository)
        before = at.repository.run("for-each-ref")
        at.promote(STAGING, 2)
        assert found(at, reader)
        assert at.repository.run("for-each-ref") == before

    def test_a_remote_that_is_gone_is_told(self, at: Desk, reader: GitHubReader) -> None:
        at.promote(STAGING, 2)
        trunk = locate(at.repository)
        at.repository.run("remote", "set-url", "origin", str(at.root.parent / "nowhere.git"))
        with pytest.raises(Unreachable):
            rivals.rivals(trunk, reader)


class TestBring:
    def test_a_commit_of_the_remote_comes_by_its_id(self, at: Desk) -> None:
        head = at.head(at.promote(STAGING, 2))
        assert not at.repository.has(head)
        rivals.bring(locate(at.repository), head)
        assert at.repository.has(head)

    @pytest.mark.parametrize("name", ["0" * 40, "--upload-pack=touch x", "no such branch"])
    def test_what_is_nowhere_is_named_and_never_an_option(self, at: Desk, name: str) -> None:
        with pytest.raises(NotFound, match="here or on the remote"):
            rivals.bring(locate(at.repository), name)

    def test_without_a_remote_only_this_clone_is_looked_at(self, at: Desk) -> None:
        head = at.head(at.promote(STAGING, 2))
        with pytest.raises(NotFound):
            rivals.bring(replace(locate(at.repository), remote=None), head)
