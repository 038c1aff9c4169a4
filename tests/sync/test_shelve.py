"""Results on the evidence branch: added, numbered, and never written over."""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec
import pytest

from gatehouse.errors import GatehouseError, Unreachable
from gatehouse.evaluate.result import Result
from gatehouse.git import Author, Repository, Writer
from gatehouse.git.repository import SIZE_LIMIT
from gatehouse.pin import Slot
from gatehouse.sync.append import ATTEMPTS
from gatehouse.sync.places import Place
from gatehouse.sync.shelve import document, shelve
from gatehouse.verdict import Curve, Outcome, Verdict
from tests.support.records import pin
from tests.support.repo import Promotions, promotions
from tests.support.thousand import digest
from tests.sync.checks import check

SLOT = Slot("credit-risk", "production")
FIRST = Place("credit-risk", digest("a"))
SECOND, THIRD = FIRST.further, FIRST.further.further


@pytest.fixture
def repo(tmp_path: Path) -> Promotions:
    return promotions(tmp_path, "sqlite:///mlflow.db")


def found(seconds: float = 1.5, key: str = FIRST.key) -> Result:
    return msgspec.structs.replace(check(SLOT, pin(2)), key=key, seconds=seconds)


def seal(result: Result, written: bytes) -> bytes:
    return b"sealed " + result.key.encode() + b" %d\n" % len(written)


def commit(repo: Promotions, files: dict[str, bytes | None]) -> str:
    """Whatever somebody else writes to the branch."""
    writer = Writer(repo.repository, author=Author("robot", "robot@example.org"))
    tip = writer.fetch("evidence")
    made = writer.commit(tip, files, "By hand")
    writer.push(made, "evidence", tip)
    return made


def lying(repo: Promotions) -> dict[str, str]:
    return repo.remote_files("evidence")


# --- where results lie


def test_a_result_lies_under_its_key_with_its_statement_beside_it(repo: Promotions) -> None:
    tip = shelve(repo.repository, [found()], seal=seal)
    assert lying(repo) == {
        FIRST.document: document(found()).decode(),
        FIRST.envelope: seal(found(), document(found())).decode(),
    }
    assert tip == Repository(repo.origin).resolve("evidence")
    assert msgspec.json.decode(document(found()), type=Result) == found()


def test_without_a_key_to_sign_with_a_result_lies_there_alone(repo: Promotions) -> None:
    shelve(repo.repository, [found()])
    assert set(lying(repo)) == {FIRST.document}


def test_a_further_check_of_a_question_gets_a_number_and_leaves_the_others_alone(repo: Promotions) -> None:
    for seconds in (1, 2, 3):
        shelve(repo.repository, [found(seconds)], seal=seal)
    files = lying(repo)
    for seconds, place in ((1, FIRST), (2, SECOND), (3, THIRD)):
        assert files[place.document] == document(found(seconds)).decode()
        assert place.envelope in files
    assert len(files) == 6


def test_the_same_document_again_writes_nothing(repo: Promotions) -> None:
    shelve(repo.repository, [found()], seal=seal)
    tip = shelve(repo.repository, [found(2)], seal=seal)
    for again in (found(), found(2)):
        assert shelve(repo.repository, [again], seal=lambda *_: b"another signature") == tip
    assert len(lying(repo)) == 4
    assert len(Repository(repo.origin).log("evidence")) == 2


def test_a_statement_that_was_missing_comes_beside_the_document_that_lies_there(repo: Promotions) -> None:
    shelve(repo.repository, [found(1), found(2, digest("b"))])
    shelve(repo.repository, [found(3)])
    shelve(repo.repository, [found(3)], seal=seal)
    assert SECOND.envelope in lying(repo)
    assert FIRST.envelope not in lying(repo)
    assert THIRD.document not in lying(repo)


def test_results_of_one_check_come_in_one_commit(repo: Promotions) -> None:
    others = [found(), found(2), found(key=digest("b"))]
    shelve(repo.repository, others)
    assert set(lying(repo)) == {FIRST.document, SECOND.document, Place("credit-risk", digest("b")).document}
    (made,) = Repository(repo.origin).log("evidence")
    assert made.message.splitlines()[2:] == ["credit-risk/production version 2 as champion: PASS"] * 3


def test_nothing_to_keep_makes_no_commit_and_no_branch(repo: Promotions) -> None:
    assert shelve(repo.repository, []) is None
    assert not Repository(repo.origin).has("evidence")
    tip = shelve(repo.repository, [found()])
    assert shelve(repo.repository, []) == tip


# --- never again


def test_a_path_that_somebody_took_is_passed_over(repo: Promotions) -> None:
    commit(repo, {FIRST.envelope: b"planted", SECOND.document: b"planted"})
    shelve(repo.repository, [found()], seal=seal)
    files = lying(repo)
    assert files[FIRST.envelope] == files[SECOND.document] == "planted"
    assert files[THIRD.document] == document(found()).decode()
    assert files[THIRD.envelope].startswith("sealed")


