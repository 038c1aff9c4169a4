"""What models said on the workers of a cluster, read as the statistics want it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.engines.spark.parts import View
from gatehouse.evaluate.labels import Labels
from gatehouse.evaluate.scored import LABEL, arrow, predictions
from gatehouse.evaluate.scoring import mixed
from gatehouse.runtime import cluster
from gatehouse.runtime.answer import COLUMN_LIMIT
from gatehouse.runtime.cluster import Meta
from gatehouse.runtime.failures import harmless

if TYPE_CHECKING:
    import pyarrow as pa

# What a model's answers are called while they are not read yet: no column of a table is.
ANSWER = "__gatehouse_answer_"


@dataclass(frozen=True)
class Answers:
    """Makes the batches that statistics read of those that the models have answered: see ``scored.Scored``."""

    label: str
    labels: Labels
    task: str
    ways: Mapping[str, Meta]
    beside: tuple[str, ...]

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        import pyarrow as pa

        made = {LABEL: arrow(self.labels.numbers(batch.column(self.label)))}
        for who, way in self.ways.items():
            said = batch.column(ANSWER + who)
            answer = cluster.read(way, said.field("numbers"), said.field("text"))
            made[who] = arrow(predictions(answer, self.labels.classes, self.task))
        return pa.RecordBatch.from_pydict({**made, **{name: batch.column(name) for name in self.beside}})

    def schema(self, given: pa.Schema) -> pa.Schema:
        """What the batches look like, where the table itself looks like ``given``."""
        import pyarrow as pa

        many = pa.list_(pa.float64(), len(self.labels.classes)) if self.task == "multiclass" else pa.float64()
        made = [pa.field(LABEL, pa.float64()), *(pa.field(who, many) for who in self.ways)]
        return pa.schema([*made, *(given.field(name) for name in self.beside)])


@dataclass(frozen=True)
class Chosen:
    """Some columns of a view."""

    view: View
    columns: tuple[str, ...]

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        return self.view(batch).select(list(self.columns))


def agreed(who: str, texts: Sequence[str]) -> Meta:
    """How a model answered, where it did so in one way. Raises GatehouseError for several ways, and for a failure."""
    try:
        ways = [cluster.meta(text) for text in texts]
    except GatehouseError as error:
        raise GatehouseError(f"{who}: {error.message}", error.fix) from error
    for way in ways:
        if way.error:
            raise GatehouseError(f"{who}: {harmless(way.error, 1000)}", harmless(way.fix))
    if len(ways) > 1:
        raise mixed(who, [way.kind for way in ways])
    if not 0 < ways[0].columns <= COLUMN_LIMIT:
        raise GatehouseError(f"{who}: an answer of {ways[0].columns:,} columns", f"answer at most {COLUMN_LIMIT:,}")
    return ways[0]
