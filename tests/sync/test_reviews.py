"""What people said, on the evidence branch: added when something else was said, and believed only as it was put."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from gatehouse.audit.record import Approval
from gatehouse.errors import GatehouseError, Unreachable
from gatehouse.git import Author, Repository, Writer
from gatehouse.git.repository import SIZE_LIMIT
from gatehouse.review.facts import Facts, Standing
from gatehouse.review.judge import judge
from gatehouse.review.judgement import Ruled
from gatehouse.review.record import Reviewed, reviewed
from gatehouse.sync import reviews
from gatehouse.sync.reviews import keep, kept, newest
from tests.review.worlds import NOW, facts, filled, said
from tests.support.repo import Promotions, promotions

HEAD = "a" * 40
FIRST, SECOND, THIRD = (f"reviews/7/{HEAD}{which}.json" for which in ("", ".2", ".3"))


@pytest.fixture
def repo(tmp_path: Path) -> Promotions:
    return promotions(tmp_path, "sqlite:///mlflow.db")


def record(known: Facts, hours: float = 0) -> Reviewed:
    now = NOW + timedelta(hours=hours)
    return msgspec.structs.replace(reviewed(known, judge(known, now), now), head=HEAD)


APPROVED = facts(said("anna", Standing.APPROVED, 90, filled()))
REJECTED = facts(*APPROVED.said, said("bob", Standing.REJECTED, 200, "Not so"))
ONE, TWO = record(APPROVED), record(REJECTED)


def commit(repo: Promotions, files: dict[str, bytes | None]) -> None:
    """Whatever somebody else writes to the branch."""
    writer = Writer(repo.repository, author=Author("robot", "robot@example.org"))
    tip = writer.fetch("evidence")
    writer.push(writer.commit(tip, files, "By hand"), "evidence", tip)


def told(repo: Promotions, number: int | None = None) -> tuple[Reviewed, ...]:
    tip = Writer(repo.repository).fetch("evidence")
    return () if tip is None else kept(repo.repository, tip, number)


def written(record: Reviewed) -> bytes:
    return msgspec.json.encode(record)


def test_a_record_lies_under_its_pull_request_and_commit_and_is_read_back_as_it_was(repo: Promotions) -> None:
    assert keep(repo.repository, ONE)
    assert set(repo.remote_files("evidence")) == {FIRST}
    assert told(repo) == (ONE,)
    (place,) = ONE.places
    assert [approval.who for approval in place.approvals] == ["anna"]


def test_where_something_else_was_said_a_further_one_is_added_and_the_first_stays(repo: Promotions) -> None:
    assert keep(repo.repository, ONE)
    before = repo.remote_files("evidence")[FIRST]
    assert keep(repo.repository, TWO)
    assert keep(repo.repository, ONE), "the rejection was taken back"
    assert set(repo.remote_files("evidence")) == {FIRST, SECOND, THIRD}
    assert repo.remote_files("evidence")[FIRST] == before


def test_time_that_passes_adds_nothing(repo: Promotions) -> None:
    keep(repo.repository, ONE)
    for hours in (1, 30, 3000):
        assert not keep(repo.repository, record(APPROVED, hours))
    assert told(repo) == (ONE,)


def test_what_the_calendar_says_adds_nothing_but_that_it_passes_now_does(repo: Promotions) -> None:
    """Frozen or not, what is missing is missing; and who asks later whether it had passed finds that it had."""
    frozen = Ruled("calendar", False, "frozen", unblocks=NOW)
    (place,) = TWO.places
    closed = msgspec.structs.replace(place, rules=(*place.rules, frozen))
    keep(repo.repository, TWO)
    assert not keep(repo.repository, msgspec.structs.replace(TWO, places=(closed,)))
    passed = msgspec.structs.replace(place, passed=not place.passed)
    assert keep(repo.repository, msgspec.structs.replace(TWO, places=(passed,)))


def test_while_nobody_has_said_anything_there_is_nothing_to_keep(repo: Promotions) -> None:
    assert not keep(repo.repository, record(facts()))
    assert Writer(repo.repository).fetch("evidence") is None


def test_what_is_taken_back_is_on_record_too(repo: Promotions) -> None:
    """A comment that is deleted leaves nothing behind on GitHub."""
    keep(repo.repository, ONE)
    assert keep(repo.repository, record(facts()))
    assert not keep(repo.repository, record(facts()))
    assert [len(each.places[0].approvals) for each in told(repo)] == [1, 0]


def test_each_commit_has_records_of_its_own(repo: Promotions) -> None:
    keep(repo.repository, ONE)
    other = msgspec.structs.replace(ONE, head="b" * 40)
    assert keep(repo.repository, other)
    assert told(repo) == (ONE, other)
    assert newest(told(repo), HEAD) == ONE
    assert newest(told(repo), "c" * 40) is None
    third = msgspec.structs.replace(ONE, number=8)
    keep(repo.repository, third)
    assert (told(repo, 7), told(repo, 8), told(repo, 70)) == ((ONE, other), (third,), ())


def test_evidence_on_the_branch_is_left_alone(repo: Promotions) -> None:
    commit(repo, {"evidence/credit-risk/x.json": b"{}"})
    keep(repo.repository, ONE)
    assert set(repo.remote_files("evidence")) == {"evidence/credit-risk/x.json", FIRST}


@pytest.mark.parametrize(
    "done",
    [
        lambda repo: commit(repo, {FIRST: written(TWO)}),
        lambda repo: commit(repo, {FIRST: None}),
        lambda repo: [commit(repo, {FIRST: document}) for document in (None, written(ONE))],  # type: ignore[func-returns-value]
    ],
    ids=["edited", "deleted", "deleted and put back"],
)
def test_a_record_that_was_altered_proves_nothing_and_its_place_is_not_used_again(
    repo: Promotions, done: object
) -> None:
    keep(repo.repository, ONE)
    done(repo)  # type: ignore[operator]  # a lambda of the table above
    assert told(repo) == ()
    assert keep(repo.repository, ONE)
    assert told(repo) == (ONE,)
    assert SECOND in repo.remote_files("evidence")


def test_an_old_record_that_is_put_there_again_does_not_come_after_a_later_one(repo: Promotions) -> None:
    keep(repo.repository, ONE)
    keep(repo.repository, TWO)
    commit(repo, {THIRD: repo.remote_files("evidence")[FIRST].encode()})
    assert told(repo) == (ONE, TWO)


@pytest.mark.parametrize(
    ("path", "document"),
    [
        (f"reviews/8/{HEAD}.json", written(ONE)),
        (f"reviews/7/{'b' * 40}.json", written(ONE)),
        (f"reviews/07/{HEAD}.json", written(ONE)),
        (f"reviews/7/{HEAD}.json.bak", written(ONE)),
        (f"reviews/7/x/{HEAD}.json", written(ONE)),
        (FIRST, b""),
        (FIRST, b"not json"),
        (FIRST, b"[" * 100_000),
        (FIRST, b"\xff\xfe"),
        (FIRST, written(msgspec.structs.replace(ONE, schema=2))),
        (FIRST, written(msgspec.structs.replace(ONE, judged=NOW.replace(tzinfo=None)))),
        (FIRST, written(ONE) + b" " * SIZE_LIMIT),
    ],
)
def test_what_is_no_record_or_lies_where_another_belongs_is_left_out(
    repo: Promotions, path: str, document: bytes
) -> None:
    commit(repo, {path: document})
    keep(repo.repository, msgspec.structs.replace(ONE, number=9))
    assert [each.number for each in told(repo)] == [9]


def test_a_branch_that_moved_meanwhile_is_read_again(repo: Promotions, monkeypatch: pytest.MonkeyPatch) -> None:
    push, others = Writer.push, [TWO, msgspec.structs.replace(TWO, number=8)]

    def beaten(writer: Writer, commit_id: str, branch: str, expect: str | None) -> None:
        if others and threading.current_thread() is threading.main_thread():
            other = others.pop()
            thread = threading.Thread(target=keep, args=(repo.repository, other))
            thread.start()
            thread.join()
        push(writer, commit_id, branch, expect)

    monkeypatch.setattr(Writer, "push", beaten)
    assert keep(repo.repository, ONE)
    assert [(each.number, len(each.places[0].rejections)) for each in told(repo)] == [(8, 1), (7, 1), (7, 0)]


def test_a_branch_that_nobody_may_push_is_an_error(repo: Promotions) -> None:
    hook = repo.origin / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(GatehouseError):
        keep(repo.repository, ONE)


def test_a_remote_that_does_not_answer_is_an_error(repo: Promotions) -> None:
    repo.origin.rename(repo.origin.with_name("gone"))
    with pytest.raises(Unreachable):
        keep(repo.repository, ONE)


def test_what_strangers_said_in_vain_does_not_keep_the_rest_from_being_read(repo: Promotions) -> None:
    (place,) = ONE.places
    noise = tuple(Ruled("owner", False, "x" * 500, review=number) for number in range(5000))
    keep(repo.repository, msgspec.structs.replace(ONE, places=(msgspec.structs.replace(place, rules=noise),)))
    ((one,),) = (each.places for each in told(repo))
    assert one.approvals == place.approvals
    assert one.rules == ()


def test_a_record_that_nothing_makes_small_enough_is_an_error(repo: Promotions) -> None:
    (place,) = ONE.places
    long = Approval("anna", NOW, {"gain": "x" * SIZE_LIMIT})
    with pytest.raises(GatehouseError, match="are read back up to 1,000,000"):
        keep(repo.repository, msgspec.structs.replace(ONE, places=(msgspec.structs.replace(place, approvals=(long,)),)))


def test_the_commit_says_what_it_is_about(repo: Promotions) -> None:
    keep(repo.repository, ONE)
    (entry,) = Repository(repo.origin).log("evidence")
    assert entry.message.splitlines()[0] == f"Reviews of #7 at {'a' * 12}: people agree"
    assert reviews.FOLDER == "reviews"
