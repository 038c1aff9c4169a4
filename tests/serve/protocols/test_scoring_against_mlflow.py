"""The model is given what MLflow's own server would give it, and where not, on purpose."""

from __future__ import annotations

import base64
import io
import json
import warnings
from typing import Any

import msgspec
import numpy as np
import pytest
from mlflow.exceptions import MlflowException, get_error_code
from mlflow.pyfunc.scoring_server import predictions_to_json

from gatehouse.runtime.answer import Answer
from gatehouse.serve.protocols import scoring
from gatehouse.serve.protocols.errors import Refused
from tests.serve.protocols import peer
from tests.serve.protocols.peer import CSV, JSON, body

SPLIT, RECORDS, INSTANCES, INPUTS = scoring.FORMATS
Case = tuple[str, bytes, str]


def split(columns: list[str] | None, *rows: list[Any], **more: Any) -> bytes:
    return body(SPLIT, {**({} if columns is None else {"columns": columns}), "data": list(rows), **more})


def column(*values: Any) -> bytes:
    return split(["x"], *([value] for value in values))


NUMBERS = ("integer", "long", "float", "double")
SAME: dict[str, Case] = {
    "split": ("two", split(["a", "b"], [1.5, 2.5], [3, 4]), JSON),
    "split in another order": ("two", split(["b", "a"], [1.5, 2.5]), JSON),
    "split with columns nobody asked for": ("two", split(["z", "a", "b"], ["text", 1.5, 2.5]), JSON),
    "split with an index": ("two", split(["a", "b"], [1.5, 2.5], index=[7]), JSON),
    "split without names": ("unnamed", split(None, [1.5, 2.5], [3, 4]), JSON),
    "split with more columns than are counted": ("unnamed", split(["p", "q", "r"], [1.5, 2.5, 3.5]), JSON),
    "records": ("two", body(RECORDS, [{"a": 1.5, "b": 2}, {"b": 3, "a": 4}]), JSON),
    "one record": ("two", body(RECORDS, [{"a": 1.5, "b": 2, "c": "more"}]), JSON),
    "a record that lacks what another has": ("two", body(RECORDS, [{"a": 1.5, "b": 2}, {"a": 4}]), JSON),
    "instances of objects": ("two", body(INSTANCES, [{"a": 1.5, "b": 2}, {"b": 3, "a": 4}]), JSON),
    "instances of lists": ("unnamed", body(INSTANCES, [[1.5, 2], [3, 4]]), JSON),
    "instances of single values": ("double", body(INSTANCES, [1.5, 2]), JSON),
    "inputs of columns": ("two", body(INPUTS, {"b": [1.5, 2], "a": [3, 4]}), JSON),
    "inputs of single values by name": ("two", body(INPUTS, {"b": 1.5, "a": 3}), JSON),
    "inputs of one column without its name": ("long", body(INPUTS, [1, 2, 3]), JSON),
    "inputs of objects": ("mixed", body(INPUTS, [{"n": 1, "s": "a", "t": True}]), JSON),
    "keys beside": ("two", body(INPUTS, {"b": [1.5], "a": [3]}, more=1), JSON),
    "an optional column left out": ("optional", split(["a"], [1.5]), JSON),
    "an optional column left out of a record": ("optional", body(RECORDS, [{"a": 1.5}]), JSON),
    "an optional column of nulls": ("optional", split(["a", "b"], [1.5, None]), JSON),
    "types beside one another": ("mixed", split(["n", "s", "t"], [1, "a", True], [2, "b", False]), JSON),
    "charset named": ("two", split(["a", "b"], [1.5, 2.5]), "application/json; charset=UTF-8"),
    "a byte order mark": ("two", b"\xef\xbb\xbf" + split(["a", "b"], [1.5, 2.5]), JSON),
    "a key twice": ("two", b'{"inputs": {"a": [1], "b": [2], "a": [3]}}', JSON),
    "NaN and Infinity as Python writes them": ("double", b'{"inputs": [NaN, Infinity, -Infinity, 1]}', JSON),
    "a number beyond a float": ("double", b'{"inputs": [1e400]}', JSON),
    **{f"{name}: whole numbers": (name, column(1, 0, -5), JSON) for name in NUMBERS},
    **{f"{name}: floats that are whole": (name, column(1.0, 2.0), JSON) for name in NUMBERS},
    **{f"{name}: booleans": (name, column(True, False), JSON) for name in NUMBERS},
    **{f"{name}: text": (name, column("1", "-2"), JSON) for name in NUMBERS},
    **{f"{name}: missing": (name, column(1.5, None), JSON) for name in ("float", "double")},
    **{f"{name}: all missing": (name, column(None, None), JSON) for name in ("float", "double", "string", "datetime")},
    "long: its ends": ("long", column(2**63 - 1, -(2**63)), JSON),
    "integer: its ends": ("integer", column(2**31 - 1, -(2**31)), JSON),
    "double: integers beyond its precision": ("double", column(2**53 + 1, 2**70), JSON),
    "float: rounded": ("float", column(0.1, 16777217), JSON),
    "float: beyond its range": ("float", column(0.1, 1e300), JSON),
    "boolean: true, false": ("boolean", column(True, False), JSON),
    "boolean: numbers": ("boolean", column(0, 1, 2), JSON),
    "boolean: missing is false": ("boolean", column(True, None), JSON),
    "string: with one missing": ("string", column("a", None, ""), JSON),
    "string: beyond ASCII": ("string", column("Zürich", "東京", "😀"), JSON),
    "binary: base64": ("binary", column(base64.b64encode(b"\x00\xff").decode(), ""), JSON),
    "binary: in inputs text": ("binary", body(INPUTS, ["YWJj", "d"]), JSON),
    "datetime: a date": ("datetime", column("2024-02-29", "2024-03-01"), JSON),
    "datetime: to the nanosecond": ("datetime", column("2024-02-29T12:30:01.123456789"), JSON),
    "datetime: with one missing": ("datetime", column("2024-02-29 12:30:00", None), JSON),
    "datetime: as pandas guesses it": ("datetime", column("02/03/2024", "12/31/2024"), JSON),
    "datetime: nanoseconds": ("datetime", column(1700000000000000000), JSON),
    "datetime: in inputs": ("datetime", body(INPUTS, ["2024-02-29T01:02:03"]), JSON),
    "array": ("array", split(["x"], [[1.5, 2.5]], [[3.5]]), JSON),
    "array with a missing number": ("array", split(["x"], [[1.5, None]]), JSON),
    "array in inputs": ("array", body(INPUTS, [{"x": [1.5, 2.5]}, {"x": [0.5]}]), JSON),
    "array in inputs, one row by name": ("array", body(INPUTS, {"x": [1.5, 2.5]}), JSON),
    "object": ("object", split(["x", "n"], [{"p": "a", "q": 1}, 1], [{"p": "b", "q": 2}, 2]), JSON),
    "object without an optional field": ("object", body(RECORDS, [{"x": {"p": "a"}, "n": 1}]), JSON),
    "array of anything": ("any", split(["x"], [["a", "b"]], [["c"]]), JSON),
    "array of objects": ("deep", split(["x"], [[{"t": True, "w": []}]]), JSON),
    "map": ("map", split(["x"], [{"k": 1.5}], [{"l": 2.5, "m": 3.5}]), JSON),
    "tensor in inputs": ("tensor", body(INPUTS, [[1, 2], [3, 4]]), JSON),
    "tensor in instances": ("tensor", body(INSTANCES, [[1.5, 2]]), JSON),
    "tensor of text": ("tensor", body(INPUTS, [["1.5", "2"]]), JSON),
    "tensor with a missing number": ("tensor", body(INPUTS, [[None, 2]]), JSON),
    "tensor in a data frame": ("tensor", split(None, [1, 2], [3, 4]), JSON),
    "tensor in a data frame with names": ("tensor", body(RECORDS, [{"p": 1, "q": 2}]), JSON),
    "tensor of three dimensions": ("tensor32", body(INPUTS, [[[1, 2], [3, 4]], [[5, 6], [7, 0.1]]]), JSON),
    "tensor of one dimension": ("tensor1", body(INPUTS, [1, 2, 3]), JSON),
    "tensors by name": ("tensors", body(INPUTS, {"a": [[1, 2], [3, 4]], "b": [5, 6]}), JSON),
    "tensors by name, row by row": ("tensors", body(INSTANCES, [{"a": [1, 2], "b": 5}, {"a": [3, 4], "b": 6}]), JSON),
    "tensors in a data frame": ("tensors", body(RECORDS, [{"a": [1, 2], "b": 5}, {"a": [3, 4], "b": 6}]), JSON),
    "tensors in a data frame, flat": ("tensor32", split(None, [[1, 2, 3, 4]], [[5, 6, 7, 8]]), JSON),
    "tensor of booleans": ("truths", body(INPUTS, [[True, False], [0, 2]]), JSON),
    "tensor of small integers": ("small", body(INPUTS, [[0, 255], [1.0, True]]), JSON),
    "tensor of half floats": ("half", body(INPUTS, [0.1, 65504]), JSON),
    "tensor of any width": ("open", body(INPUTS, [[1, 2, 3]]), JSON),
    "tensor of words": ("words", body(INPUTS, ["a", "bc"]), JSON),
    "CSV": ("two", b"a,b\n1.5,2\n-3e2,4\n", CSV),
    "CSV with a charset": ("two", b"a,b\n1.5,2\n", "text/csv; charset=utf-8"),
    "CSV in another order, with an index": ("two", b",b,a\n0,1.5,2\n1,3,4\n", CSV),
    "CSV with Windows' line ends": ("two", b"a,b\r\n1.5,2\r\n", CSV),
    "CSV with blank lines and no last line end": ("two", b"\na,b\n\n1.5,2\n\n3,4", CSV),
    "CSV with a byte order mark": ("two", b"\xef\xbb\xbfa,b\n1.5,2\n", CSV),
    "CSV with what is missing": ("two", b"a,b\n,2\nNA,4\nnull,NaN\n", CSV),
    "CSV of types": ("mixed", b'n,s,t\n1,"a ""b"", c",True\n2,"two\nlines",FALSE\n3,NA,true\n', CSV),
    "CSV without an optional column": ("optional", b"a\n1.5\n", CSV),
    "CSV of binary is text": ("binary", b"x\nabc\n", CSV),
    "CSV for columns without names": ("unnamed", b"p,q\n1.5,2\n", CSV),
    "no signature: split": ("none", split(["a", "b", "c"], [1, 2.5, "x"], [2, None, "y"]), JSON),
    "no signature: CSV": ("none", b"a,b,c,d,e\n1,2.5,x,True,\n2,,y,False,7\n", CSV),
}

