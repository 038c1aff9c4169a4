"""Spark: the same kernels on the partitions of a table, the same models on its workers.

A partition's rows are reduced where they are (``mapInArrow``), and only the kernels' states come back, to be merged in
the order of the files. Models answer through ``mlflow.pyfunc.spark_udf``; they run in workers of their own, which never
run a kernel, and see features alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.engines.spark import contents, source
from gatehouse.evaluate.engines.spark.answers import ANSWER, Answers, Chosen, agreed
from gatehouse.evaluate.engines.spark.parts import (
    KEYS,
    STATE,
    Bring,
    Key,
    Nothing,
    Reduce,
    View,
    Ways,
    as_it_is,
    in_order,
    unpacked,
)
from gatehouse.evaluate.engines.spark.session import Session
from gatehouse.evaluate.engines.spark.source import quoted
from gatehouse.evaluate.labels import read_labels
from gatehouse.evaluate.scored import Question, Scored
from gatehouse.evaluate.scoring import Model
from gatehouse.evaluate.table import K, Kind, Recipe, Table
from gatehouse.runtime import cluster
from gatehouse.runtime.cluster import Meta

if TYPE_CHECKING:
    import pyarrow as pa


class SparkTable:
    """Rows that stay where they are. ``frame`` has each row's key columns before its own; ``view`` makes of a batch
    what the table is to hold, and ``schema`` says what that is."""

    def __init__(self, session: Session, frame: Any, named: str, schema: pa.Schema, view: View | None = None) -> None:
        self._session, self.frame, self.named = session, frame, named
        self._schema, self._view = schema, view

    @property
    def schema(self) -> pa.Schema:
        return self._schema

    def count(self) -> int:
        return sum(rows for _, rows in self._runs)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """In the order of the partitions, one partition at a time: whoever wants figures reduces instead."""
        with self._session.working(f"reading {self.named}"):
            for row in self._mapped(Bring(self._shown(columns)), columns).toLocalIterator():
                _raise(row.problem, row.fix)
                yield from unpacked(bytes(row.state))

    def reduce(self, recipe: Recipe[K], columns: Sequence[str] | None = None) -> K:
        return recipe.merged(data for _, _, data in self._collected(Reduce(recipe, self._shown(columns)), columns))

    def take(self, rows: Sequence[int], columns: Sequence[str] | None = None) -> pa.Table:
        import pyarrow as pa

        starts, position = {}, 0
        for key, length in self._runs:
            starts[key] = position
            position += length
        found = self._collected(Bring(self._shown(columns), starts, list(rows)), columns)
        batches = [batch for _, _, data in found for batch in unpacked(data)]
        if batches:
            return pa.Table.from_batches(batches)
        names = self.schema.names if columns is None else columns
        return pa.schema([self.schema.field(name) for name in names]).empty_table()

    @cached_property
    def _runs(self) -> list[tuple[Key, int]]:
        """Each run of rows and its length, in order."""
        return [(key, rows) for key, rows, _ in self._collected(Reduce(Recipe(Nothing)), [])]

    def _collected(self, work: Callable[..., Any], columns: Sequence[str] | None) -> list[tuple[Key, int, bytes]]:
        """The states that all partitions come back with, in the order of the rows."""
        with self._session.working(f"reading {self.named}"):
            back = self._mapped(work, columns).toArrow().to_pylist()
        back.sort(key=lambda row: (*in_order((row["file"], row["start"])), row["rows"]))
        for row in back:
            _raise(row["problem"], row["fix"])
        return [((row["file"], row["start"]), row["rows"], row["state"]) for row in back]

    def _mapped(self, work: Callable[..., Any], columns: Sequence[str] | None) -> Any:
        frame = self.frame
        if self._view is None and columns is not None:
            frame = frame.select(*KEYS, *map(quoted, columns))
        return frame.mapInArrow(work, STATE)

    def _shown(self, columns: Sequence[str] | None) -> View:
        if self._view is None:
            return as_it_is
        return self._view if columns is None else Chosen(self._view, tuple(columns))


class Spark:
    """The engine of a Spark master: ``local[2]``, ``spark://host:port``."""

    isolation = "cluster"

    def __init__(self, master: str, progress: Callable[[str], None] = lambda _: None) -> None:
        self.name, self._progress = master, progress
        self._stack = ExitStack()
        self._failed: GatehouseError | None = None

    def close(self) -> None:
        """Stops the session; safe to repeat."""
        self._stack.close()
        self.__dict__.pop("_session", None)

    @cached_property
    def _session(self) -> Session:
        """Raises GatehouseError where there is none: at once, where it has been found out before."""
        if self._failed is not None:
            raise self._failed
        try:
            return self._stack.enter_context(Session(self.name, self._progress))
        except GatehouseError as error:
            self._failed = error
            raise

    def open(self, place: str, named: str = "", kind: Kind = "path") -> SparkTable:
        named = named or place
        with self._session.working(f"opening {named}"):
            frame = source.frame(self._session.spark, place, named, kind)
            table = SparkTable(self._session, source.keyed(frame), named, source.arrow_schema(frame))
        if not table.count():
            raise GatehouseError(f"{named}: has no rows", "write the table again, with data in it")
        return table

    def digest(self, place: str, named: str = "", kind: Kind = "path") -> str:
        with self._session.working(f"hashing {named or place}"):
            return contents.digest(self._session.spark, place, named or place, kind)

    def score(self, table: Table, question: Question) -> Scored:
        assert isinstance(table, SparkTable)
        label, beside, task = question.evaluation.label, question.beside, question.task
        labels = read_labels(table, question.evaluation, task)
        wanted = [label, *beside, *(name for model in question.models.values() for name in model.features)]
        frame = table.frame.select(*KEYS, *map(quoted, dict.fromkeys(wanted)))
        ways = {}
        for who, model in question.models.items():
            frame, ways[who] = self._answered(frame, table.schema, who, model)
        view = Answers(label, labels, task, ways, beside)
        return Scored(
            table=SparkTable(self._session, frame, table.named, view.schema(table.schema), view),
            rows=table.count(),
            classes=labels.classes,
            decisions_only=frozenset(who for who, way in ways.items() if way.kind == "labels"),
        )

    def _answered(self, frame: Any, schema: pa.Schema, who: str, model: Model) -> tuple[Any, Meta]:
        """The frame with one model's answers beside its columns, kept so that the model is asked once."""
        import pyarrow as pa
        from pyspark import StorageLevel
        from pyspark.sql import functions

        given = pa.schema([schema.field(name) for name in model.features])
        wrapped = cluster.wrap(model.artifact(), self._session.scratch / f"{who}-{uuid4().hex}", model.method, given)
        with self._session.working(f"the {who} answers"), self._session.apart(who):
            ask = cluster.udf(self._session.spark, wrapped)
            column = ask(functions.struct(*(functions.col(quoted(name)) for name in model.features)))
            frame = frame.withColumn(ANSWER + who, column).persist(StorageLevel.MEMORY_AND_DISK)
            self._stack.callback(frame.unpersist)
        ways = SparkTable(self._session, frame, f"the {who}'s answers", schema).reduce(Recipe(Ways), [ANSWER + who])
        return frame, agreed(who, list(ways.found))


def _raise(problem: str | None, fix: str | None) -> None:
    if problem is not None:
        raise GatehouseError(problem, fix or "")
