"""Statements on results for whoever was not there, signed where the environment holds a key to sign with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gatehouse.cli.frame import Settings, note
from gatehouse.cli.hub import run_page
from gatehouse.declare.layout import STAGES
from gatehouse.errors import GatehouseError
from gatehouse.evaluate.key import Basis, evidence_key
from gatehouse.evaluate.question import ENGINE
from gatehouse.evaluate.result import Result
from gatehouse.report.text import clean

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner

    from gatehouse.declare.types import Stages
    from gatehouse.git import Repository
    from gatehouse.sync.bases import Bases
    from gatehouse.sync.shelve import Seal

SIGNING_KEY = "GATEHOUSE_SIGNING_KEY"


@dataclass(frozen=True)
class Notary:
    """States what results say, and what they rest on by the repository's own history; ``url`` is the run's page."""

    repository: Repository
    url: str = ""
    signer: CryptoSigner | None = None

    @classmethod
    def of(cls, settings: Settings) -> Notary:
        """With the key that the environment holds, if any. Raises GatehouseError for a key that does not sign."""
        from gatehouse.report import keys

        # A secret that is not set is an empty variable in a workflow.
        key = settings.environ.get(SIGNING_KEY, "").strip()
        return cls(settings.repository, run_page(settings), keys.signer(key.encode()) if key else None)

    def sealer(self, stages: Stages) -> Seal | None:
        """What makes the signed statement on a result and its document; None where nothing is to be signed.

        Raises GatehouseError where stages.yaml names keys and this signs with none of them: whatever were kept now,
        sync would refuse it.
        """
        if stages.evidence_keys:
            self._counts(stages.evidence_keys)
        return None if self.signer is None else self._seal

    def statement(self, result: Result, document: bytes) -> bytes:
        """The statement on a result. Raises GatehouseError where the result was not judged by what its base has."""
        from gatehouse.report.statement import statement

        return statement(result, document, self._basis(result), self.url)

    def write(self, results: Sequence[Result], out: Path) -> None:
        """Writes below ``out`` what the evidence branch would hold of the results, and the statement on each.

        What cannot be stated is said on standard error, and left out.
        """
        for path, content in self._files(results):
            (out / path).parent.mkdir(parents=True, exist_ok=True)
            (out / path).write_bytes(content)

    def _files(self, results: Sequence[Result]) -> Iterator[tuple[str, bytes]]:
        from gatehouse.sync import shelve

        for result in results:
            try:
                there, written = shelve.place(result), shelve.document(result)
                yield there.document, written
                yield there.statement, self.statement(result, written)
                if self.signer is not None:
                    yield there.envelope, self._seal(result, written)
            except GatehouseError as error:
                said = f"! no statement was written: {clean(error.message, 500)}"
                note(said)

    def _seal(self, result: Result, document: bytes) -> bytes:
        from gatehouse.report.seal import seal

        assert self.signer is not None, "offered only with a key"
        return seal(self.statement(result, document), self.signer)

    def _counts(self, paths: Sequence[str]) -> None:
        from gatehouse.declare.source import WorkTree
        from gatehouse.report import keys

        named = ", ".join(paths)
        if self.signer is None:
            raise GatehouseError(
                f"evidence must be signed by a key of {named}, and {SIGNING_KEY} is not set",
                f"set {SIGNING_KEY} to the private key, as a secret of the environment that reports",
            )
        known = keys.trusted(WorkTree(self.repository.root), paths)
        if self.signer.public_key.keyid not in {keys.public(key).keyid for key in known}:
            raise GatehouseError(
                f"{SIGNING_KEY} is the private half of none of {named}",
                f"add its public half in a pull request: openssl pkey -pubout; then name it in {STAGES}",
            )

    def _basis(self, result: Result) -> Basis:
        """Where nothing could be fetched nothing was judged, and the key says so."""
        request = result.request
        nothing = Basis(request, "", {}, "", ENGINE)
        if evidence_key(nothing) == result.key:
            return nothing
        return self._bases.at(request.base, request.slot.model).basis(request, result.data.get("evaluation", ""))

    @cached_property
    def _bases(self) -> Bases:
        from gatehouse.sync.bases import Bases

        return Bases(self.repository)
