"""What a check found, as an in-toto statement that others can read."""

from __future__ import annotations

import hashlib
import json
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.key import evidence_key
from gatehouse.evaluate.result import Result
from gatehouse.pin import Role
from gatehouse.report.statement import read, statement
from gatehouse.verdict import Outcome, Verdict
from tests.support import results
from tests.support.optional import part
from tests.support.stated import judged
from tests.support.thousand import digest

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "test-result-v0.1.json").read_text())
RUN = "https://github.com/acme/promotions/actions/runs/17"
DOCUMENT = b'{"schema": 1}\n'


def stated(result: Result | None = None, url: str = RUN) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(statement(*_arguments(result), url))
    return made


def _arguments(result: Result | None = None) -> tuple[Result, bytes, Any]:
    found, basis = judged(result)
    return found, DOCUMENT, basis


@pytest.mark.parametrize("kind", sorted(results.EVERY))
def test_every_statement_is_one_by_the_specification(kind: str) -> None:
    (make,) = results.EVERY[kind]
    for url in ("", RUN):
        validator = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
        validator.validate(stated(make(), url))


@pytest.mark.parametrize("kind", sorted(results.EVERY))
def test_in_totos_own_library_reads_every_statement(kind: str) -> None:
    part("in_toto_attestation", "in-toto-attestation")
    json_format = import_module("google.protobuf.json_format")
    theirs = import_module("in_toto_attestation.v1.statement")
    pb2 = import_module("in_toto_attestation.v1.statement_pb2")
    test_result = import_module("in_toto_attestation.predicates.test_result.v0.test_result_pb2").TestResult
    (make,) = results.EVERY[kind]
    made = statement(*_arguments(make()), RUN)
    theirs.Statement.copy_from_pb(json_format.Parse(made, pb2.Statement())).validate()
    predicate = json.loads(made)["predicate"]
    # Whoever does not know gatehouse's own field passes it over; all the rest is theirs, to the letter.
    del predicate["gatehouse"]
    said = {name: value for name, value in predicate.items() if value != []}
    assert json_format.MessageToDict(json_format.ParseDict(predicate, test_result())) == said


def test_sigstore_reads_a_statement_too() -> None:
    dsse = part("sigstore.dsse", "sigstore")
    assert dsse.Statement(statement(*_arguments()))._inner.predicate_type.endswith("/test-result/v0.1")


def test_the_subject_is_the_artifact_under_its_name_and_version() -> None:
    assert stated()["subject"] == [
        {
            "name": "credit-risk",
            "uri": "pkg:mlflow/credit-risk@3",
            "digest": {"sha256": results.THIRD.digest.removeprefix("sha256:")},
        }
    ]


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ([Outcome.PASS, Outcome.PASS], "PASSED"),
        ([Outcome.PASS, Outcome.WARN], "WARNED"),
        ([Outcome.PASS, Outcome.WARN, Outcome.INSUFFICIENT], "FAILED"),
        ([Outcome.FAIL], "FAILED"),
        ([Outcome.PASS, Outcome.ERROR], "FAILED"),
        ([], "FAILED"),
    ],
)
def test_only_a_pass_is_stated_as_one(outcomes: list[Outcome], said: str) -> None:
    verdicts = tuple(Verdict(f"gate-{at}", outcome, "") for at, outcome in enumerate(outcomes))
    predicate = stated(msgspec.structs.replace(results.passing(), verdicts=verdicts))["predicate"]
    assert predicate["result"] == said
    for word, those in (("passed", ["PASS"]), ("warned", ["WARN"]), ("failed", ["INSUFFICIENT", "FAIL", "ERROR"])):
        named = [f"gate-{at}" for at, outcome in enumerate(outcomes) if outcome in those]
        assert predicate[f"{word}Tests"] == named


def test_the_evidence_key_can_be_made_again_from_the_statement_alone() -> None:
    result, basis = judged(results.blocked(), {"metrics/cost": digest("cost")})
    made = json.loads(statement(result, DOCUMENT, basis))
    key, *files = made["predicate"]["configuration"]
    known = {each["name"]: f"sha256:{each['digest']['sha256']}" for each in files}
    gates = {name: value for name, value in known.items() if name.startswith("gates/")}
    parts = {
        **key["annotations"],
        "candidate": "sha256:" + made["subject"][0]["digest"]["sha256"],
        "policy": known["promotions/credit-risk/policy.yaml"],
        "gates": {name.removeprefix("gates/").removesuffix(".py"): value for name, value in gates.items()},
        "data": known["data/evaluation"],
    }
    written = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(written.encode()).hexdigest() == key["digest"]["sha256"] == result.key[7:]


