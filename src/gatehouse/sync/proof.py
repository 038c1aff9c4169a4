"""Whether the evidence branch proves a pin: that its gates ran, passed, and judged what is asked here and now.

A green tick is never believed. What counts is a document on the branch whose key is recomputed from main: from the
policy, the gates, the metrics and the champion as they were where the pin was judged, and as they are where it is asked
for. The newest document that answers a question decides, so that a pass cannot outlive a later failure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from enum import StrEnum
from functools import cached_property

import msgspec

from gatehouse.declare.levels import reaches
from gatehouse.errors import GatehouseError, Unreachable
from gatehouse.evaluate.key import evidence_key
from gatehouse.evaluate.question import ENGINE
from gatehouse.evaluate.result import Request, Result
from gatehouse.sync.bases import Base, Bases, Part, moved
from gatehouse.sync.evidence import Shelf
from gatehouse.sync.kept import Shelved

TABLE = "evaluation"
AGAIN = "revert it and propose it again, so that the gates run against what main is now"
FORGED = f"find out who wrote to the branch evidence; then {AGAIN}"


class Flaw(StrEnum):
    """What can be wrong with evidence."""

    MISSING = "missing"  # nobody asked the gates
    FAILED = "failed"  # they did not let it through
    STALE = "stale"  # they judged what is not so any more
    FOREIGN = "foreign"  # it is about something else, or was judged by something else than main
    ALTERED = "altered"  # it is not what the gates wrote
    WEAK = "weak"  # the model ran in a weaker sandbox than the policy asks for


class Finding(msgspec.Struct, frozen=True):
    """What the evidence branch says of a question.

    ``result`` is the check that answers it, None where none does well: then ``fault`` says why, ``fix`` what to do, and
    ``flaw`` of which kind it is. ``document`` is the sha256 of the bytes that the result was read from.
    """

    result: Result | None = None
    fault: str = ""
    fix: str = ""
    flaw: Flaw | None = None
    document: str = ""


class Prover:
    """Holds evidence against main, which is where the shelf's trunk is."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._trunk = shelf.trunk
        self._bases = Bases(shelf.trunk.repository)

    def finding(self, request: Request) -> Finding:
        """Whether a check on the evidence branch answers the question as ``request.base`` has it.

        The champion is that of ``request.base``, whatever the request says. Raises Unreachable where the remote does
        not answer.
        """
        try:
            base = self._bases.at(request.base, request.slot.model)
            base.asks(request)
        except Unreachable:
            raise
        except GatehouseError as error:
            return Finding(None, f"nothing could judge it: {error.message}", error.fix or AGAIN, Flaw.MISSING)
        return self._held_against(base, request)

    def _held_against(self, base: Base, request: Request) -> Finding:
        documents = self._shelf.documents(request.slot.model)
        keys = {evidence_key(base.basis(request, data)) for data in _tables(base, request, documents)}
        answers = [one for one in documents if one.key in keys]
        if answers:
            return self._judged(answers[-1], base, request)
        others = [one for one in documents if one.result is not None and _about(one.result, request)]
        if others:
            return self._other(others[-1], base, request)
        return Finding(None, _missing(documents, request), AGAIN, Flaw.MISSING)

    def _judged(self, document: Shelved, base: Base, request: Request) -> Finding:
        """The document that lies where the answer would lie."""
        result = document.result
        try:
            flaw, fault, fix = next(self._flaws(document, base, request), (None, "", ""))
        except Unreachable:
            raise
        except GatehouseError as error:
            flaw, fault, fix = Flaw.FOREIGN, f"{document.path} cannot be checked: {error.message}", error.fix or AGAIN
        if flaw is not None:
            return Finding(None, fault, fix, flaw)
        return Finding(result, document=f"sha256:{hashlib.sha256(document.document).hexdigest()}")

    def _flaws(self, document: Shelved, base: Base, request: Request) -> Iterator[tuple[Flaw, str, str]]:
        """Everything that is wrong with it, what matters most first."""
        yield from self._untouched(document)
        result = document.result
        if result is None:
            yield Flaw.FOREIGN, f"{document.path} is no result of a check: {document.unreadable}", FORGED
            return
        if not _about(result, request):
            yield Flaw.FOREIGN, f"{document.path} is about {_subject(result.request)}, not {_subject(request)}", FORGED
        yield from self._from_main(document, result)
        yield from self._authentic(document, result)
        minimum = base.policy(request).sandbox.minimum
        if not reaches(result.isolation, minimum):
            said = f"the model ran with isolation {result.isolation or 'unknown'}, the policy asks for {minimum}"
            yield Flaw.WEAK, said, f"let the gates run where {minimum} works: see `gatehouse doctor`; then {AGAIN}"
        yield from _unpassed(result, base.asks(request))

    def _untouched(self, document: Shelved) -> Iterator[tuple[Flaw, str, str]]:
        if document.altered:
            said = f"{document.path} was {document.altered}; documents of the evidence branch are never changed"
            yield Flaw.ALTERED, said, FORGED
        if self._keys:
            from gatehouse.report import seal

            fault = seal.fault(document.document, document.envelope, self._keys)
            if fault:
                yield Flaw.ALTERED, f"{document.path} is not vouched for: {fault}", FORGED

    def _from_main(self, document: Shelved, result: Result) -> Iterator[tuple[Flaw, str, str]]:
        if result.request.base not in self._main:
            said = f"{document.path} was judged by commit {result.request.base[:12]}, which main never was at"
            yield Flaw.FOREIGN, said, AGAIN
        if result.reused is not None:
            yield Flaw.FOREIGN, f"{document.path} is an answer from somebody's memory, not a check", AGAIN

    def _authentic(self, document: Shelved, result: Result) -> Iterator[tuple[Flaw, str, str]]:
        """Whether the document says of itself what main said where it was judged."""
        request = result.request
        base = self._bases.at(request.base, request.slot.model)
        basis = base.basis(request, result.data.get(TABLE, ""))
        champion = result.champion.pin if result.champion else None
        told = (request.champion, champion, result.candidate.pin, _engine(result))
        true = (basis.request.champion, basis.request.champion, request.candidate, ENGINE)
        if not evidence_key(basis) == result.key == document.key or told != true:
            said = f"{document.path} does not hold what its key says: somebody wrote it by hand"
            yield Flaw.ALTERED, said, FORGED

    def _other(self, document: Shelved, base: Base, request: Request) -> Finding:
        """The newest check of the same pin for the same role: why it does not answer the question."""
        result = document.result
        assert result is not None
        try:
            flaw, fault, fix = next(self._differs(document, result, base, request))
        except Unreachable:
            raise
        except GatehouseError as error:
            flaw, fault, fix = Flaw.FOREIGN, f"{document.path} cannot be checked: {error.message}", error.fix or AGAIN
        return Finding(None, fault, fix, flaw)

    def _differs(
        self, document: Shelved, result: Result, base: Base, request: Request
    ) -> Iterator[tuple[Flaw, str, str]]:
        yield from self._untouched(document)
        yield from self._from_main(document, result)
        when = f"the gates ran on {result.evaluated:%Y-%m-%d} at {result.request.base[:12]}, and since then"
        if _engine(result) != ENGINE:
            yield Flaw.STALE, f"{when} the engine changed: it is {ENGINE}, it was {_engine(result)}", AGAIN
        if not result.passed:
            yield from _unpassed(result, ())
        yield from self._authentic(document, result)
        data = result.data.get(TABLE, "")
        pinned = base.pinned(request)
        then = self._bases.at(result.request.base, request.slot.model).basis(request, data)
        parts = ", ".join(moved(then, base.basis(request, data if pinned is None else pinned)))
        yield Flaw.STALE, f"{when} {parts}", AGAIN

    @cached_property
    def _main(self) -> frozenset[str]:
        """Every commit that main was at. What came in by a merge's other side never judged anything."""
        said = self._trunk.repository.run("rev-list", "--first-parent", self._trunk.commit)
        return frozenset(said.split())

    @cached_property
    def _keys(self) -> tuple[bytes, ...]:
        """The public keys that main names now: a key that was taken away vouches for nothing any more."""
        from gatehouse.declare.load import require
        from gatehouse.declare.source import Revision
        from gatehouse.report import keys

        main = Part(Revision(self._trunk.repository, self._trunk.commit))
        return keys.trusted(main, require(main).stages.evidence_keys)


