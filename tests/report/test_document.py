"""The JSON document."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.result import Result
from gatehouse.report import document
from gatehouse.verdict import Curve, Interval, Measure, Outcome, Rows, Verdict
from tests.support import hostile, results

GOOD = {name: sample for name, sample in results.samples().items() if name != "hostile"}


@pytest.mark.parametrize("name", list(GOOD))
def test_what_is_written_is_read_back_and_written_the_same(name: str) -> None:
    data = document.encode(GOOD[name])
    found = document.decode(data)
    assert document.encode(found) == data
    assert [result.outcome for result in found] == [result.outcome for result in GOOD[name]]
    assert [result.request for result in found] == [result.request for result in GOOD[name]]


@pytest.mark.parametrize("name", list(results.samples()))
def test_the_document_keeps_to_its_own_schema(name: str) -> None:
    schema = document.json_schema()
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(document.encode(results.samples()[name])))


@settings(max_examples=50, deadline=None)
@given(st.lists(hostile.results, max_size=2))
def test_any_result_can_be_written_and_no_number_in_it_is_beyond_json(made: list[Result]) -> None:
    data = document.encode(made)
    json.loads(data, parse_constant=lambda name: pytest.fail(f"{name} in the document"))
    found = msgspec.json.decode(data, type=document.Document)
    assert document.encode(found.results) == data
    assert found.passed == all(result.passed for result in made)


def test_what_is_no_number_is_left_out_and_the_rest_is_kept() -> None:
    nan, inf = float("nan"), float("inf")
    measure = Measure("x", nan, Outcome.FAIL, 0.5, interval=Interval(0, inf), champion=0.4)
    exhibit = Curve("c", "x", "y", {"candidate": [(0, 1), (nan, 1), (2, inf), (3, 4)]}, limits={"a": nan, "b": 2})
    verdict = Verdict("g", Outcome.FAIL, "", (measure,), exhibits=(exhibit, Rows("r", "x", (), floor=inf)))
    (found,) = document.decode(document.encode([results.result([verdict])]))
    (read,), (curve, rows) = found.verdicts[0].measures, found.verdicts[0].exhibits
    assert (read.value, read.interval, read.champion) == (None, None, 0.4)
    assert isinstance(curve, Curve)
    assert [tuple(point) for point in curve.series["candidate"]] == [(0, 1), (3, 4)]
    assert curve.limits == {"b": 2}
    assert isinstance(rows, Rows)
    assert rows.floor is None


def test_an_empty_document_passes() -> None:
    assert json.loads(document.encode([])) == {"passed": True, "results": [], "schema": 1}


def _changed(**changes: Any) -> bytes:
    """A good document of one blocked result with top-level fields or, with a leading ``r_``, result fields changed."""
    made = json.loads(document.encode([results.blocked()]))
    for name, value in changes.items():
        (made["results"][0] if name.startswith("r_") else made)[name.removeprefix("r_")] = value
    return json.dumps(made).encode()


VERDICT = json.loads(document.encode([results.passing()]))["results"][0]["verdicts"][0]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "cannot be read"),
        (b"{", "cannot be read"),
        (b"null", "Expected `object`, got `null`"),
        (b"\xff\xfe", "cannot be read"),
        (b'{"schema": 1, "passed": true, "results": [NaN]}', "cannot be read"),
        (b"[" * 100_000, "cannot be read"),
        (b'{"results":' + b"[" * 100_000, "cannot be read"),
        (b'{"x":' * 50_000 + b"1" + b"}" * 50_000, "cannot be read"),
        (_changed(surprise=1), "unknown field `surprise`"),
        (_changed(r_surprise=1), "unknown field `surprise`"),
        (_changed(schema=2), "its schema is 2"),
        (_changed(passed=True), "its verdicts say otherwise"),
        (_changed(r_key="sha256:short"), "evidence key"),
        (_changed(r_key="x\n" * 500), "evidence key"),
        (_changed(r_verdicts=[VERDICT, VERDICT], passed=True), "two verdicts"),
        (_changed(r_verdicts=[{**VERDICT, "gate": str(i)} for i in range(201)], passed=True), "201 verdicts"),
        (_changed(r_verdicts=[{**VERDICT, "outcome": "PASSED"}]), "Invalid enum value"),
        (_changed(r_seconds="soon"), "Expected `float`"),
        (_changed(r_candidate={"pin": {"version": 0, "digest": "sha256:" + "0" * 64}}), "a version is 1 or more"),
    ],
)
def test_a_document_that_cannot_be_believed_is_refused_in_one_line(data: bytes, says: str) -> None:
    with pytest.raises(GatehouseError, match=says.replace("[", r"\[")) as refused:
        document.decode(data)
    assert len(refused.value.message) < 400
    assert "\n" not in refused.value.message
    assert refused.value.fix


def test_a_document_that_is_too_large_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(GatehouseError, match="more than 16,777,216"):
        document.decode(b" " * (document.MAX_BYTES + 1))


def test_more_points_than_a_page_can_draw_are_refused() -> None:
    curve = Curve("c", "x", "y", {"candidate": [(0.0, 0.0)] * (document.MAX_POINTS + 1)})
    data = document.encode([results.result([Verdict("g", Outcome.PASS, "", exhibits=(curve,))])])
    with pytest.raises(GatehouseError, match="50,001 points"):
        document.decode(data)


def test_more_measures_or_results_than_anyone_reads_are_refused() -> None:
    many = Verdict("g", Outcome.PASS, "", (Measure("m", 1.0, Outcome.PASS),) * (document.MAX_MEASURES + 1))
    with pytest.raises(GatehouseError, match="more than 5,000 measures"):
        document.decode(document.encode([results.result([many])]))
    bare = results.result([Verdict("g", Outcome.PASS, "")])
    with pytest.raises(GatehouseError, match="201 results"):
        document.decode(document.encode([bare] * 201))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_noise_is_refused_and_never_raises_anything_else(data: bytes) -> None:
    with pytest.raises(GatehouseError):
        document.decode(data)


def test_a_refusal_travels_as_the_error_that_it_was() -> None:
    error = GatehouseError("promotions/credit-risk/staging.yaml:1: version: expected an integer", "write a number")
    with pytest.raises(GatehouseError, match="expected an integer") as caught:
        document.decode(document.refusal(error))
    assert caught.value.fix == "write a number"


def test_a_refusal_that_also_holds_results_is_not_believed() -> None:
    found = msgspec.json.decode(document.encode([results.passing()]))
    for forged in ({**found, "refused": "nothing to see"}, {**found, "results": [], "refused": "no", "passed": True}):
        with pytest.raises(GatehouseError, match="cannot be believed"):
            document.decode(msgspec.json.encode(forged))