# What MLflow would take, changing a value without a word or guessing at one.
STRICTER: dict[str, Case] = {
    "integer: a fraction": ("integer", column(1.7), JSON),
    "integer: beyond its range": ("integer", column(2**31), JSON),
    "long: beyond its range": ("long", column(2**63), JSON),
    "long: a fraction in inputs": ("long", body(INPUTS, [1.7]), JSON),
    "boolean: the word false": ("boolean", column("false"), JSON),
    "boolean: NaN": ("boolean", b'{"dataframe_split": {"columns": ["x"], "data": [[NaN]]}}', JSON),
    "string: a number": ("string", column(5), JSON),
    "an index longer than the rows": ("two", split(["a", "b"], [1, 2], index=[1, 2]), JSON),
    "rows of unequal length": ("optional", split(["a", "b"], [1, 2], [3]), JSON),
    "a row of CSV that is too short": ("optional", b"a,b\n1,2\n3\n", CSV),
    "tensors of different lengths": ("tensors", body(INPUTS, {"a": [[1, 2]], "b": [1, 2]}), JSON),
    "a tensor of words: null": ("words", body(INPUTS, ["a", None]), JSON),
    "tensor of integers: a fraction": ("tensor1", body(INPUTS, [1.7]), JSON),
}

LOST = [{"a": [1, 2], "b": 5}, {"a": [3, 4]}, {"b": 6}]


