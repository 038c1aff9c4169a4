"""The tables that a policy names, as they were fetched: opened at their first use, and held to what was agreed on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gatehouse.declare.types import Evaluation, Policy
from gatehouse.errors import GatehouseError, NotFound
from gatehouse.evaluate.engines.embedded import Embedded
from gatehouse.evaluate.material import Case
from gatehouse.evaluate.scored import LABEL
from gatehouse.evaluate.scoring import no_column

if TYPE_CHECKING:
    import pyarrow as pa

    from gatehouse.evaluate.engines import Table


@dataclass(frozen=True)
class Tables:
    """One case's tables. ``models`` are the names of the prediction columns that the statistics will see beside them.

    Raises NotFound for a table that the policy does not name or that was not fetched, GatehouseError for one that does
    not read.
    """

    folder: Path
    case: Case
    policy: Policy
    models: tuple[str, ...]

    @property
    def evaluation(self) -> Evaluation:
        if self.policy.data.evaluation is None:
            raise NotFound("the policy names no evaluation data", "add data.evaluation to policy.yaml")
        return self.policy.data.evaluation

    @cached_property
    def labelled(self) -> Table:
        """The evaluation table. Raises GatehouseError where its digest is not the policy's, or a column is missing."""
        evaluation, found = self.evaluation, self.case.digests.get("evaluation")
        if evaluation.digest is not None and evaluation.digest != found:
            raise GatehouseError(
                f"{evaluation.named} has the digest {found}, the policy names {evaluation.digest}",
                "bring back the table that was agreed on, or change the policy in a reviewed change",
            )
        table = self._open("evaluation", evaluation.named)
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

    @property
    def labels(self) -> pa.ChunkedArray:
        """The label column, in the order of the rows."""
        import pyarrow as pa

        return pa.chunked_array([batch.column(0) for batch in self.labelled.batches([self.evaluation.label])])

    def sample(self, columns: list[str]) -> pa.Table:
        """Labelled rows to draw from: the first batch is plenty."""
        import pyarrow as pa

        return pa.Table.from_batches([next(self.labelled.batches(columns))])

    @cached_property
    def production(self) -> Table:
        """What the feature pipeline makes now."""
        if self.policy.data.production is None:
            raise NotFound("the policy names no production data", "add data.production to policy.yaml")
        return self._open("production", self.policy.data.production.named)

    def nulls(self) -> dict[str, int]:
        """How many values each column of the production table lacks."""
        counts = dict.fromkeys(self.production.schema.names, 0)
        for batch in self.production.batches():
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                counts[name] += column.null_count
        return counts

    def _open(self, kind: str, named: str) -> Table:
        place = self.case.data.get(kind)
        if place is None:
            raise NotFound(f"{named} was not fetched", "fetch it again")
        return Embedded().open(str(self.folder / place), named)
