"""Reading a real git repository at any revision, without a checkout."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gatehouse.errors import GatehouseError, NotFound, Unreachable
from gatehouse.git import Author, Repository, Writer
from gatehouse.git.repository import SIZE_LIMIT, TooMuch

ME = Author("Ada", "ada@example.com")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    folder = tmp_path / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder], check=True)
    return folder


@pytest.fixture
def clone(tmp_path: Path, bare: Path) -> Repository:
    folder = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", bare, folder], check=True, capture_output=True)
    return Repository(folder)


@pytest.fixture
def writer(clone: Repository) -> Writer:
    return Writer(clone, author=ME)


def test_a_file_is_read_at_each_revision_without_a_checkout(clone: Repository, writer: Writer) -> None:
    first = writer.commit(None, {"a/b.txt": b"one"}, "first")
    second = writer.commit(first, {"a/b.txt": b"two"}, "second")
    assert clone.read(first, "a/b.txt") == b"one"
    assert clone.read(second, "a/b.txt") == b"two"
    assert clone.read(second, "a/none.txt") is None
    assert not (clone.root / "a").exists()


def test_a_link_is_not_a_file(clone: Repository, writer: Writer) -> None:
    blob = clone.run("hash-object", "-w", "--stdin", data=b"/etc/passwd")
    tree = clone.run("mktree", data=f"120000 blob {blob}\tlink.yaml\n".encode())
    commit = clone.run("commit-tree", tree, data=b"a link", env=writer._identity())
    assert clone.blobs(commit) == {}


def test_a_file_above_the_limit_is_refused_before_it_is_read(clone: Repository, writer: Writer) -> None:
    commit = writer.commit(None, {"big": b"x" * (SIZE_LIMIT + 1)}, "big")
    with pytest.raises(GatehouseError, match="1,000,000"):
        clone.read(commit, "big")


def test_what_git_says_is_read_up_to_a_limit_and_not_beyond(clone: Repository, writer: Writer) -> None:
    commit = writer.commit(None, {f"f{number}": b"" for number in range(1_000)}, "many")
    asked = ("ls-tree", "-r", "--name-only", commit)
    whole = clone.run_bytes(*asked)
    assert clone.run_bounded(*asked, most=len(whole)) == whole
    with pytest.raises(TooMuch, match="git ls-tree says more"):
        clone.run_bounded(*asked, most=len(whole) - 1)


@pytest.mark.parametrize("name", ["--all", "--octopus", "--independent", "-h", "--upload-pack=x", "HEAD^{/(x+x+)+y}"])
def test_a_revision_that_looks_like_an_option_is_a_name_that_is_not_there(
    clone: Repository, writer: Writer, name: str
) -> None:
    writer.push(writer.commit(None, {"x": b"1"}, "x"), "main", expect=None)
    clone.run("fetch", "-q", "origin")
    for ends in ((name, "origin/main"), ("origin/main", name)):
        with pytest.raises(NotFound, match="no revision"):
            clone.merge_base(*ends)


def test_a_bounded_question_that_fails_says_why(clone: Repository) -> None:
    with pytest.raises(GatehouseError, match="git ls-tree failed: fatal: Not a valid object name"):
        clone.run_bounded("ls-tree", "nowhere", most=100)


def test_many_blobs_come_back_under_their_ids_whatever_they_hold(clone: Repository, writer: Writer) -> None:
    contents = {"empty": b"", "lines": b"a\nb\n\n", "binary": bytes(range(256))}
    commit = writer.commit(None, dict(contents), "contents")
    blobs = clone.blobs(commit)
    read = clone.read_blobs(list(blobs.values()))
    assert {path: read[blob] for path, blob in blobs.items()} == contents


def test_an_unknown_revision_is_not_found(clone: Repository) -> None:
    with pytest.raises(NotFound, match="no revision 'nowhere'"):
        clone.resolve("nowhere")
    assert not clone.has("nowhere")


def test_a_revision_that_looks_like_an_option_is_only_a_name(clone: Repository) -> None:
    with pytest.raises(NotFound):
        clone.resolve("--help")


def test_a_merge_is_one_change_made_when_it_was_merged(clone: Repository, writer: Writer) -> None:
    root = writer.commit(None, {"x": b"0"}, "root")
    side = writer.commit(root, {"x": b"1"}, "side")
    tree = clone.run("rev-parse", f"{side}^{{tree}}")
    merge = clone.run("commit-tree", tree, "-p", root, "-p", side, data=b"Merge #7\n\nbody", env=writer._identity())
    commits = clone.log(merge, "x")
    assert [commit.subject for commit in commits] == ["Merge #7", "root"]
    assert commits[0].parents == (root, side)
    assert commits[0].author == "Ada"
    assert commits[0].time.tzinfo is not None


def test_changed_lists_both_paths_of_a_rename(clone: Repository, writer: Writer) -> None:
    base = writer.commit(None, {"old": b"same content here", "keep": b"k"}, "base")
    head = writer.commit(base, {"old": None, "new": b"same content here"}, "rename")
    assert sorted(clone.changed(base, head)) == ["new", "old"]


def test_outside_a_repository_the_error_names_the_folder(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="is not inside a git repository"):
        Repository.around(tmp_path)


class TestWriter:
    def test_a_dirty_checkout_is_left_alone(self, clone: Repository, writer: Writer) -> None:
        (clone.root / "dirty.txt").write_text("mine")
        commit = writer.commit(None, {"clean.txt": b"theirs"}, "clean")
        writer.push(commit, "main", expect=None)
        assert [path.name for path in clone.root.iterdir() if path.name != ".git"] == ["dirty.txt"]

    def test_nothing_to_change_makes_no_commit(self, writer: Writer) -> None:
        commit = writer.commit(None, {"x": b"1"}, "x")
        assert writer.commit(commit, {"x": b"1"}, "again") == commit

    def test_a_branch_that_moved_is_not_overwritten(self, clone: Repository, writer: Writer) -> None:
        first = writer.commit(None, {"x": b"1"}, "first")
        writer.push(first, "main", expect=None)
        theirs = writer.commit(first, {"x": b"2"}, "theirs")
        writer.push(theirs, "main", expect=first)
        mine = writer.commit(first, {"x": b"3"}, "mine")
        with pytest.raises(GatehouseError, match="refused the push"):
            writer.push(mine, "main", expect=first)
        assert writer.fetch("main") == theirs

    def test_a_branch_that_exists_is_not_created_again(self, writer: Writer) -> None:
        first = writer.commit(None, {"x": b"1"}, "first")
        writer.push(first, "main", expect=None)
        with pytest.raises(GatehouseError, match="refused the push"):
            writer.push(writer.commit(None, {"y": b"1"}, "other"), "main", expect=None)

    def test_a_missing_remote_branch_is_none(self, writer: Writer) -> None:
        assert writer.fetch("nowhere") is None

    def test_a_remote_that_is_gone_is_unreachable(self, clone: Repository, writer: Writer, bare: Path) -> None:
        commit = writer.commit(None, {"x": b"1"}, "x")
        bare.rename(bare.with_name("moved.git"))
        with pytest.raises(Unreachable, match="did not answer"):
            writer.fetch("main")
        with pytest.raises(Unreachable, match="did not answer"):
            writer.push(commit, "main", expect=None)
