"""The table ``scored`` as SQL sees it: the evaluation table, and beside each row what is true and what models say.

==================  ================  ==============================  ===================
column              binary            multiclass                      regression
==================  ================  ==============================  ===================
label               0 or 1            the class, as text              the number
candidate           score             struct of class: probability    the number
decision            0 or 1            the class, as text              (there is none)
==================  ================  ==============================  ===================

``champion`` and ``champion_decision`` are the same of the champion, NULL where there is none yet. A missing value is
NULL, also where the table has NaN for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gatehouse.declare.types import Evaluation, Policy
from gatehouse.errors import GatehouseError
from gatehouse.evaluate.scored import LABEL, Scored
from gatehouse.evaluate.scoring import no_column

if TYPE_CHECKING:
    import pyarrow as pa

    from gatehouse.evaluate.statistics.rows import Floats
    from gatehouse.evaluate.tables import Tables

WHO = {"candidate": "decision", "champion": "champion_decision"}
_MADE = (LABEL, *WHO, *WHO.values())


def columns(tables: Tables, named: Sequence[str]) -> tuple[str, ...]:
    """The columns of the evaluation table that ``scored`` has: those named, else all; the id column in any case.

    A label that is itself called ``label`` makes room for the one that is made of it. Raises GatehouseError for a
    column that is not there, and for names that SQL cannot tell apart, because it does not look at their case.
    """
    table, evaluation = tables.labelled, tables.evaluation
    for name in named:
        if name not in table.schema.names:
            raise no_column(evaluation.named, name, table)
    chosen = list(named or table.schema.names)
    if evaluation.id in table.schema.names:
        chosen.append(evaluation.id)
    taken = dict.fromkeys(_MADE, "the one that is made of labels and predictions")
    for name in dict.fromkeys(chosen):
        if name.lower() in taken and not _is_label(name, evaluation):
            raise GatehouseError(
                f"{evaluation.named}: SQL cannot tell the column {name!r} from {taken[name.lower()]}",
                "rename the column in the table, or leave it out: list under `columns` what the rules read",
            )
        taken[name.lower()] = repr(name)
    return tuple(name for name in dict.fromkeys(chosen) if not _is_label(name, evaluation))


def _is_label(name: str, evaluation: Evaluation) -> bool:
    return name == evaluation.label and name.lower() == LABEL


def planned(policy: Policy, tables: Tables) -> tuple[str, ...]:
    """The columns that the policy's own rules will ask for, so that they are scored along; unsound ones wait."""
    limits = policy.gates.get("business_rules")
    named = () if limits is None else limits.get("columns", ())
    try:
        return () if limits is None else columns(tables, tuple(map(str, named)))
    except (GatehouseError, TypeError):
        return ()


@dataclass(frozen=True, slots=True)
class View:
    """``scored`` in batches. ``kept`` are the evaluation table's columns, which ``source.table`` has."""

    source: Scored
    kept: tuple[str, ...]
    task: str
    threshold: float
    models: tuple[str, ...]

    @property
    def schema(self) -> pa.Schema:
        return next(iter(self._of([self._empty()]))).schema

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Raises GatehouseError for a prediction that is no number: no rule can judge it."""
        return self._of(self.source.table.batches([LABEL, *self.models, *self.kept]))

    def _empty(self) -> pa.RecordBatch:
        import pyarrow as pa

        wanted = [self.source.table.schema.field(name) for name in (LABEL, *self.models, *self.kept)]
        return pa.RecordBatch.from_pylist([], schema=pa.schema(wanted))

    def _of(self, batches: Iterator[pa.RecordBatch] | Sequence[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        for batch in batches:
            made = {name: _known(batch.column(name)) for name in self.kept}
            made[LABEL] = self._label(batch.column(LABEL))
            for who in WHO:
                made |= self._said(who, batch)
            yield pa.RecordBatch.from_pydict(made)

    def _label(self, column: pa.Array) -> pa.Array:
        return column if self.task == "regression" else self._classes(column.to_numpy(zero_copy_only=False))

    def _classes(self, codes: Floats) -> pa.Array:
        """Class codes as 0 and 1, or as the names of the classes."""
        import pyarrow as pa

        if self.task == "binary":
            return pa.array(codes).cast(pa.int8())
        return pa.array(self.source.classes, pa.string()).take(pa.array(codes).cast(pa.int64()))

    def _said(self, who: str, batch: pa.RecordBatch) -> Mapping[str, pa.Array]:
        import pyarrow as pa

        values = self._numbers(who if who in self.models else self.models[0], batch)
        made = {who: self._shown(values)}
        if self.task != "regression":
            made[WHO[who]] = self._classes(self._decided(values))
        if who not in self.models:
            made = {name: pa.nulls(len(column), column.type) for name, column in made.items()}
        return made

    def _numbers(self, who: str, batch: pa.RecordBatch) -> Floats:
        import numpy as np

        column = batch.column(who)
        multiclass = self.task == "multiclass"
        values: Floats = (column.flatten() if multiclass else column).to_numpy(zero_copy_only=False)
        values = values.reshape(-1, len(self.source.classes)) if multiclass else values
        if not np.isfinite(values).all():
            raise GatehouseError(
                f"some predictions of the {who} are no finite numbers, and no rule can judge those",
                "mend what the model answers",
            )
        return values

    def _decided(self, values: Floats) -> Floats:
        decided = values.argmax(axis=1) if values.ndim == 2 else values >= self.threshold
        return decided.astype(float)

    def _shown(self, values: Floats) -> pa.Array:
        import pyarrow as pa

        if values.ndim == 1:
            return pa.array(values)
        return pa.StructArray.from_arrays([pa.array(part) for part in values.T], names=list(self.source.classes))


def _known(column: pa.Array) -> Any:
    """The column with NULL for NaN: in SQL, NaN is a number, and the greatest."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_floating(column.type):
        return column
    return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