@pytest.mark.parametrize("form", [INSTANCES, RECORDS])
def test_tensors_of_different_rows_are_never_put_side_by_side(form: str) -> None:
    with pytest.raises(Refused, match=r"missing inputs \['b'\] in row 1"):
        peer.in_gatehouse(peer.of("tensors"), body(form, LOST), JSON)


# What MLflow cannot read, though there is but one way to understand it; and the same in a form that it can.
MORE: dict[str, tuple[Case, Case]] = {
    "CSV for a tensor": (
        ("tensor", b"p,q\n1,2\n3.5,4\n", CSV),
        ("tensor", body(INPUTS, [[1, 2], [3.5, 4]]), JSON),
    ),
    "CSV with dates": (
        ("datetime", b"x\n2024-02-29\n", CSV),
        ("datetime", column("2024-02-29"), JSON),
    ),
    "instances with arrays": (
        ("array", body(INSTANCES, [{"x": [1.5]}, {"x": [2.5]}]), JSON),
        ("array", split(["x"], [[1.5]], [[2.5]]), JSON),
    ),
    "whole numbers in arrays of floats": (
        ("array", split(["x"], [[2, 3]]), JSON),
        ("array", split(["x"], [[2.0, 3.0]]), JSON),
    ),
}

REFUSED: dict[str, Case] = {
    "an empty body": ("two", b"", JSON),
    "no JSON": ("two", b"{", JSON),
    "a list": ("two", b"[1]", JSON),
    "a number": ("two", b"1", JSON),
    "no UTF-8": ("two", b'{"inputs": ["\xff"]}', JSON),
    "no format": ("two", b"{}", JSON),
    "two formats": ("two", b'{"inputs": [1], "instances": [1]}', JSON),
    "split as a list": ("two", body(SPLIT, [1]), JSON),
    "split without data": ("two", body(SPLIT, {"columns": ["a"]}), JSON),
    "split with another key": ("two", body(SPLIT, {"columns": ["a"], "data": [[1]], "dtype": "x"}), JSON),
    "split with too few names": ("two", split(["a"], [1, 2]), JSON),
    "records as an object": ("two", body(RECORDS, {"a": 1, "b": 2}), JSON),
    "a column too few": ("two", split(["a"], [1]), JSON),
    "a column too few in CSV": ("two", b"a\n1\n", CSV),
    "a column too few in instances": ("two", body(INSTANCES, [{"a": 1}]), JSON),
    "columns without names where they have some": ("two", split(None, [1, 2]), JSON),
    "too few columns to count": ("unnamed", split(None, [1]), JSON),
    "columns of unequal length": ("two", body(INPUTS, {"a": [1], "b": [1, 2]}), JSON),
    **{f"{name}: words": (name, column("abc"), JSON) for name in (*NUMBERS, "datetime")},
    **{f"{name}: missing": (name, column(1, None), JSON) for name in ("integer", "long")},
    **{f"{name}: a list": (name, column([1]), JSON) for name in NUMBERS},
    "double: beyond every float": ("double", column(10**400), JSON),
    "binary: missing": ("binary", column(None), JSON),
    "binary: no base64": ("binary", column("a"), JSON),
    "datetime: with a zone": ("datetime", column("2024-02-29T12:30:00Z"), JSON),
    "datetime: the 30th of February": ("datetime", column("2024-02-30"), JSON),
    "array: a number": ("array", split(["x"], [1.5]), JSON),
    "array: words": ("array", split(["x"], [["a"]]), JSON),
    "object: without a field": ("object", split(["x", "n"], [{"q": 1}, 1]), JSON),
    "object: with another field": ("object", split(["x", "n"], [{"p": "a", "z": 1}, 1]), JSON),
    "map: a list": ("map", split(["x"], [[1.5]]), JSON),
    "tensor: of another shape": ("tensor", body(INPUTS, [[1, 2, 3]]), JSON),
    "tensor: of too few dimensions": ("tensor", body(INPUTS, [1, 2]), JSON),
    "records that are numbers": ("two", body(RECORDS, [1, 2]), JSON),
    "split of numbers": ("two", body(SPLIT, {"columns": ["a", "b"], "data": [1, 2]}), JSON),
    "split as text": ("two", body(SPLIT, {"columns": "ab", "data": "ab"}), JSON),
    "split with numbers for names": ("two", body(SPLIT, {"columns": [0, 1], "data": [[1, 2]]}), JSON),
    "no required column": ("optional", body(INPUTS, [{"b": 1}]), JSON),
    "binary: in inputs beyond ASCII": ("binary", body(INPUTS, ["é"]), JSON),
    "array of objects: words for a boolean": ("deep", split(["x"], [[{"t": "true", "w": []}]]), JSON),
    "array of objects: null": ("deep", split(["x"], [[None]]), JSON),
    "tensors: one too few": ("tensors", body(INPUTS, {"a": [[1, 2]]}), JSON),
    "tensors: without names": ("tensors", body(INPUTS, [[1, 2]]), JSON),
    "tensors: in a data frame without names": ("tensors", split(None, [[1, 2], 5]), JSON),
    "tensors: a frame with one too few": ("tensors", split(["a"], [[1, 2]]), JSON),
    "tensors: instances that are not all objects": ("tensors", body(INSTANCES, [{"a": [1, 2], "b": 5}, 7]), JSON),
    "tensor: a frame that is ragged": ("tensor", split(None, [1, 2], [3, 4, 5]), JSON),
    "tensor: an integer out of range": ("small", body(INPUTS, [[0, 256]]), JSON),
    "tensor: a negative integer": ("small", body(INPUTS, [[0, -1]]), JSON),
    "tensor: a missing integer": ("tensor1", body(INPUTS, [None]), JSON),
    "tensor: ragged": ("tensor", body(INPUTS, [[1, 2], [3]]), JSON),
    "tensor: words": ("tensor", body(INPUTS, [["a", "b"]]), JSON),
    "tensor: an object": ("tensor", body(INPUTS, {"a": [[1, 2]]}), JSON),
    "CSV: empty": ("two", b"", CSV),
    "CSV: no UTF-8": ("two", b"a,b\n\xff,1\n", CSV),
    "CSV: words for numbers": ("two", b"a,b\nx,1\n", CSV),
    "CSV: a row too long": ("two", b"a,b\n1,2\n1,2,3\n", CSV),
    "CSV: a quote that never ends": ("two", b'a,b\n1,"2\n', CSV),
    "CSV: an integer that is missing": ("mixed", b"n,s,t\n,a,True\n", CSV),
    "CSV: a boolean that is missing": ("mixed", b"n,s,t\n1,a,\n", CSV),
    "another content type": ("two", split(["a", "b"], [1, 2]), "text/plain"),
    "another charset": ("two", split(["a", "b"], [1, 2]), "application/json; charset=latin-1"),
    "another parameter": ("two", split(["a", "b"], [1, 2]), "application/json; version=2"),
}


@pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")
@pytest.mark.parametrize("case", SAME.values(), ids=SAME)
def test_the_model_is_given_what_mlflow_would_give_it(case: Case) -> None:
    key, sent, content_type = case
    signature = peer.of(key)
    expected, _ = peer.in_mlflow(signature, sent, content_type)
    found, _ = peer.in_gatehouse(signature, sent, content_type)
    assert peer.same(found, expected)


@pytest.mark.filterwarnings("ignore:Constructing a DataFrame from a list of sequences with mismatched")
@pytest.mark.parametrize("case", STRICTER.values(), ids=STRICTER)
def test_a_value_that_mlflow_would_change_is_refused(case: Case) -> None:
    key, sent, content_type = case
    peer.in_mlflow(peer.of(key), sent, content_type)
    with pytest.raises(Refused):
        peer.in_gatehouse(peer.of(key), sent, content_type)


@pytest.mark.parametrize("pair", MORE.values(), ids=MORE)
def test_what_mlflow_cannot_read_comes_to_the_same_as_what_it_can(pair: tuple[Case, Case]) -> None:
    (key, sent, content_type), (_, readable, other_type) = pair
    with pytest.raises(MlflowException):
        peer.in_mlflow(peer.of(key), sent, content_type)
    expected, _ = peer.in_mlflow(peer.of(key), readable, other_type)
    assert peer.same(peer.in_gatehouse(peer.of(key), sent, content_type)[0], expected)


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_what_mlflow_refuses_is_refused(case: Case) -> None:
    key, sent, content_type = case
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises((MlflowException, AttributeError)) as theirs:
            peer.in_mlflow(peer.of(key), sent, content_type)
    with pytest.raises(Refused) as refused:
        peer.in_gatehouse(peer.of(key), sent, content_type)
    status = getattr(theirs.value, "get_http_status_code", lambda: 400)()
    assert refused.value.status == (415 if str(theirs.value).startswith("415") else status)