@pytest.mark.parametrize("target", [b"/etc/passwd", None], ids=["elsewhere", "the very document"])
def test_a_link_in_the_place_of_a_document_is_no_document_and_not_written_over(
    repo: Promotions, target: bytes | None
) -> None:
    git = Repository(repo.root).run
    blob = git("hash-object", "-w", "--stdin", data=target or document(found()))
    made = commit(repo, {"evidence/credit-risk/x": b"x"})
    index = {"GIT_INDEX_FILE": str(repo.root / "index")}
    git("read-tree", made, env=index)
    git("update-index", "--add", "--cacheinfo", f"120000,{blob},{FIRST.document}", env=index)
    linked = git("commit-tree", git("write-tree", env=index), "-p", made, data=b"Link")
    Writer(repo.repository).push(linked, "evidence", made)
    shelve(repo.repository, [found()])
    assert lying(repo)[SECOND.document] == document(found()).decode()


def test_the_name_of_what_was_deleted_is_not_used_again(repo: Promotions) -> None:
    shelve(repo.repository, [found()], seal=seal)
    commit(repo, {FIRST.document: None, FIRST.envelope: None})
    shelve(repo.repository, [found()], seal=seal)
    assert set(lying(repo)) == {SECOND.document, SECOND.envelope}


def test_a_name_that_a_merge_dropped_is_not_used_again(repo: Promotions) -> None:
    one = shelve(repo.repository, [found(key=digest("b"))])
    two = shelve(repo.repository, [found()])
    assert one is not None
    assert two is not None
    git = repo.repository.run
    dropped = git("commit-tree", f"{one}^{{tree}}", "-p", one, "-p", two, data=b"Merge")
    Writer(repo.repository).push(dropped, "evidence", two)
    shelve(repo.repository, [found()])
    assert FIRST.document not in lying(repo)
    assert SECOND.document in lying(repo)


@pytest.mark.parametrize(
    ("key", "model"),
    [
        ("", "credit-risk"),
        ("sha256:" + "A" * 64, "credit-risk"),
        (digest("a") + "/../../../promotions", "credit-risk"),
        (digest("a"), "../promotions"),
        (digest("a"), "a/b"),
        (digest("a"), "*"),
        (digest("a"), ""),
    ],
)
def test_a_result_chooses_no_path_of_its_own(repo: Promotions, key: str, model: str) -> None:
    request = msgspec.structs.replace(found().request, slot=Slot(model, "production"))
    with pytest.raises(GatehouseError, match="no evidence key, or its model no name"):
        shelve(repo.repository, [msgspec.structs.replace(found(key=key), request=request)])
    assert not Repository(repo.origin).has("evidence")


# --- several writers


def test_writers_at_the_same_time_all_keep_their_results(repo: Promotions, tmp_path: Path) -> None:
    failed: list[Exception] = []
    for at in range(4):
        repo.repository.run("clone", "-q", str(repo.origin), str(tmp_path / str(at)))

    def write(at: int) -> None:
        try:
            shelve(Repository(tmp_path / str(at)), [found(at), found(at, digest(str(at)))], seal=seal)
        except GatehouseError as error:
            failed.append(error)

    writers = [threading.Thread(target=write, args=(at,)) for at in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not failed
    files = lying(repo)
    assert {files[place.document] for place in (FIRST, SECOND, THIRD, THIRD.further)} == {
        document(found(at)).decode() for at in range(4)
    }
    assert len(files) == 16


def test_a_branch_that_moves_between_look_and_push_is_looked_at_again(
    repo: Promotions, monkeypatch: pytest.MonkeyPatch
) -> None:
    push = Writer.push
    moved: list[str] = []

    def late(self: Writer, made: str, branch: str, expect: str | None) -> None:
        if not moved:
            moved.append(made)
            monkeypatch.setattr(Writer, "push", push)
            shelve(repo.repository, [found(9)])
        push(self, made, branch, expect)

    monkeypatch.setattr(Writer, "push", late)
    shelve(repo.repository, [found()])
    assert lying(repo)[FIRST.document] == document(found(9)).decode()
    assert lying(repo)[SECOND.document] == document(found()).decode()


def test_a_remote_that_refuses_every_time_is_said(repo: Promotions) -> None:
    hook = repo.origin / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho refused >> seen\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(GatehouseError, match="refused"):
        shelve(repo.repository, [found()])
    assert len((repo.origin / "seen").read_text().split()) == ATTEMPTS


def test_a_remote_that_is_gone_is_not_asked_again(repo: Promotions) -> None:
    repo.origin.rename(repo.origin.with_name("elsewhere"))
    with pytest.raises(Unreachable):
        shelve(repo.repository, [found()])


# --- size


def large(*, words: int = 0, points: int = 0) -> Result:
    curve = Curve("ROC", "x", "y", {"candidate": [(0.123456789, 0.987654321)] * points})
    verdicts = (Verdict("accuracy", Outcome.PASS, "x" * words, exhibits=(curve,)),)
    return msgspec.structs.replace(found(), verdicts=verdicts)


def test_pictures_are_left_out_where_a_document_could_not_be_read_back_with_them() -> None:
    (kept,) = msgspec.json.decode(document(large(points=200)), type=Result).verdicts
    assert kept.exhibits
    slim = document(large(points=40_000))
    assert len(slim) < 2_000
    (verdict,) = msgspec.json.decode(slim, type=Result).verdicts
    assert (verdict.exhibits, verdict.outcome) == ((), Outcome.PASS)


def test_a_document_that_would_hide_all_others_is_not_kept(repo: Promotions) -> None:
    with pytest.raises(GatehouseError, match=f"bytes, and is read back up to {SIZE_LIMIT:,}"):
        shelve(repo.repository, [large(words=SIZE_LIMIT)])
    assert not Repository(repo.origin).has("evidence")