def _tables(base: Base, request: Request, documents: tuple[Shelved, ...]) -> set[str]:
    """The digests that the evaluation table may have had."""
    pinned = base.pinned(request)
    if pinned is not None:
        return {pinned}
    return {"", *(one.result.data.get(TABLE, "") for one in documents if one.result is not None)}


def _about(result: Result, request: Request) -> bool:
    asked, found = request, result.request
    return (found.slot, found.role, found.candidate) == (asked.slot, asked.role, asked.candidate)


def _subject(request: Request) -> str:
    return f"{request.candidate} as {request.role} of {request.slot}"


def _engine(result: Result) -> str:
    """The engine as the key has it, without the cluster that a table was read on."""
    return result.engine.partition(" on ")[0]


def _unpassed(result: Result, asked: tuple[str, ...]) -> Iterator[tuple[Flaw, str, str]]:
    stopped = [f"{one.gate} {one.outcome}" for one in result.verdicts if not one.outcome.lets_through]
    if stopped or not result.verdicts:
        said = f"the gates did not let it through: {', '.join(stopped) or 'none was asked'}"
        yield Flaw.FAILED, said, "revert it, and propose a version that passes"
    lacking = [name for name in asked if name not in {one.gate for one in result.verdicts}]
    if lacking or (asked and not result.verdicts):
        said = f"the evidence has no verdict of {', '.join(lacking)}, which the policy asks for"
        yield Flaw.FAILED, said, AGAIN


def _missing(documents: tuple[Shelved, ...], request: Request) -> str:
    said = f"no check of {_subject(request)} is on the evidence branch"
    others = [
        one.result.request
        for one in documents
        if one.result is not None and one.result.request.candidate == request.candidate
    ]
    return f"{said}; there is one of it as {others[-1].role} of {others[-1].slot}" if others else said
