"""Candidate and champion asked about the same rows: features go into their processes, answers come back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.schema import list_columns
from gatehouse.evaluate.table import Table
from gatehouse.registry.signature import Signature, Tensor
from gatehouse.runtime.answer import Answer
from gatehouse.runtime.failures import ModelError
from gatehouse.runtime.process import Method, ModelProcess
from gatehouse.runtime.processor import Spent

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Model:
    """A model for whichever engine is to run it: its artifact's folder (raises GatehouseError where the artifact is not
    the pinned one), the columns that it is given, how it is asked, and what starts its process on this machine."""

    artifact: Callable[[], Path]
    features: tuple[str, ...]
    method: Method
    start: Callable[[], ModelProcess]

    def asked(self) -> Asked:
        """Raises GatehouseError where the process does not come up."""
        return Asked(self.start(), self.features)


@dataclass(frozen=True, slots=True)
class Asked:
    """A model's process, and the columns that it is given."""

    process: ModelProcess
    features: tuple[str, ...]

    def answer(self, batch: pa.RecordBatch) -> Answer:
        """The process's answer to its own columns of a batch. Raises ModelError."""
        return self.process.predict(batch.select(list(self.features)))

    def spent(self) -> Spent:
        """What the process has had of the processor so far."""
        return self.process.spent()


def score(table: Table, models: Mapping[str, Asked]) -> dict[str, Answer]:
    """Each model's answer to every row of the table, in the table's order.

    The models run side by side: each is a process of its own, so two cores halve the wait. Raises GatehouseError
    naming the model that fails.
    """
    if not models:
        return {}
    columns = list(dict.fromkeys(name for asked in models.values() for name in asked.features))
    parts: dict[str, list[Answer]] = {name: [] for name in models}
    with ThreadPoolExecutor(max_workers=len(models)) as pool:
        for batch in table.batches(columns):
            waiting = {name: pool.submit(asked.answer, batch) for name, asked in models.items()}
            for name, answer in waiting.items():
                parts[name].append(_answered(name, answer))
    return {name: _joined(name, answers) for name, answers in parts.items()}


def _answered(who: str, answer: Future[Answer]) -> Answer:
    try:
        return answer.result()
    except ModelError as error:
        raise GatehouseError(f"{who}: {error.message}", error.fix) from error


def _joined(who: str, answers: Sequence[Answer]) -> Answer:
    import numpy as np

    first = answers[0]
    if len(answers) == 1:
        return first
    if any((answer.kind, answer.classes) != (first.kind, first.classes) for answer in answers):
        raise mixed(who, [answer.kind for answer in answers])
    return Answer(first.kind, np.concatenate([answer.array for answer in answers]), first.classes)


def mixed(who: str, kinds: Iterable[str]) -> GatehouseError:
    return GatehouseError(
        f"{who}: the model answers {' and '.join(sorted(set(kinds)))}, now one and now the other",
        "let predict return one type, whatever the rows",
    )


def features(signature: Signature, table: Table, named: str) -> tuple[str, ...]:
    """The table's columns that a model is given: those of its signature, and nothing else.

    A signature without names (a single tensor) takes the table's one list column. Raises GatehouseError where a
    required column is missing, or columns have no names.
    """
    wanted = [spec for spec in signature.inputs or () if spec.name is not None]
    if not wanted:
        if not signature.tensors():
            raise GatehouseError(
                "the model's signature does not name its columns, so they cannot be found in a table",
                "log the model again with a signature inferred from a DataFrame",
            )
        return (_only_list(table, named),)
    for spec in wanted:
        if spec.name not in table.schema.names and (isinstance(spec, Tensor) or spec.required):
            raise no_column(named, str(spec.name), table)
    return tuple(str(spec.name) for spec in wanted if spec.name in table.schema.names)


def _only_list(table: Table, named: str) -> str:
    lists = list_columns(table.schema)
    if len(lists) != 1:
        raise GatehouseError(
            f"the model takes one tensor without a name, and {named} has {len(lists)} list columns",
            "log the model with a named tensor, or keep the tensor's rows in one list column",
        )
    return lists[0]


def no_column(named: str, column: str, table: Table) -> GatehouseError:
    near = get_close_matches(column, table.schema.names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(table.schema.names[:20])}"
    return GatehouseError(f"{named} has no column {column!r}", hint)
