"""Whatever is sent, the reader answers with rows or with Refused: nothing else is raised, and nothing grows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gatehouse.registry.signature import Column, Scalar, Signature
from gatehouse.serve.protocols import inference, scoring
from gatehouse.serve.protocols.errors import Limits, Refused, quoted
from gatehouse.serve.protocols.scoring import Reader
from tests.serve.protocols import peer
from tests.serve.protocols.peer import CSV, JSON, body

NUMBERS = Signature((Column("a", Scalar("double")), Column("b", Scalar("double"))))
READERS = {key: Reader(peer.ours(peer.of(key))) for key in peer.SCHEMAS}
V2 = {key: inference.Reader(peer.ours(peer.of(key)), ("predict",)) for key in peer.SCHEMAS}
# Dates in the strangest words are guessed at by pandas, which warns of some.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")

NAMES = st.sampled_from(["a", "b", "n", "s", "t", "x", "p", "q", "\ud800", ""])
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["2024-02-30", "1e9", "nan"]),
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=12
)
RECORDS = st.lists(st.dictionaries(NAMES, LEAVES | VALUES, max_size=4), max_size=3)
TABLES = st.builds(
    lambda names, rows: {"columns": names, "data": rows},
    st.none() | st.lists(NAMES | LEAVES, max_size=3),
    st.lists(st.lists(VALUES, max_size=3), max_size=3) | VALUES,
)
REQUESTS = st.dictionaries(
    st.sampled_from([*scoring.FORMATS, "params"]), TABLES | RECORDS | VALUES, min_size=1, max_size=2
)
TENSORS = st.fixed_dictionaries(
    {
        "name": NAMES | LEAVES,
        "shape": st.lists(st.integers(-1, 3), max_size=3) | VALUES,
        "datatype": st.sampled_from(["BOOL", "BYTES", "FP16", "FP32", "FP64", "INT8", "INT64", "UINT64"]) | LEAVES,
        "data": VALUES,
    }
)
FEW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def tried(reader: Reader | inference.Reader, sent: bytes, content_type: str | None) -> None:
    try:
        found = reader.read(sent, content_type)
    except Refused as refused:
        answer = scoring.refusal(refused)
        assert 400 <= answer.status < 500
        assert len(answer.body) < 3000
        return
    rows = found.rows if isinstance(found, inference.Asked) else found
    assert rows.batch.num_rows > 0
    rows.batch.validate(full=True)


@FEW
@given(st.sampled_from(list(READERS)), REQUESTS)
def test_any_json_is_read_or_refused(key: str, request: Any) -> None:
    tried(READERS[key], json.dumps(request).encode(), JSON)


@FEW
@given(st.sampled_from(list(V2)), st.lists(TENSORS, max_size=3))
def test_any_tensors_are_read_or_refused(key: str, inputs: Any) -> None:
    tried(V2[key], json.dumps({"inputs": inputs}).encode(), JSON)


@FEW
@given(st.sampled_from(list(READERS)), st.text(st.sampled_from('ab,"\n\r x1.5\ufeff\0é'), max_size=60))
def test_any_csv_is_read_or_refused(key: str, sent: str) -> None:
    tried(READERS[key], sent.encode(), CSV)


@FEW
@given(st.binary(max_size=80), st.sampled_from([JSON, CSV]) | st.none() | st.text(max_size=20))
def test_any_bytes_are_read_or_refused(sent: bytes, content_type: str | None) -> None:
    tried(READERS["two"], sent, content_type)
    tried(V2["two"], sent, content_type)


DEEP = 100_000
BOMBS: dict[str, tuple[str, bytes]] = {
    "lists in lists": ("two", b"[" * DEEP + b"]" * DEEP),
    "lists in a format": ("two", b'{"inputs": ' + b"[" * DEEP + b"]" * DEEP + b"}"),
    "objects in objects": ("two", b'{"inputs": ' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}"),
    "lists in a column": ("two", b'{"inputs": {"a": [' + b"[" * 200 + b"]" * 200 + b'], "b": [1]}}'),
    "lists without a signature": ("none", b'{"inputs": {"a": [' + b"[" * 200 + b"]" * 200 + b"]}}"),
    "lists in an array": ("array", b'{"inputs": {"x": [' + b"[" * 200 + b"]" * 200 + b"]}}"),
    "lists in a tensor": ("tensor", b'{"inputs": ' + b"[" * 200 + b"]" * 200 + b"}"),
    "an integer of a million digits": ("double", b'{"inputs": [' + b"9" * 1_000_000 + b"]}"),
    "an integer of four thousand digits": ("double", b'{"inputs": [' + b"9" * 4000 + b"]}"),
    "one without a signature": ("none", b'{"inputs": [' + b"9" * 4000 + b"]}"),
    "text of a million digits": ("double", b'{"inputs": ["' + b"9" * 1_000_000 + b'"]}'),
    "the same for an integer": ("long", b'{"inputs": ["' + b"9" * 1_000_000 + b'"]}'),
    "half a character in a name": ("none", b'{"inputs": {"\\ud800": [1]}}'),
    "half a character in text": ("string", b'{"inputs": ["\\ud800"]}'),
    "half a character without a signature": ("none", b'{"inputs": ["\\ud800"]}'),
    "half a character in a tensor": ("words", b'{"inputs": ["\\ud800"]}'),
    "half a character in a map": ("map", b'{"inputs": {"x": {"\\ud800": 1.5}}}'),
    "no UTF-8": ("string", b'{"inputs": ["\xff"]}'),
    "nothing": ("two", b""),
    "only a byte order mark": ("two", b"\xef\xbb\xbf"),
    "no rows": ("two", b'{"inputs": {"a": [], "b": []}}'),
    "no rows in a frame": ("two", b'{"dataframe_split": {"columns": ["a", "b"], "data": []}}'),
    "no rows in records": ("two", b'{"dataframe_records": []}'),
    "no rows in a tensor": ("tensor", b'{"inputs": []}'),
    "no rows without a signature": ("none", b'{"inputs": []}'),
    "no columns": ("none", b'{"dataframe_split": {"columns": [], "data": [[], []]}}'),
}


@pytest.mark.parametrize("case", BOMBS.values(), ids=BOMBS)
def test_what_is_meant_to_harm_is_refused(case: tuple[str, bytes]) -> None:
    key, sent = case
    with pytest.raises(Refused) as refused:
        READERS[key].read(sent, JSON)
    assert len(refused.value.text) < 1000


@pytest.mark.parametrize("sent", [b'{"inputs": {"a": [1], "b": [1]}}', b'{"dataframe_records": [{"a": 1, "b": 1}]}'])
def test_a_body_beyond_the_limit_is_413(sent: bytes) -> None:
    Reader(NUMBERS, Limits(body_bytes=len(sent))).read(sent, JSON)
    with pytest.raises(Refused) as refused:
        Reader(NUMBERS, Limits(body_bytes=len(sent) - 1)).read(sent, JSON)
    assert scoring.refusal(refused.value).status == 413


MANY: dict[str, tuple[bytes, str]] = {
    "split": (body("dataframe_split", {"columns": ["a", "b"], "data": [[1, 2]] * 3}), JSON),
    "records": (body("dataframe_records", [{"a": 1, "b": 2}] * 3), JSON),
    "instances": (body("instances", [{"a": 1, "b": 2}] * 3), JSON),
    "inputs": (body("inputs", {"a": [1] * 3, "b": [2] * 3}), JSON),
    "CSV": (b"a,b\n1,2\n1,2\n1,2\n", CSV),
}


@pytest.mark.parametrize("case", MANY.values(), ids=MANY)
@pytest.mark.parametrize(
    ("allowed", "short"),
    [(Limits(rows=3), Limits(rows=2)), (Limits(columns=2), Limits(columns=1)), (Limits(cells=6), Limits(cells=5))],
    ids=["rows", "columns", "cells"],
)
def test_rows_columns_and_values_are_limited(case: tuple[bytes, str], allowed: Limits, short: Limits) -> None:
    assert Reader(NUMBERS, allowed).read(*case).batch.num_rows == 3
    with pytest.raises(Refused) as refused:
        Reader(NUMBERS, short).read(*case)
    assert refused.value.status == 413


@pytest.mark.parametrize(("depth", "fits"), [(4, True), (5, False)])
def test_without_a_signature_nesting_is_limited(depth: int, fits: bool) -> None:
    value: Any = 1
    for _ in range(depth - 1):
        value = [value]
    sent = body("dataframe_records", [{"x": value}])
    reader = Reader(None, Limits(depth=3))
    if fits:
        assert reader.read(sent, JSON).batch.num_rows == 1
    else:
        with pytest.raises(Refused, match="deep in one another"):
            reader.read(sent, JSON)


@pytest.mark.parametrize(("count", "fits"), [(10, True), (11, False)])
def test_without_a_signature_objects_of_ever_new_names_are_limited(count: int, fits: bool) -> None:
    sent = body("dataframe_records", [{"x": {f"k{place}": 1}} for place in range(count)])
    reader = Reader(None, Limits(cells=100))
    if fits:
        assert reader.read(sent, JSON).batch.num_rows == count
    else:
        with pytest.raises(Refused, match="11 objects of 11 names"):
            reader.read(sent, JSON)


def test_guessing_at_dates_is_limited() -> None:
    for dates in (["2024/02/29"] * 10_001, ["2024" + " " * 80 + "/02/29"]):
        with pytest.raises(Refused, match="as 2024-02-29"):
            READERS["datetime"].read(body("inputs", dates), JSON)
    assert READERS["datetime"].read(body("inputs", ["2024-02-29"] * 10_001), JSON).batch.num_rows == 10_001


def test_a_thousand_columns_are_read() -> None:
    names = [f"f{place}" for place in range(1000)]
    reader = Reader(Signature(tuple(Column(name, Scalar("double")) for name in names)))
    for sent in (
        body("dataframe_split", {"columns": names, "data": [list(range(1000))]}),
        body("dataframe_split", {"columns": names, "data": [list(range(1000))] * 2}),
        body("dataframe_records", [dict(zip(names, range(1000), strict=True))]),
    ):
        assert reader.read(sent, JSON).batch.column("f999")[0].as_py() == 999.0


@pytest.mark.parametrize("name", ["\ud800", "a"], ids=["half a character", "a name twice"])
def test_names_that_no_batch_can_have_are_refused(name: str) -> None:
    sent = body("dataframe_split", {"columns": ["a", name], "data": [[1, 2]]})
    for key in ("none", "two", "unnamed"):
        with pytest.raises(Refused):
            READERS[key].read(sent, JSON)


@given(VALUES)
@example("x" * 100_000)
@example([["y" * 100_000]] * 1000)
@example(10**5000)
def test_what_is_quoted_in_a_message_is_short_and_printable(value: Any) -> None:
    said = quoted(value)
    assert len(said) <= 61
    assert said.isprintable()
