"""What the gates look at: facts about one candidate and its champion, each found when first asked for, and once."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from gatehouse.declare.types import Evaluation, Policy
from gatehouse.errors import GatehouseError, NotFound
from gatehouse.evaluate import schema
from gatehouse.evaluate.engines.embedded import Embedded
from gatehouse.evaluate.material import Case, Fetched, Staged
from gatehouse.registry import mlmodel
from gatehouse.registry.mlmodel import MLModel
from gatehouse.registry.signature import Signature
from gatehouse.runtime.launch import Launcher
from gatehouse.runtime.process import ModelProcess

if TYPE_CHECKING:
    from gatehouse.evaluate.engines import Table

CANDIDATE, CHAMPION = "candidate", "champion"


class Evidence:
    """One case's evidence; a context manager, because it starts the models' processes and stops them.

    Every fact is lazy: a policy that does not ask for latency pays nothing for it. A fact that cannot be had raises
    GatehouseError, which the caller of the gate turns into an ERROR verdict.
    """

    def __init__(self, folder: Path, case: Case, policy: Policy, launcher: Launcher) -> None:
        self._folder = folder
        self._case = case
        self._launcher = launcher
        self._stack = ExitStack()
        self._processes: dict[str, ModelProcess] = {}
        self.policy = policy
        self.request = case.request
        self.now = datetime.now(UTC)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    # --- what was fetched

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

    @property
    def signature(self) -> Signature:
        """Raises GatehouseError for a model that was logged without one: nobody can say what it takes."""
        if self.described.signature is None or self.described.signature.inputs is None:
            raise GatehouseError(
                f"version {self.request.candidate.version} has no signature, so nobody can say which features it takes",
                "log the model again with mlflow.models.infer_signature(features, predictions)",
            )
        return self.described.signature

    # --- the tables

    @property
    def evaluation(self) -> Evaluation:
        if self.policy.data.evaluation is None:
            raise NotFound("the policy names no evaluation data", "add data.evaluation to policy.yaml")
        return self.policy.data.evaluation

    @cached_property
    def labelled(self) -> Table:
        """The evaluation table. Raises GatehouseError where its digest is not the policy's, or a column is missing."""
        evaluation, found = self.evaluation, self._case.digests.get("evaluation")
        if evaluation.digest is not None and evaluation.digest != found:
            raise GatehouseError(
                f"{evaluation.path} has the digest {found}, the policy names {evaluation.digest}",
                "bring back the table that was agreed on, or change the policy in a reviewed change",
            )
        table = self._table("evaluation", evaluation.path)
        needed = [evaluation.label, *(g if isinstance(g, str) else g.column for g in evaluation.groups)]
        for column in [*needed, *([evaluation.cluster] if evaluation.cluster else [])]:
            if column not in table.schema.names:
                raise _no_column(evaluation.path, column, table)
        return table

    @cached_property
    def production(self) -> Table:
        """What the feature pipeline makes now."""
        if self.policy.data.production is None:
            raise NotFound("the policy names no production data", "add data.production to policy.yaml")
        return self._table("production", self.policy.data.production.path)

    def _table(self, kind: str, named: str) -> Table:
        place = self._case.data.get(kind)
        if place is None:
            raise NotFound(f"{named} was not fetched", "fetch it again")
        return Embedded().open(str(self._folder / place), named)

    # --- the models' processes

    def process(self, who: str) -> ModelProcess:
        """The process of the candidate or the champion, started at its first use.

        Raises GatehouseError for an artifact whose digest is not the pin's: nobody reviewed that model, so it is not
        even started; and ModelError where it does not come up.
        """
        if who not in self._processes:
            fetched = self.candidate if who == CANDIDATE else self.champion
            if fetched is None:
                raise NotFound("there is no champion yet", "ask only for the candidate at a first promotion")
            if fetched.digest != fetched.subject.pin.digest:
                raise GatehouseError(
                    f"the {who}'s artifact is not the one that is pinned, so it was not run", "see the artifact gate"
                )
            started = ModelProcess.start(
                self._folder / fetched.folder, launcher=self._launcher, method=self.policy.prediction.method
            )
            self._processes[who] = self._stack.enter_context(started)
        return self._processes[who]

    @property
    def models(self) -> tuple[str, ...]:
        """``candidate``, and ``champion`` where there is one."""
        return (CANDIDATE,) if self.champion is None else (CANDIDATE, CHAMPION)

    # --- schema

    @cached_property
    def fit(self) -> tuple[schema.Finding, ...]:
        """The candidate's signature against the production table, column by column."""
        table = self.production
        nulls = dict.fromkeys(table.schema.names, 0)
        for batch in table.batches():
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                nulls[name] += column.null_count
        return schema.compare(self.signature, table.schema, nulls)


def _no_column(path: str, column: str, table: Table) -> GatehouseError:
    from difflib import get_close_matches

    near = get_close_matches(column, table.schema.names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(table.schema.names[:20])}"
    return GatehouseError(f"{path} has no column {column!r}", hint)
