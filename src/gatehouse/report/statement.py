"""What a check found, as an in-toto statement: which model, judged by what, with which outcome.

Statement v1 (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md) with the predicate test-result v0.1
(https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md): the subject is the model's artifact
by its digest, each gate is a test, and the configuration is the evidence key and all that it is made of, each part with
a digest that ``sha256sum`` can repeat. What the standard has no field for stands under ``gatehouse``; whoever does not
know it may pass it over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

import msgspec

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.key import Basis, evidence_key
from gatehouse.evaluate.result import Request, Result
from gatehouse.pin import DIGEST, ROOT
from gatehouse.report.text import clean
from gatehouse.verdict import Outcome

TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://in-toto.io/attestation/test-result/v0.1"
MEDIA_TYPE = "application/vnd.in-toto+json"
KEY = "evidence-key"


class Descriptor(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A thing and its digest (hex, by algorithm): in-toto's ResourceDescriptor, as far as it is used here."""

    name: str = ""
    uri: str = ""
    digest: Mapping[str, str] = {}
    media_type: str = ""
    annotations: Mapping[str, Any] = {}


class Further(msgspec.Struct, frozen=True):
    """What test-result has no field for: the result's document on the evidence branch, the commits that were compared,
    and when and how well locked in the models ran."""

    document: Descriptor
    base: str
    head: str
    evaluated: datetime
    isolation: str


class Predicate(msgspec.Struct, frozen=True, rename="camel"):
    """``configuration`` is what judged; the three lists hold the gates' names."""

    result: Literal["PASSED", "WARNED", "FAILED"]
    configuration: tuple[Descriptor, ...]
    passed_tests: tuple[str, ...]
    warned_tests: tuple[str, ...]
    failed_tests: tuple[str, ...]
    gatehouse: Further
    url: str | msgspec.UnsetType = msgspec.UNSET


class Statement(msgspec.Struct, frozen=True, rename={"type": "_type", "predicate_type": "predicateType"}):
    """One check of one model."""

    type: str
    subject: tuple[Descriptor, ...]
    predicate_type: str
    predicate: Predicate


def statement(result: Result, document: bytes, basis: Basis, url: str = "") -> bytes:
    """The statement on a result, UTF-8 JSON; the same arguments always give the same bytes.

    ``document`` is the result as the evidence branch keeps it, ``basis`` what its verdicts rest on as the base commit
    has it, ``url`` the page of the run. Raises GatehouseError where the result's key is not that of the basis: then
    nobody here can say what judged.
    """
    if basis.request != result.request or evidence_key(basis) != result.key:
        raise GatehouseError(
            f"the check of {result.request.candidate} for {result.request.slot} was not judged by what commit "
            f"{result.request.base[:12]} has",
            "commit what judges, and run the check again",
        )
    made = Statement(TYPE, (_subject(result.request),), PREDICATE_TYPE, _predicate(result, document, basis, url))
    return msgspec.json.format(msgspec.json.encode(made, order="deterministic"), indent=2) + b"\n"


def read(payload: bytes) -> Statement:
    """A statement from its JSON; fields that are not known are passed over, as in-toto wants it.

    Raises GatehouseError for what is no statement on a check.
    """
    fix = "see docs/results.md for what a statement holds"
    try:
        found = msgspec.json.decode(payload, type=Statement)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise GatehouseError(f"is no statement on a check: {clean(str(error))}", fix) from error
    for said, wanted in ((found.type, TYPE), (found.predicate_type, PREDICATE_TYPE)):
        if said != wanted:
            raise GatehouseError(f"is no statement on a check: it says {clean(said, 100)}, not {wanted}", fix)
    if len(found.subject) != 1:
        raise GatehouseError(f"is no statement on a check: it has {len(found.subject)} subjects, not one", fix)
    return found


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a statement."""
    made: dict[str, Any] = msgspec.json.schema(Statement)
    title = "in-toto statement on a check by gatehouse"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **made}


def _subject(request: Request) -> Descriptor:
    """The model as a package URL names it (https://github.com/package-url/purl-spec, type mlflow)."""
    model, pin = request.slot.model, request.candidate
    return Descriptor(model, f"pkg:mlflow/{quote(model, safe='')}@{pin.version}", _digest(pin.digest))


def _predicate(result: Result, document: bytes, basis: Basis, url: str) -> Predicate:
    request = result.request
    tests: dict[str, list[str]] = {"PASSED": [], "WARNED": [], "FAILED": []}
    for verdict in result.verdicts:
        tests[_said(verdict.outcome)].append(verdict.gate)
    digest = hashlib.sha256(document).hexdigest()
    further = Further(
        document=Descriptor(digest={"sha256": digest}, media_type="application/json"),
        base=request.base,
        head=request.head,
        evaluated=result.evaluated,
        isolation=result.isolation,
    )
    return Predicate(
        result=_said(result.outcome),
        configuration=_configuration(result, basis),
        passed_tests=tuple(tests["PASSED"]),
        warned_tests=tuple(tests["WARNED"]),
        failed_tests=tuple(tests["FAILED"]),
        gatehouse=further,
        url=url or msgspec.UNSET,
    )


def _said(outcome: Outcome) -> Literal["PASSED", "WARNED", "FAILED"]:
    """Too little data, and a gate that broke, are failures: only a pass passes."""
    if not outcome.lets_through:
        return "FAILED"
    return "PASSED" if outcome is Outcome.PASS else "WARNED"


def _configuration(result: Result, basis: Basis) -> tuple[Descriptor, ...]:
    """What judged. A gate that does not exist has no digest, and stands among the failed tests alone."""
    judges = [(f"gates/{name}.py", digest) for name, digest in sorted(basis.gates.items())]
    tables = [(f"data/{name}", digest) for name, digest in sorted(result.data.items())]
    named = [(f"{ROOT}/{result.request.slot.model}/policy.yaml", basis.policy), *judges, *tables]
    known = [Descriptor(name, digest=_digest(digest)) for name, digest in named if DIGEST.fullmatch(digest)]
    return (_key(result.key, basis), *known)


def _key(key: str, basis: Basis) -> Descriptor:
    """The evidence key, with those of its parts that are no files."""
    request = basis.request
    parts = {
        "slot": request.slot.path,
        "role": str(request.role),
        "champion": request.champion.digest if request.champion else None,
        "engine": basis.engine,
    }
    return Descriptor(KEY, digest=_digest(key), annotations=parts)


def _digest(written: str) -> Mapping[str, str]:
    algorithm, _, value = written.partition(":")
    return {algorithm: value}
