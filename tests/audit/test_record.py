"""A record is readable for years: by those who come later, and in the bytes that its hash was made of."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from gatehouse.audit.chain import GENESIS, Link, canonical, digest, link, verify
from gatehouse.audit.record import Approval, Kind, Record, Rejection
from gatehouse.audit.sqlite import SqliteStore
from gatehouse.audit.store import record_all
from tests.support.records import START, approval, record, rejection

# Written when an approval was who, when and answers, and a record had neither rejections nor remarks.
OLD = (
    b'{"after":{"digest":"sha256:0000000000000000000000000000000000000000000000000000000000000002","version":2},'
    b'"approvals":[{"answers":{"gain":"yes"},"when":"2026-03-03T09:30:00Z","who":"anna"}],'
    b'"before":{"digest":"sha256:0000000000000000000000000000000000000000000000000000000000000001","version":1},'
    b'"commit":"c","engine":"0.1.0","key":"promoted:credit-risk:2","kind":"promoted",'
    b'"slot":{"model":"credit-risk","segment":null,"stage":"production"},'
    b'"when":"2026-03-05T09:30:00Z","who":"Ada <ada@example.org>"}'
)
OLD_HASH = "e9b33d49c795187528ee0fbd6e4c9e2b2c79688565502e56477e539ad1df5efe"

REVIEWED = msgspec.structs.replace(
    record(3),
    approvals=(
        approval(),
        approval("bob", 45, flagged=True, answers={"emergency": "fraud\x1b[2J wave\n\nlosing \u202e money \0"}),
        approval("ghost", 700, answers={}, seconds=None, url="", acknowledged=()),
    ),
    rejections=(rejection(), Rejection("ghost", START)),
    remarks=("@bob approved 45 s after the evidence was posted: under 60 s is flagged",),
)


def test_a_record_from_before_there_were_reviews_keeps_its_bytes_and_its_hash() -> None:
    found = msgspec.json.decode(OLD, type=Record)
    assert found.approvals == (Approval("anna", START, {"gain": "yes"}),)
    assert (found.rejections, found.remarks) == ((), ())
    assert canonical(found) == OLD
    assert digest(GENESIS, canonical(found)) == OLD_HASH


def test_a_chain_goes_on_from_old_records_to_those_with_reviews() -> None:
    first = link(msgspec.json.decode(OLD, type=Record), 1, GENESIS)
    assert verify([first, link(REVIEWED, 2, first.hash)], [OLD_HASH]) is None


def test_everything_of_a_review_comes_back_from_the_store_byte_for_byte(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "audit.db")
    record_all(store, [REVIEWED])
    (found,) = store.read("credit-risk")
    assert canonical(found.content) == bytes(found.record) == canonical(REVIEWED)
    assert found.content.approvals == REVIEWED.approvals
    assert found.content.rejections == REVIEWED.rejections
    assert found.content.remarks == REVIEWED.remarks


@pytest.mark.parametrize(
    "change",
    [
        {"approvals": REVIEWED.approvals[1:]},
        {"approvals": (approval(seconds=601.0), *REVIEWED.approvals[1:])},
        {"approvals": (approval(acknowledged=()), *REVIEWED.approvals[1:])},
        {"rejections": ()},
        {"remarks": ()},
    ],
    ids=lambda change: next(iter(change)),
)
def test_no_part_of_a_review_can_be_changed_unseen(change: dict[str, object]) -> None:
    edited = msgspec.Raw(canonical(msgspec.structs.replace(REVIEWED, **change)))
    broken = verify([Link(1, GENESIS, link(REVIEWED, 1, GENESIS).hash, edited)])
    assert broken is not None
    assert broken.reason.startswith("edited")


def test_a_later_record_with_fields_that_this_release_does_not_know_is_read_and_its_hash_holds() -> None:
    later = json.loads(canonical(REVIEWED))
    later |= {"zodiac": "leo"}
    later["approvals"][0]["mood"] = "cheerful"
    body = json.dumps(later, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    (found,) = links = [Link(1, GENESIS, digest(GENESIS, body), msgspec.Raw(body))]
    assert found.content.approvals == REVIEWED.approvals
    assert verify(links) is None


def test_a_later_kind_of_record_does_not_break_the_chain_for_who_cannot_read_it() -> None:
    body = OLD.replace(b'"promoted",', b'"enshrined",')
    later = Link(1, GENESIS, digest(GENESIS, body), msgspec.Raw(body))
    assert verify([later, link(REVIEWED, 2, later.hash)]) is None
    with pytest.raises(msgspec.ValidationError):
        _ = later.content


def test_a_rejection_says_in_one_line_what_was_rejected() -> None:
    no = Record("k", Kind.REJECTED, START + timedelta(hours=1), "chen", record(2).slot, "1.0", after=record(2).after)
    assert str(no) == "rejected credit-risk/production version 2 (000000000000)"
    assert not no.accepted


def test_three_hundred_rejections_in_one_record_are_one_link_that_a_reader_of_sqlite_finds(tmp_path: Path) -> None:
    many = tuple(rejection(after=at) for at in range(300))
    record_all(SqliteStore(tmp_path / "audit.db"), [msgspec.structs.replace(REVIEWED, rejections=many)])
    with closing(sqlite3.connect(tmp_path / "audit.db")) as database:
        (count,) = database.execute("SELECT json_array_length(record, '$.rejections') FROM records").fetchone()
    assert count == 300