def test_a_place_is_part_of_what_is_stated() -> None:
    key = stated()["predicate"]["configuration"][0]
    assert key["name"] == "evidence-key"
    assert key["annotations"]["slot"] == "promotions/credit-risk/production.yaml"
    assert key["annotations"]["role"] == "champion"
    first = stated(results.first())["predicate"]["configuration"][0]
    assert first["annotations"]["champion"] is None


def test_a_gate_that_does_not_exist_failed_and_judged_nothing() -> None:
    verdicts = (*results.passing().verdicts, Verdict("fairnes", Outcome.ERROR, "there is no gate called 'fairnes'"))
    result, basis = judged(msgspec.structs.replace(results.passing(), verdicts=verdicts))
    basis = msgspec.structs.replace(basis, gates={**basis.gates, "fairnes": ""})
    made = json.loads(statement(msgspec.structs.replace(result, key=evidence_key(basis)), DOCUMENT, basis))
    assert made["predicate"]["failedTests"] == ["fairnes"]
    assert "gates/fairnes.py" not in [each["name"] for each in made["predicate"]["configuration"]]


def test_the_document_that_it_is_about_is_bound_by_its_digest() -> None:
    further = stated()["predicate"]["gatehouse"]
    assert further["document"]["digest"] == {"sha256": hashlib.sha256(DOCUMENT).hexdigest()}


def test_nothing_is_stated_of_what_another_base_would_have_asked() -> None:
    result, basis = judged()
    for other in (
        msgspec.structs.replace(basis, policy=digest("weaker")),
        msgspec.structs.replace(basis, gates={}),
        msgspec.structs.replace(basis, request=msgspec.structs.replace(basis.request, head="0" * 40)),
    ):
        with pytest.raises(GatehouseError, match="was not judged by what commit 4c1f4c1f4c1f has"):
            statement(result, DOCUMENT, other)
    shadow = msgspec.structs.replace(result, request=msgspec.structs.replace(result.request, role=Role.SHADOW))
    with pytest.raises(GatehouseError, match="was not judged by"):
        statement(shadow, DOCUMENT, basis)


def test_the_same_check_is_always_the_same_statement_and_reads_back() -> None:
    made = statement(*_arguments(), RUN)
    assert made == statement(*_arguments(), RUN)
    assert msgspec.json.format(msgspec.json.encode(read(made)), indent=2) + b"\n" == made


def test_what_a_later_version_adds_is_passed_over() -> None:
    made = stated()
    made["more"] = made["predicate"]["more"] = made["subject"][0]["more"] = {"a": [1]}
    assert read(json.dumps(made).encode()).predicate.result == "PASSED"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda made: made.update(_type="https://in-toto.io/Statement/v0.1"), "it says https://in-toto.io/Statement/v0.1"),
        (lambda made: made.update(predicateType="https://slsa.dev/provenance/v1"), "it says https://slsa.dev/provenance/v1"),
        (lambda made: made.update(subject=[]), "0 subjects"),
        (lambda made: made["subject"].append(made["subject"][0]), "2 subjects"),
        (lambda made: made["predicate"].update(result="passed"), "Invalid enum value"),
        (lambda made: made["predicate"].pop("gatehouse"), "missing required field `gatehouse`"),
    ],
)  # fmt: skip
def test_what_is_no_statement_on_a_check_is_refused(change: Any, said: str) -> None:
    made = stated()
    change(made)
    with pytest.raises(GatehouseError, match="is no statement on a check") as error:
        read(json.dumps(made).encode())
    assert said in error.value.message


@given(st.binary() | st.builds(lambda depth: b'{"_type":' * depth, st.integers(1, 20_000)))
def test_bytes_are_a_statement_or_refused_in_words(data: bytes) -> None:
    with pytest.raises(GatehouseError, match="is no statement on a check"):
        read(data)
