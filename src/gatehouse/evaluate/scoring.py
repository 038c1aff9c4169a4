"""Candidate and champion scored on the same rows: features go into their processes, numbers come back.

Labels and groups are joined here, in the parent, by position; they never enter a model's process.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.engines import Table
from gatehouse.evaluate.labels import Labels, class_name
from gatehouse.runtime.answer import Answer
from gatehouse.runtime.process import ModelProcess

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Array = np.ndarray[Any, np.dtype[Any]]

LABEL = "label"


def score(table: Table, features: Sequence[str], processes: Mapping[str, ModelProcess]) -> dict[str, Answer]:
    """Each process's answer to every row of the table, in the table's order.

    The models run side by side: each is a process of its own, so two cores halve the wait.
    """
    with ThreadPoolExecutor(max_workers=len(processes)) as pool:
        parts: dict[str, list[Answer]] = {name: [] for name in processes}
        for batch in table.batches(features):
            asked = {name: pool.submit(process.predict, batch) for name, process in processes.items()}
            for name, answer in asked.items():
                parts[name].append(answer.result())
    return {name: _joined(answers) for name, answers in parts.items()}


def _joined(answers: Sequence[Answer]) -> Answer:
    import numpy as np

    first = answers[0]
    if len(answers) == 1:
        return first
    return Answer(first.kind, np.concatenate([answer.array for answer in answers]), first.classes)


def predictions(answer: Answer, labels: Labels, task: str) -> Array:
    """An answer as the statistics want it: (n,) scores of the positive class, (n,) numbers, or (n, k) probabilities
    in the order of ``labels.classes``.

    Predicted labels become 0 and 1. Raises GatehouseError for an answer that does not suit the task, or names other
    classes than the table has.
    """
    if task == "regression":
        if answer.kind not in ("values", "labels", "scores"):
            raise _unsuited(answer, "numbers")
        return answer.array.astype(float)
    if answer.kind == "values":
        return _as_scores(answer, task)
    if answer.kind == "labels":
        return _one_hot(answer.array, labels) if task == "multiclass" else _positive(answer.array, labels)
    order = _order(answer, labels)
    if task == "binary":
        return answer.array if answer.kind == "scores" and order[1] == 1 else _columns(answer)[:, order[1]]
    return _columns(answer)[:, order]


def _as_scores(answer: Answer, task: str) -> Array:
    """Bare numbers are scores of the positive class in a binary task; anywhere else they mean nothing."""
    if task != "binary":
        raise _unsuited(answer, "one probability a class")
    return answer.array


def _columns(answer: Answer) -> Array:
    import numpy as np

    return answer.array if answer.array.ndim == 2 else np.column_stack([1.0 - answer.array, answer.array])


def _order(answer: Answer, labels: Labels) -> list[int]:
    """Where the model keeps each of the table's classes."""
    if answer.classes is None:
        if _columns(answer).shape[1] != len(labels.classes):
            raise _other_classes(labels, [f"{_columns(answer).shape[1]} unnamed classes"])
        return list(range(len(labels.classes)))
    names = [class_name(label) for label in answer.classes]
    try:
        return [names.index(name) for name in labels.classes]
    except ValueError:
        raise _other_classes(labels, names) from None


def _positive(array: Array, labels: Labels) -> Array:
    """1.0 where the model says the positive class, 0.0 elsewhere."""
    import numpy as np

    said = np.array([class_name(value) for value in array.tolist()])
    strange = set(np.unique(said)) - set(labels.classes)
    if strange:
        raise _other_classes(labels, sorted(strange))
    positive: Array = (said == labels.classes[1]).astype(float)
    return positive


def _one_hot(array: Array, labels: Labels) -> Array:
    import numpy as np

    said = np.array([class_name(value) for value in array.tolist()])
    hot = said[:, None] == np.array(labels.classes)[None, :]
    if not hot.any(axis=1).all():
        raise _other_classes(labels, sorted(set(said[~hot.any(axis=1)])))
    indicators: Array = hot.astype(float)
    return indicators


def joined(
    table: Table, scored: Mapping[str, Array], labels: Labels, columns: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    """The evaluation table as the statistics read it: ``label``, one column a model, and the named table columns."""
    import pyarrow as pa

    start = 0
    for batch in table.batches(columns) if columns else _blank(table):
        end = start + batch.num_rows
        made = {LABEL: pa.array(labels.values[start:end])}
        for name, values in scored.items():
            made[name] = _arrow(values[start:end])
        kept = {name: batch.column(name) for name in columns}
        yield pa.RecordBatch.from_pydict({**made, **kept})
        start = end


def _blank(table: Table) -> Iterator[pa.RecordBatch]:
    """Batches of the right lengths, where no column of the table is wanted."""
    yield from table.batches(table.schema.names[:1])


def _arrow(values: Array) -> pa.Array:
    import pyarrow as pa

    if values.ndim == 1:
        return pa.array(values)
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])


def _unsuited(answer: Answer, wanted: str) -> GatehouseError:
    return GatehouseError(
        f"the model answers {answer.kind}, and the task wants {wanted}",
        "mend `task` or `prediction.method` in policy.yaml",
    )


def _other_classes(labels: Labels, found: Sequence[str]) -> GatehouseError:
    return GatehouseError(
        f"the model's classes are {', '.join(found[:10])}, the evaluation table's {', '.join(labels.classes[:10])}",
        "train and evaluate on the same label values",
    )
