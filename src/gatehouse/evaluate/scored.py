"""Answers as numbers, beside the truth: what the statistics read.

Labels and groups are joined here, in the parent, by position; they never enter a model's process.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.engines import Table
from gatehouse.evaluate.labels import Labels, class_name
from gatehouse.runtime.answer import Answer

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from gatehouse.evaluate.statistics.metric import Metric

    Array = np.ndarray[Any, np.dtype[Any]]

LABEL = "label"


@dataclass(frozen=True, slots=True)
class Scored:
    """What is true of each row and what each model said of it, in the order of the table.

    ``predictions`` maps a model to (n,) scores or numbers, or (n, k) probabilities; ``decisions_only`` names the models
    that answered labels.
    """

    labels: Labels
    predictions: Mapping[str, Array]
    decisions_only: frozenset[str]

    @property
    def rows(self) -> int:
        return len(self.labels.values)

    def misfit(self, metric: Metric) -> str | None:
        """The model that does not give what a metric needs; None where all do."""
        from gatehouse.evaluate.statistics.metric import Needs

        if metric.needs in (Needs.DECISIONS, Needs.VALUES):
            return None
        return next(iter(sorted(self.decisions_only)), None)

    def suits(self, metric: Metric) -> None:
        """Raises GatehouseError for a metric that needs scores where a model answers labels: it would be a number, but
        not the one that anybody means."""
        who = self.misfit(metric)
        if who is not None:
            raise GatehouseError(
                f"{metric.name} needs scores, and the {who} answers labels",
                'log the model with pyfunc_predict_fn="predict_proba", or use a metric of decisions such as accuracy',
            )


def predictions(answer: Answer, labels: Labels, task: str) -> Array:
    """An answer as the statistics want it: (n,) scores of the positive class, (n,) numbers, or (n, k) probabilities
    in the order of ``labels.classes``.

    Predicted labels become 0 and 1. Raises GatehouseError for an answer that does not suit the task, or names other
    classes than the table has.
    """
    if task == "regression":
        if answer.kind not in ("values", "labels", "scores"):
            raise _unsuited(answer, "numbers")
        if answer.array.dtype == object:
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
    """Where the model keeps each of the table's classes.

    A class that only the model knows is refused: without its column, rows that it would be given count for another.
    """
    if answer.classes is None:
        if _columns(answer).shape[1] != len(labels.classes):
            raise _other_classes(labels, [f"{_columns(answer).shape[1]} unnamed classes"])
        return list(range(len(labels.classes)))
    names = [class_name(label) for label in answer.classes]
    if names == ["0", "1"] and len(labels.classes) == 2:
        # A model that was trained on 0 and 1 means the negative and the positive, whatever the table calls them.
        return [0, 1]
    if sorted(names) != sorted(labels.classes):
        raise _other_classes(labels, names)
    return [names.index(name) for name in labels.classes]


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


def joined(table: Table, scored: Scored, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The evaluation table as the statistics read it: ``label``, one column a model, and the named table columns."""
    import pyarrow as pa

    start = 0
    for batch in table.batches(columns) if columns else _blank(table):
        end = start + batch.num_rows
        made = {LABEL: pa.array(scored.labels.values[start:end])}
        for name, values in scored.predictions.items():
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