@pytest.mark.parametrize("name", ["a column too few", "no JSON", "tensor: of another shape", "long: words"])
def test_an_error_is_written_as_mlflow_writes_it(name: str) -> None:
    key, sent, content_type = REFUSED[name]
    with pytest.raises(MlflowException) as theirs:
        peer.in_mlflow(peer.of(key), sent, content_type)
    with pytest.raises(Refused) as ours:
        peer.in_gatehouse(peer.of(key), sent, content_type)
    answer = scoring.refusal(ours.value)
    expected = msgspec.json.decode(theirs.value.serialize_as_json())
    found = msgspec.json.decode(answer.body)
    assert answer.status == theirs.value.get_http_status_code()
    assert found.keys() == expected.keys()
    assert {**found, "message": ""} == {**expected, "message": ""}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 501, 503, 504])
def test_what_else_goes_wrong_has_the_words_that_mlflow_has_for_the_status(status: int) -> None:
    theirs = MlflowException("no", get_error_code(status))
    assert theirs.get_http_status_code() == status
    answer = scoring.failure(status, "no")
    assert (answer.status, msgspec.json.decode(answer.body)) == (
        status,
        msgspec.json.decode(theirs.serialize_as_json()),
    )


GIVEN_PARAMS: dict[str, Any] = {
    "none": None,
    "empty": {},
    "one": {"t": 0.25},
    "an integer for a float": {"t": 2},
    "a list": {"w": ["b", "c"]},
    "null": {"n": None},
    "a date": {"d": "2024-03-01"},
    "a time": {"d": "2024-03-01T12:30:00"},
    "one that nobody asked for": {"z": 1, "n": 5},
}
BAD_PARAMS: dict[str, Any] = {
    "a list": [1],
    "text for a number": {"t": "0.5"},
    "a float for an integer": {"n": 1.5},
    "a boolean for an integer": {"n": True},
    "one value for a list": {"w": "b"},
    "a list of another type": {"w": [1]},
    "null for a list": {"w": None},
    "no date": {"d": "tomorrow"},
    "a number that no float reaches": {"t": 10**400},
}


