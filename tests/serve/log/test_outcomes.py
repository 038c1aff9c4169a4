"""The body of POST /outcomes: every record is judged alone, and nothing in it can hurt."""

from __future__ import annotations

import json
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.serve.log.outcomes import AHEAD, BODY_LIMIT, ID_LIMIT, RECORD_LIMIT, NoRecords, TooMuch, receive
from gatehouse.serve.log.rows import Outcome
from tests.serve.log.made import NOW, WHEN

GOOD = b'{"request_id": "r1", "label": 1}'


@pytest.mark.parametrize(
    "body", [GOOD, b"[" + GOOD + b"]", b"\n" + GOOD + b"\n\n", b'{\n "request_id": "r1",\n "label": true\n}']
)
def test_one_record_is_taken_in_every_form_and_observed_now_where_it_does_not_say(body: bytes) -> None:
    found = receive(body, WHEN)
    assert (found.rows, found.refused, found.status) == ((Outcome("r1", 1.0, NOW),), (), 202)
    assert found.answer() == b'{"accepted":1,"refused":[]}'


def test_a_body_without_a_record_is_said_to_be_one() -> None:
    for body in (b"", b"[]", b" \n "):
        with pytest.raises(NoRecords, match="no record"):
            receive(body, WHEN)


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ('{"request_id": "r", "lable": 1}', "lable"),
        ('{"request_id": "r"}', "label"),
        ('{"label": 1}', "request_id"),
        ('{"request_id": "", "label": 1}', "length >= 1"),
        (json.dumps({"request_id": "r" * (ID_LIMIT + 1), "label": 1}), "length <= 1024"),
        ('{"request_id": 3, "label": 1}', "Expected `str`"),
        ('{"request_id": "r", "label": "1"}', "$.label"),
        ('{"request_id": "r", "label": null}', "$.label"),
        ('{"request_id": "r", "label": 1e999}', "out of range"),
        ('{"request_id": "r", "label": 1, "observed": "2026-03-02T08:00:00"}', "timezone"),
        ('{"request_id": "r", "label": 1, "observed": "yesterday"}', "$.observed"),
        ('{"request_id": "r", "label": 1, "observed": 1772438400}', "$.observed"),
        ('{"request_id": "r", "label": 1, "observed": "1969-12-31T23:59:59Z"}', "before 1970"),
        ('{"request_id": "r", "label": 1, "observed": "2026-03-02T08:05:01Z"}', "in the future"),
        ("[]", "Expected `object`"),
        ("3", "Expected `object`"),
    ],
)
def test_a_faulty_record_is_refused_by_its_place_and_the_others_are_taken(record: str, said: str) -> None:
    found = receive(b"[" + GOOD + b"," + record.encode() + b"," + GOOD + b"]", WHEN)
    assert (len(found.rows), found.status) == (2, 202)
    assert [one.record for one in found.refused] == [2]
    assert said in found.refused[0].error
    assert receive(b"[" + record.encode() + b"]", WHEN).status == 400
    assert json.loads(found.answer())["refused"][0]["record"] == 2


def test_a_clock_that_is_a_little_ahead_is_forgiven() -> None:
    body = {"request_id": "r", "label": 0, "observed": WHEN + AHEAD}
    assert receive(msgspec.json.encode(body), WHEN).rows[0].observed == NOW + AHEAD // timedelta(microseconds=1)


def test_a_broken_line_is_refused_alone() -> None:
    found = receive(GOOD + b"\n{broken}\n\xff\n" + GOOD, WHEN)
    assert (len(found.rows), [one.record for one in found.refused]) == (2, [2, 3])


@pytest.mark.parametrize("body", [b"[", b"[" * 100_000, b"[{]", b'[{"request_id": "\\ud800", "label": 1}]', b"[\xff]"])
def test_a_list_that_is_no_json_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(NoRecords, match="no JSON list"):
        receive(body, WHEN)


def test_bottomless_nesting_in_a_record_is_refused() -> None:
    for record in (b'{"request_id": ' + b"[" * 100_000, b'{"request_id": "r", "label": ' + b'{"a":' * 100_000):
        assert receive(record, WHEN).status == 400


def test_a_body_of_more_than_is_read_is_refused_at_the_first_byte_or_record_too_many() -> None:
    assert receive(GOOD + b" " * (BODY_LIMIT - len(GOOD)), WHEN).rows
    with pytest.raises(TooMuch, match="bytes"):
        receive(GOOD + b" " * (BODY_LIMIT - len(GOOD) + 1), WHEN)
    record = b'{"request_id":"r","label":1}'
    assert len(receive(b"\n".join([record] * RECORD_LIMIT), WHEN).rows) == RECORD_LIMIT
    with pytest.raises(TooMuch, match="records"):
        receive(b"\n".join([record] * (RECORD_LIMIT + 1)), WHEN)


@given(st.binary(max_size=200) | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(repr).map(str.encode))
@settings(max_examples=200, deadline=None)
def test_no_body_raises_anything_but_what_is_told(body: bytes) -> None:
    try:
        found = receive(body, WHEN)
    except (NoRecords, TooMuch):
        return
    assert found.rows or found.refused
