"""Without a remote the branches are the repository's own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gatehouse.errors import GatehouseError
from gatehouse.git import Author, Repository, Writer


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    subprocess.run(["git", "init", "-q", "-b", "main", tmp_path], check=True)
    made = Writer(Repository(tmp_path), None, Author("Ada", "ada@example.com"))
    first = made.commit(None, {"a.txt": b"one"}, "first")
    made.repository.run("reset", "--hard", first)
    return made


def test_a_branch_that_is_not_there_is_none_and_is_made_by_a_push(writer: Writer) -> None:
    assert writer.fetch("serving") is None
    commit = writer.commit(None, {"x": b"1"}, "x")
    writer.push(commit, "serving", None)
    assert writer.fetch("serving") == commit


def test_a_branch_that_moved_is_left_alone(writer: Writer) -> None:
    first = writer.commit(None, {"x": b"1"}, "x")
    writer.push(first, "serving", None)
    with pytest.raises(GatehouseError):
        writer.push(writer.commit(None, {"x": b"2"}, "y"), "serving", None)
    assert writer.fetch("serving") == first


def test_the_checkout_of_a_branch_moves_along(writer: Writer) -> None:
    tip = writer.fetch("main")
    writer.push(writer.commit(tip, {"a.txt": b"two"}, "second"), "main", tip)
    assert (writer.repository.root / "a.txt").read_text() == "two"
    assert writer.repository.run("status", "--porcelain") == ""


def test_changes_in_the_checkout_are_never_overwritten(writer: Writer) -> None:
    tip = writer.fetch("main")
    (writer.repository.root / "a.txt").write_text("mine")
    with pytest.raises(GatehouseError):
        writer.push(writer.commit(tip, {"a.txt": b"two"}, "second"), "main", tip)
    assert (writer.repository.root / "a.txt").read_text() == "mine"
    assert writer.fetch("main") == tip


def test_a_checked_out_branch_that_moved_is_left_alone(writer: Writer) -> None:
    tip = writer.fetch("main")
    made = writer.commit(tip, {"a.txt": b"two"}, "second")
    writer.push(made, "main", tip)
    with pytest.raises(GatehouseError, match="moved in the meantime"):
        writer.push(writer.commit(tip, {"a.txt": b"three"}, "third"), "main", tip)
