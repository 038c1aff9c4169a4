"""The tables that a policy names, as they were fetched: opened at their first use, and held to what was agreed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gatehouse.declare.types import Evaluation, Policy, Where
from gatehouse.errors import GatehouseError, NotFound
from gatehouse.evaluate.engines.engine import Engine
from gatehouse.evaluate.material import Case
from gatehouse.evaluate.missing import Missing
from gatehouse.evaluate.scored import LABEL
from gatehouse.evaluate.scoring import no_column
from gatehouse.evaluate.table import Recipe

if TYPE_CHECKING:
    import pyarrow as pa

    from gatehouse.evaluate.table import Table


@dataclass(frozen=True)
class Tables:
    """One case's tables. ``models`` are the names of the prediction columns that the statistics will see beside them;
    ``engine`` opens what was fetched, and what only it can read.

    Raises NotFound for a table that the policy does not name or that was not fetched, GatehouseError for one that does
    not read.
    """

    folder: Path
    case: Case
    policy: Policy
    models: tuple[str, ...]
    engine: Engine

    @property
    def evaluation(self) -> Evaluation:
        if self.policy.data.evaluation is None:
            raise NotFound("the policy names no evaluation data", "add data.evaluation to policy.yaml")
        return self.policy.data.evaluation

    @cached_property
    def labelled(self) -> Table:
        """The evaluation table. Raises GatehouseError where its digest is not the policy's, or a column is missing."""
        evaluation, found = self.evaluation, self.digests.get("evaluation")
        if evaluation.digest is not None and evaluation.digest != found:
            raise GatehouseError(
                f"{evaluation.named} has the digest {found}, the policy names {evaluation.digest}",
                "bring back the table that was agreed on, or change the policy in a reviewed change",
            )
        table = self._open("evaluation", evaluation.where)
        for column in (evaluation.label, *self.beside):
            if column not in table.schema.names:
                raise no_column(evaluation.named, column, table)
        return table

    @property
    def beside(self) -> tuple[str, ...]:
        """The columns that the statistics read beside label and predictions: groups and clusters."""
        evaluation = self.evaluation
        columns = [group if isinstance(group, str) else group.column for group in evaluation.groups]
        columns += [evaluation.cluster] if evaluation.cluster else []
        for column in columns:
            if column in (LABEL, *self.models):
                raise GatehouseError(
                    f"{evaluation.named}: a column called {column!r} cannot be a group or cluster", "rename the column"
                )
        return tuple(dict.fromkeys(columns))

    @cached_property
    def digests(self) -> Mapping[str, str]:
        """What each table contains: found when it was fetched, else by the engine that reads it where it is."""
        there = {
            kind: self.engine.digest(table.where.text, table.where.named, table.where.kind)
            for kind, table in self.policy.data.tables().items()
            if kind in self.case.data and kind not in self.case.digests
        }
        return {**self.case.digests, **there}

    def sample(self, columns: list[str]) -> pa.Table:
        """Labelled rows to draw from: the first batch is plenty."""
        import pyarrow as pa

        return pa.Table.from_batches([next(self.labelled.batches(columns))])

    @cached_property
    def production(self) -> Table:
        """What the feature pipeline makes now."""
        if self.policy.data.production is None:
            raise NotFound("the policy names no production data", "add data.production to policy.yaml")
        return self._open("production", self.policy.data.production.where)

    def nulls(self) -> dict[str, int]:
        """How many values each column of the production table lacks."""
        return self.production.reduce(Recipe(Missing)).finish()

    def _open(self, kind: str, where: Where) -> Table:
        place = self.case.data.get(kind)
        if place is None:
            raise NotFound(f"{where.named} was not fetched", "fetch it again")
        if kind in self.case.digests:
            return self.engine.open(str(self.folder / place), where.named)
        return self.engine.open(where.text, where.named, where.kind)