@pytest.mark.parametrize("given", GIVEN_PARAMS.values(), ids=GIVEN_PARAMS)
def test_params_reach_the_model_as_in_mlflow(given: Any) -> None:
    signature = peer.of("double", peer.PARAMS)
    sent = body(INPUTS, [1.5], params=given)
    assert peer.in_gatehouse(signature, sent, JSON)[1] == peer.in_mlflow(signature, sent, JSON)[1]


@pytest.mark.parametrize("given", BAD_PARAMS.values(), ids=BAD_PARAMS)
def test_params_that_mlflow_refuses_are_refused(given: Any) -> None:
    signature = peer.of("double", peer.PARAMS)
    sent = body(INPUTS, [1.5], params=given)
    with pytest.raises(MlflowException):
        peer.in_mlflow(signature, sent, JSON)
    with pytest.raises(Refused):
        peer.in_gatehouse(signature, sent, JSON)


def test_params_are_passed_over_where_the_model_takes_none() -> None:
    rows = scoring.Reader(peer.ours(peer.of("double"))).read(body(INPUTS, [1.5], params={"t": 1}), JSON)
    assert rows.params == {}
    assert rows.mergeable


ANSWERS = {
    "values": Answer("values", np.array([0.1, -2.0, 1e-300])),
    "values that are no numbers": Answer("values", np.array([np.nan, np.inf, -np.inf, 1.0])),
    "labels": Answer("labels", np.array([1, 0, 2**62])),
    "words": Answer("labels", np.array(["a", None, "Zürich"], dtype=object)),
    "truths": Answer("labels", np.array([True, False])),
    "probabilities": Answer("probabilities", np.array([[0.25, 0.75], [0.1, 0.9]]), ("no", "yes")),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_predictions_are_written_as_mlflow_writes_them(answer: Answer) -> None:
    theirs = io.StringIO()
    predictions_to_json(answer.array, theirs)
    ours = scoring.reply(answer)
    assert (ours.status, ours.content_type) == (200, JSON)
    assert repr(json.loads(ours.body)) == repr(json.loads(theirs.getvalue()))


def test_the_comparison_itself_tells_inputs_apart() -> None:
    signature = peer.of("two")
    one, _ = peer.in_mlflow(signature, split(["a", "b"], [1.5, 2.5]), JSON)
    other, _ = peer.in_gatehouse(signature, split(["a", "b"], [1.5, 2.0]), JSON)
    with pytest.raises(AssertionError):
        peer.same(other, one)
