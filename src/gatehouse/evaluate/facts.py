"""What was fetched of one case, and when: facts that no model has to be asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path

from gatehouse.declare.types import Policy
from gatehouse.errors import GatehouseError, NotFound
from gatehouse.evaluate.cards import Card, read_card
from gatehouse.evaluate.engines.engine import Engine
from gatehouse.evaluate.material import Case, Fetched, Staged
from gatehouse.evaluate.tables import Tables
from gatehouse.registry import mlmodel, pickles
from gatehouse.registry.mlmodel import MLModel
from gatehouse.registry.pickles import Scan
from gatehouse.registry.signature import Signature

CANDIDATE, CHAMPION = "candidate", "champion"


class Facts:
    """The case's models, tables and cards as they lie in ``folder``. What cannot be had raises GatehouseError."""

    def __init__(self, folder: Path, case: Case, policy: Policy, engine: Engine) -> None:
        self._folder = folder
        self._case = case
        self._engine = engine
        self.tables = Tables(folder, case, policy, (CANDIDATE, CHAMPION), engine)
        self.policy = policy
        self.request = case.request

    @property
    def candidate(self) -> Fetched:
        if self._case.candidate is None:
            raise NotFound("the candidate was not fetched", "fetch it again")
        return self._case.candidate

    @property
    def champion(self) -> Fetched | None:
        """What serves now; None at a model's first promotion, where only absolute limits count."""
        return self._case.champion

    @property
    def staged(self) -> Staged | None:
        """How long this very pin has been in the stage before; None if never."""
        return self._case.staged

    @cached_property
    def described(self) -> MLModel:
        """The candidate's MLmodel file."""
        return mlmodel.read(self._folder / self.candidate.folder)

    @cached_property
    def today(self) -> date:
        """The day of this check in UTC: one day for every gate, however long the check takes."""
        return self.now.date()

    @cached_property
    def now(self) -> datetime:
        """The moment of this check, in UTC: live traffic is judged up to here."""
        return datetime.now(UTC)

    @property
    def digests(self) -> dict[str, str]:
        """What the tables contain, by ``evaluation`` and ``production``."""
        return dict(self.tables.digests)

    def card(self, kind: str) -> Card | None:
        """The candidate's ``model_card`` or ``dataset_card``, None where there is none.

        Raises GatehouseError for one that does not read, with its line.
        """
        paper = self._case.cards.get(kind)
        return None if paper is None else read_card(self._folder, paper)

    @cached_property
    def pickles(self) -> Scan:
        """What the candidate's pickles would import, found without loading them."""
        return pickles.scan(self._folder / self.candidate.folder)

    @property
    def signature(self) -> Signature:
        """What the candidate takes. Raises GatehouseError for a model that was logged without one."""
        return self.signature_of(CANDIDATE)

    def fetched(self, who: str) -> Fetched:
        """The candidate or the champion. Raises NotFound where there is none."""
        fetched = self.candidate if who == CANDIDATE else self.champion
        if fetched is None:
            raise NotFound("there is no champion yet", "ask only for the candidate at a first promotion")
        return fetched

    def signature_of(self, who: str) -> Signature:
        """What the candidate or the champion takes. Raises GatehouseError for a model that was logged without one."""
        fetched = self.fetched(who)
        signature = self.logged_signature(who)
        if signature is None or signature.inputs is None:
            raise GatehouseError(
                f"version {fetched.subject.pin.version} has no signature, so nobody can say which features it takes",
                "log the model again with mlflow.models.infer_signature(features, predictions)",
            )
        return signature

    def logged_signature(self, who: str) -> Signature | None:
        """The same as it was logged, None where it was not."""
        return mlmodel.read(self._folder / self.fetched(who).folder).signature

    @property
    def models(self) -> tuple[str, ...]:
        """``candidate``, and ``champion`` where there is one."""
        return (CANDIDATE,) if self.champion is None else (CANDIDATE, CHAMPION)
