"""Answers as numbers, beside the truth: what the statistics read.

Labels and groups are joined here by position; they never enter a model's process.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gatehouse.declare.types import Evaluation
from gatehouse.errors import GatehouseError
from gatehouse.evaluate.labels import class_name, read_labels
from gatehouse.evaluate.scoring import Model, score
from gatehouse.evaluate.table import Streamed, Table
from gatehouse.runtime.answer import Answer

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from gatehouse.evaluate.statistics.metric import Metric

    Array = np.ndarray[Any, np.dtype[Any]]

LABEL = "label"


@dataclass(frozen=True, slots=True)
class Question:
    """What every row is asked: the models by name, the label's column, and the columns ``beside`` that statistics read
    (groups, clusters)."""

    evaluation: Evaluation
    task: str
    models: Mapping[str, Model]
    beside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scored:
    """What is true of each row and what each model said of it.

    ``table`` has the column ``label`` (0 and 1, a position in ``classes``, or a number), one column a model (scores or
    numbers, or a list of probabilities in the order of ``classes``), and the columns beside them. ``decisions_only``
    names the models that answered labels.
    """

    table: Table
    rows: int
    classes: tuple[str, ...]
    decisions_only: frozenset[str]

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


def scored(table: Table, question: Question) -> Scored:
    """The table's rows scored by the models' own processes, the predictions kept in memory.

    Raises GatehouseError for labels or answers that do not suit the task, and for a model that fails.
    """
    task, label = question.task, question.evaluation.label
    labels = read_labels(table, question.evaluation, task)
    answers = score(table, {who: model.asked() for who, model in question.models.items()})
    columns = {LABEL: _joined([labels.numbers(batch.column(0)) for batch in table.batches([label])])}
    columns |= {who: predictions(answer, labels.classes, task) for who, answer in answers.items()}
    return Scored(
        table=Beside(table, question.beside, columns),
        rows=len(columns[LABEL]),
        classes=labels.classes,
        decisions_only=frozenset(who for who, answer in answers.items() if answer.kind == "labels"),
    )


def predictions(answer: Answer, classes: tuple[str, ...], task: str) -> Array:
    """An answer as the statistics want it: (n,) scores of the positive class, (n,) numbers, or (n, k) probabilities
    in the order of ``classes``, which are the table's.

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
        return _one_hot(answer.array, classes) if task == "multiclass" else _positive(answer.array, classes)
    order = _order(answer, classes)
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


def _order(answer: Answer, classes: tuple[str, ...]) -> list[int]:
    """Where the model keeps each of the table's classes.

    A class that only the model knows is refused: without its column, rows that it would be given count for another.
    """
    if answer.classes is None:
        if _columns(answer).shape[1] != len(classes):
            raise _other_classes(classes, [f"{_columns(answer).shape[1]} unnamed classes"])
        return list(range(len(classes)))
    names = [class_name(label) for label in answer.classes]
    if names == ["0", "1"] and len(classes) == 2:
        # A model that was trained on 0 and 1 means the negative and the positive, whatever the table calls them.
        return [0, 1]
    if sorted(names) != sorted(classes):
        raise _other_classes(classes, names)
    return [names.index(name) for name in classes]


def _positive(array: Array, classes: tuple[str, ...]) -> Array:
    """1.0 where the model says the positive class, 0.0 elsewhere."""
    import numpy as np

    said = np.array([class_name(value) for value in array.tolist()])
    strange = set(np.unique(said)) - set(classes)
    if strange:
        raise _other_classes(classes, sorted(strange))
    positive: Array = (said == classes[1]).astype(float)
    return positive


def _one_hot(array: Array, classes: tuple[str, ...]) -> Array:
    import numpy as np

    said = np.array([class_name(value) for value in array.tolist()])
    hot = said[:, None] == np.array(classes)[None, :]
    if not hot.any(axis=1).all():
        raise _other_classes(classes, sorted(set(said[~hot.any(axis=1)])))
    indicators: Array = hot.astype(float)
    return indicators


class Beside(Streamed):
    """Columns in memory, (n,) or (n, k) each, beside some columns of a table of n rows."""

    def __init__(self, table: Table, kept: Sequence[str], columns: Mapping[str, Array]) -> None:
        self._table, self._kept, self._columns = table, tuple(kept), columns

    @property
    def schema(self) -> pa.Schema:
        import pyarrow as pa

        made = [pa.field(name, arrow(values[:0]).type) for name, values in self._columns.items()]
        return pa.schema([*made, *(self._table.schema.field(name) for name in self._kept)])

    def count(self) -> int:
        return len(next(iter(self._columns.values())))

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        names = [*self._columns, *self._kept] if columns is None else list(columns)
        kept = [name for name in names if name not in self._columns]
        start = 0
        # Where no column of the table is wanted, the smallest says how long the batches are.
        for batch in self._table.batches(kept or self._table.schema.names[:1]):
            end = start + batch.num_rows
            made = {name: arrow(values[start:end]) for name, values in self._columns.items() if name in names}
            made |= {name: batch.column(name) for name in kept}
            yield pa.RecordBatch.from_pydict({name: made[name] for name in names})
            start = end


def _joined(parts: Sequence[Array]) -> Array:
    import numpy as np

    return np.concatenate(parts) if len(parts) != 1 else parts[0]


def arrow(values: Array) -> pa.Array:
    """(n,) or (n, k) numbers as an Arrow column."""
    import pyarrow as pa

    if values.ndim == 1:
        return pa.array(values)
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])


def _unsuited(answer: Answer, wanted: str) -> GatehouseError:
    return GatehouseError(
        f"the model answers {answer.kind}, and the task wants {wanted}",
        "mend `task` or `prediction.method` in policy.yaml",
    )


def _other_classes(classes: Sequence[str], found: Sequence[str]) -> GatehouseError:
    return GatehouseError(
        f"the model's classes are {', '.join(found[:10])}, the evaluation table's {', '.join(classes[:10])}",
        "train and evaluate on the same label values",
    )
