"""Files come from the working tree or any revision, as data, and nothing outside of them is ever reached."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gatehouse.declare import source as module
from gatehouse.declare.source import Proposed, Revision, Source, Unreadable, WorkTree
from gatehouse.errors import NotFound
from gatehouse.git import Author, Repository, Writer
from gatehouse.git.repository import SIZE_LIMIT
from tests.declare.helpers import Files

ME = Author("Ada", "ada@example.org")


@pytest.fixture
def tree(tmp_path: Path) -> WorkTree:
    return WorkTree(tmp_path)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    found = Repository(tmp_path)
    found.run("init", "-q", "-b", "main")
    return found


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / "promotions" / "m" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def linked(repository: Repository) -> Revision:
    """A commit in which promotions/m/production.yaml is a symbolic link, and promotions/m/sub a submodule."""
    git = repository.run
    blob = git("hash-object", "-w", "--stdin", data=b"/etc/passwd")
    git("update-index", "--add", "--cacheinfo", f"120000,{blob},promotions/m/production.yaml")
    git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},promotions/m/sub")
    env = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return Revision(repository, git("commit-tree", git("write-tree"), data=b"link", env=env))


def test_a_working_tree_lists_and_reads_what_lies_there(tree: WorkTree) -> None:
    write(tree.root, production="a", staging="b")
    assert tree.paths("promotions") == ["promotions/m/production.yaml", "promotions/m/staging.yaml"]
    assert tree.read("promotions/m/staging.yaml") == b"b"


def test_what_is_not_there_is_none_and_no_folder_has_no_paths(tree: WorkTree) -> None:
    write(tree.root, production="a")
    assert tree.paths("gates") == []
    assert tree.read("promotions/m/hold.yaml") is None
    assert tree.read("promotions/m/production.yaml/x") is None
    assert tree.read("promotions/m") is None


@pytest.mark.parametrize("target", ["production.yaml", "/etc/passwd", "nowhere"])
def test_a_linked_file_is_named_and_never_followed(tree: WorkTree, target: str) -> None:
    write(tree.root, production="a")
    (tree.root / "promotions/m/staging.yaml").symlink_to(target)
    assert "promotions/m/staging.yaml" in tree.paths("promotions")
    with pytest.raises(Unreadable, match=r"`promotions/m/staging\.yaml` is a symbolic link"):
        tree.read("promotions/m/staging.yaml")


def test_a_linked_folder_is_named_and_never_entered(tree: WorkTree, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    write(elsewhere, production="secret")
    write(tree.root, production="a")
    (tree.root / "promotions/n").symlink_to(elsewhere / "promotions/m")
    assert tree.paths("promotions") == ["promotions/m/production.yaml", "promotions/n"]
    with pytest.raises(Unreadable, match="`promotions/n` is a symbolic link"):
        tree.read("promotions/n/production.yaml")


def test_a_pipe_is_no_file_and_is_not_waited_for(tree: WorkTree) -> None:
    write(tree.root, production="a")
    os.mkfifo(tree.root / "promotions/m/staging.yaml")
    assert tree.read("promotions/m/staging.yaml") is None


def test_a_file_is_read_up_to_the_limit_and_not_beyond(tree: WorkTree) -> None:
    write(tree.root, production="x" * SIZE_LIMIT, staging="x" * (SIZE_LIMIT + 1))
    assert tree.read("promotions/m/production.yaml") == b"x" * SIZE_LIMIT
    with pytest.raises(Unreadable, match="has 1,000,001 bytes, more than the 1,000,000"):
        tree.read("promotions/m/staging.yaml")


def test_a_revision_is_read_without_a_checkout(repository: Repository) -> None:
    writer = Writer(repository, author=ME)
    first = writer.commit(None, {"promotions/m/production.yaml": b"one", "gates/a.py": b"gate"}, "one")
    second = writer.commit(first, {"promotions/m/production.yaml": b"two"}, "two")
    assert Revision(repository, first).read("promotions/m/production.yaml") == b"one"
    later = Revision(repository, second)
    assert later.paths("promotions") == ["promotions/m/production.yaml"]
    assert later.paths("promotions/") == ["promotions/m/production.yaml"]
    assert later.paths("") == ["gates/a.py", "promotions/m/production.yaml"]
    assert later.paths("nothing") == []
    assert later.read("promotions/m/production.yaml") == b"two"
    assert later.read("gates/a.py") == b"gate"
    assert later.read("gates/b.py") is None
    assert later.read("gates") is None


def test_a_revision_that_is_not_there_is_said_at_once(repository: Repository) -> None:
    with pytest.raises(NotFound, match="no revision 'main'"):
        Revision(repository, "main")


def test_links_and_submodules_of_a_revision_are_named_and_never_followed(repository: Repository) -> None:
    revision = linked(repository)
    assert revision.paths("promotions") == ["promotions/m/production.yaml", "promotions/m/sub"]
    with pytest.raises(Unreadable, match="symbolic link"):
        revision.read("promotions/m/production.yaml")
    with pytest.raises(Unreadable, match="submodule"):
        revision.read("promotions/m/sub")


def test_one_large_blob_keeps_no_other_file_from_being_read(repository: Repository) -> None:
    files = {"promotions/m/a.yaml": b"a", "promotions/m/b.yaml": b"x" * 5_000_000, "promotions/m/c.yaml": b"c"}
    revision = Revision(repository, Writer(repository, author=ME).commit(None, files, "large"))
    assert revision.paths("promotions") == sorted(files)
    assert revision.read("promotions/m/a.yaml") == b"a"
    assert revision.read("promotions/m/c.yaml") == b"c"
    with pytest.raises(Unreadable, match="has 5,000,000 bytes"):
        revision.read("promotions/m/b.yaml")


def test_a_tree_larger_than_a_batch_is_read_batch_by_batch(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BATCH", 25)
    files: dict[str, bytes | None] = {f"promotions/m/s{i}.yaml": bytes([65 + i]) * 10 for i in range(9)}
    revision = Revision(repository, Writer(repository, author=ME).commit(None, files, "many"))
    assert {path: revision.read(path) for path in revision.paths("promotions")} == files
    assert {path: revision.read(path) for path in reversed(revision.paths("promotions"))} == files


def test_names_in_any_encoding_are_listed(repository: Repository) -> None:
    path = b"promotions/m/\xff\n.yaml".decode(errors="surrogateescape")
    blob = repository.run("hash-object", "-w", "--stdin", data=b"x")
    entry = b"100644 blob " + blob.encode() + b"\tx\xff\n.yaml\0"
    tree = repository.run("mktree", "-z", data=entry)
    for name in ("m", "promotions"):
        tree = repository.run("mktree", data=f"040000 tree {tree}\t{name}\n".encode())
    env = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    revision = Revision(repository, repository.run("commit-tree", tree, data=b"name", env=env))
    assert revision.paths("promotions") == [path.replace("m/", "m/x")]
    assert revision.read(path.replace("m/", "m/x")) == b"x"


def test_a_proposal_brings_its_pins_and_nothing_else() -> None:
    base = Files({
        "promotions/m/policy.yaml": "strict",
        "promotions/m/production.yaml": "old",
        "promotions/m/staging.yaml": "gone",
        "gates/a.py": "base",
    })  # fmt: skip
    head = Files({
        "promotions/m/policy.yaml": "weak",
        "promotions/m/production.yaml": "new",
        "promotions/evil/policy.yaml": "mine",
        "promotions/stages.yaml": "no review",
        "gates/a.py": "head",
    })  # fmt: skip
    proposed: Source = Proposed(base, head)
    assert proposed.paths("promotions") == ["promotions/m/policy.yaml", "promotions/m/production.yaml"]
    assert proposed.read("promotions/m/production.yaml") == b"new"
    assert proposed.read("promotions/m/staging.yaml") is None
    assert proposed.read("promotions/m/policy.yaml") == b"strict"
    assert proposed.read("promotions/stages.yaml") is None
    assert (proposed.paths("gates"), proposed.read("gates/a.py")) == (["gates/a.py"], b"base")
