from __future__ import annotations

import hashlib

import msgspec
import pytest

from gatehouse.audit.chain import GENESIS, Link, anchors, canonical, link, verify
from gatehouse.audit.record import Record
from tests.support.records import record


def chain(count: int) -> list[Link]:
    links: list[Link] = []
    for number in range(1, count + 1):
        links.append(link(record(number), number, links[-1].hash if links else GENESIS))
    return links


def test_the_hash_is_what_the_docstring_says() -> None:
    first = link(record(1), 1, GENESIS)
    assert first.hash == hashlib.sha256(b"\0" * 32 + canonical(record(1))).hexdigest()


def test_the_canonical_form_sorts_keys_leaves_out_defaults_and_writes_nan_as_null() -> None:
    body = canonical(record(1)).decode()
    assert body.startswith('{"after":{"digest":"sha256:')
    assert '"nan":null' in body
    assert "approvals" not in body
    assert '"when":"2026-03-04T09:30:00Z"' in body
    assert " " not in body.replace("good enough", "").replace("Ada <ada", "")


def test_a_record_read_back_has_the_same_canonical_form() -> None:
    body = canonical(record(3))
    assert canonical(msgspec.json.decode(body, type=Record)) == body


def test_a_later_field_with_a_default_leaves_old_records_as_they_are() -> None:
    class Later(Record, frozen=True, omit_defaults=True):
        ticket: str = ""

    body = canonical(record(1))
    assert canonical(msgspec.json.decode(body, type=Later)) == body


def test_a_whole_chain_verifies_and_so_does_an_empty_one() -> None:
    assert verify(chain(4)) is None
    assert verify([]) is None
    assert verify(chain(4), [GENESIS, chain(2)[-1].hash, chain(4)[-1].hash]) is None


def test_an_exported_line_reads_back_byte_for_byte() -> None:
    (only,) = chain(1)
    assert msgspec.json.decode(msgspec.json.encode(only), type=Link) == only


def edited(found: Link, *, rehashed: bool) -> Link:
    changed = msgspec.structs.replace(found.content, who="Mallory")
    again = link(changed, found.sequence, found.previous)
    return again if rehashed else msgspec.structs.replace(again, hash=found.hash)


def test_an_edited_record_is_named() -> None:
    links = chain(4)
    links[1] = edited(links[1], rehashed=False)
    broken = verify(links)
    assert broken is not None
    assert (broken.sequence, broken.record) == (
        2, "promoted credit-risk/production version 2 (000000000000)",
    )  # fmt: skip
    assert "edited" in str(broken)


def test_an_edited_record_with_a_fresh_hash_breaks_at_the_one_that_follows() -> None:
    links = chain(4)
    links[1] = edited(links[1], rehashed=True)
    broken = verify(links)
    assert broken is not None
    assert broken.sequence == 3


def test_the_last_record_edited_with_a_fresh_hash_is_caught_by_its_anchor() -> None:
    links = chain(4)
    head = links[3].hash
    links[3] = edited(links[3], rehashed=True)
    assert verify(links) is None
    assert verify(links, [head]) is not None


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_deleted_record_is_named_by_its_number(gone: int) -> None:
    links = chain(4)
    del links[gone]
    broken = verify(links)
    assert broken is not None
    assert broken.sequence == gone + 1
    assert "missing" in broken.reason


def test_a_deleted_record_is_found_although_the_rest_is_renumbered() -> None:
    links = chain(4)
    del links[1]
    links = [msgspec.structs.replace(found, sequence=at) for at, found in enumerate(links, start=1)]
    broken = verify(links)
    assert broken is not None
    assert broken.sequence == 2


@pytest.mark.parametrize("renumbered", [False, True])
def test_reordered_records_break_at_the_first_that_moved(renumbered: bool) -> None:
    links = chain(4)
    links[1], links[2] = links[2], links[1]
    if renumbered:
        links = [msgspec.structs.replace(found, sequence=at) for at, found in enumerate(links, start=1)]
    broken = verify(links)
    assert broken is not None
    assert broken.sequence == 2


@pytest.mark.parametrize("left", [0, 1, 3])
def test_a_chain_cut_off_is_found_by_an_anchored_head_only(left: int) -> None:
    links = chain(4)
    assert verify(links[:left]) is None
    broken = verify(links[:left], [links[3].hash])
    assert broken is not None
    assert broken.sequence == left + 1
    assert links[3].hash[:12] in broken.reason


def test_an_unreadable_record_is_still_named_by_its_number() -> None:
    links = chain(2)
    links[1] = msgspec.structs.replace(links[1], record=msgspec.Raw(b'{"nonsense":1}'))
    broken = verify(links)
    assert broken is not None
    assert (broken.sequence, broken.record) == (2, "unreadable")


def test_anchors_are_read_from_a_commit_message_and_from_nothing_else() -> None:
    head = "a" * 64
    assert anchors(f"Serve\n\nGatehouse-Commit: abc\nGatehouse-Audit-Head: {head}\n") == [head]
    assert anchors(f"quoting Gatehouse-Audit-Head: {head} in prose, and\nGatehouse-Audit-Head: short") == []
