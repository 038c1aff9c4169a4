"""A signed statement beside the document that it is about: read from files, held against public keys, told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gatehouse.errors import GatehouseError, NotFound
from gatehouse.report.text import clean

if TYPE_CHECKING:
    from gatehouse.report.seal import Opened

ENVELOPE = ".intoto.json"


class Verified(msgspec.Struct, frozen=True):
    """What ``evidence verify --format json`` prints.

    ``fault`` says why the statement is not to be believed ("": it is); the rest is what it says, empty where it is not
    believed. ``document`` tells whether the results document beside it was held against it, ``artifact`` whether a
    model's folder was. ``signer`` is the key's identifier as in-toto and TUF have it.
    """

    fault: str = ""
    subject: str = ""
    digest: str = ""
    verdict: str = ""
    passed: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    key: str = ""
    evaluated: datetime | None = None
    isolation: str = ""
    base: str = ""
    signer: str = ""
    document: bool = False
    artifact: bool = False

    @property
    def good(self) -> bool:
        return not self.fault


def verified(file: Path, keys: Sequence[bytes], artifact: Path | None = None) -> Verified:
    """What the statement in or beside ``file`` is worth.

    Raises NotFound where there is no statement, GatehouseError for a key that is no public key (PEM), or for a folder
    that holds no model.
    """
    from gatehouse.report import seal
    from gatehouse.report.keys import public

    for key in keys:
        public(key)
    document, envelope = _pair(file)
    fault = "" if document is None else seal.fault(document, envelope, keys)
    if fault:
        return Verified(fault)
    try:
        found = _told(seal.opened(envelope, keys), document=document is not None)
    except GatehouseError as error:
        return Verified(error.message)
    return found if artifact is None else _held(found, artifact)


def lines(answer: Verified) -> list[str]:
    """For a terminal. Whatever a statement says may have been written by anybody who holds a key."""
    if not answer.good:
        return [f"✗ not to be believed: {clean(answer.fault, 500)}"]
    gates = [("passed", answer.passed), ("warned", answer.warned), ("failed", answer.failed)]
    told = "; ".join(f"{clean(', '.join(names), 200)} {word}" for word, names in gates if names)
    looked = (
        "the document beside it is the one that was signed" if answer.document else "its document was not looked at"
    )
    when = f"{answer.evaluated.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if answer.evaluated else "nobody knows when"
    return [
        f"✓ {clean(answer.subject, 300)}: {answer.verdict}",
        f"  artifact  {clean(answer.digest, 100)}{', as in the folder' * answer.artifact}",
        f"  gates     {told or 'none'}",
        f"  evidence  {clean(answer.key, 100)}",
        f"  judged    {when} by {clean(answer.base, 12)}, isolation {clean(answer.isolation, 40)}",
        f"  signed    by key {answer.signer}; {looked}",
    ]


def _pair(file: Path) -> tuple[bytes | None, bytes]:
    """The document (None: there is none) and the envelope, whichever of them was named."""
    if file.name.endswith(ENVELOPE):
        beside = file.with_name(file.name.removesuffix(ENVELOPE) + ".json")
        return (_read(beside) if beside.is_file() else None), _read(file)
    beside = file.with_name(file.name.removesuffix(".json") + ENVELOPE)
    if not beside.is_file():
        raise NotFound(
            f"there is no statement {beside.name} beside {file}",
            "checks write one where GATEHOUSE_SIGNING_KEY is set; copy it from the evidence branch with the document",
        )
    return _read(file), _read(beside)


def _read(file: Path) -> bytes:
    """At most what either of the two may hold, and a byte more: the rest would only be refused."""
    from gatehouse.report.document import MAX_BYTES

    try:
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise GatehouseError(f"{file} cannot be read: {error.strerror}", "name a file that you may read") from error


def _told(opened: Opened, *, document: bool) -> Verified:
    from gatehouse.report.statement import KEY

    statement = opened.statement
    (subject,) = statement.subject
    predicate = statement.predicate
    key = next((each for each in predicate.configuration if each.name == KEY), None)
    return Verified(
        subject=subject.uri or subject.name,
        digest=_digest(subject.digest.get("sha256", "")),
        verdict=predicate.result,
        passed=predicate.passed_tests,
        warned=predicate.warned_tests,
        failed=predicate.failed_tests,
        key=_digest(key.digest.get("sha256", "")) if key is not None else "",
        evaluated=predicate.gatehouse.evaluated,
        isolation=predicate.gatehouse.isolation,
        base=predicate.gatehouse.base,
        signer=opened.keyid,
        document=document,
    )


def _digest(value: str) -> str:
    return f"sha256:{value}" if value else ""


def _held(found: Verified, folder: Path) -> Verified:
    from gatehouse.registry.digest import digest

    measured = digest(folder)
    if measured != found.digest:
        return Verified(f"the model in {folder} has the digest {measured}, the statement is about {found.digest}")
    return msgspec.structs.replace(found, artifact=True)
