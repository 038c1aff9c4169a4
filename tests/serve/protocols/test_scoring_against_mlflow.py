"""The model is given what MLflow's own server would give it, and where not, on purpose."""

from __future__ import annotations

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
from tests.serve.protocols.cases import INPUTS, INSTANCES, MORE, RECORDS, REFUSED, SAME, STRICTER, Case, split
from tests.serve.protocols.peer import JSON, body


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


LOST = [{"a": [1, 2], "b": 5}, {"a": [3, 4]}, {"b": 6}]


@pytest.mark.parametrize("form", [INSTANCES, RECORDS])
def test_tensors_of_different_rows_are_never_put_side_by_side(form: str) -> None:
    with pytest.raises(Refused, match=r"missing inputs \['b'\] in row 1"):
        peer.in_gatehouse(peer.of("tensors"), body(form, LOST), JSON)


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
