"""The truth of the evaluation table, as numbers. It is read here, in the parent, and never enters a model's process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gatehouse.declare.types import Evaluation
from gatehouse.errors import GatehouseError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Floats = np.ndarray[Any, np.dtype[np.float64]]
    Codes = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Labels:
    """What is true of each row.

    Binary: ``values`` (n,) are 0.0 and 1.0 and ``classes`` the two label values, negative first. Multiclass: ``values``
    index ``classes``. Regression: ``values`` are the targets and ``classes`` is empty.
    """

    values: Floats
    classes: tuple[str, ...] = ()


def read_labels(column: pa.ChunkedArray, evaluation: Evaluation, task: str) -> Labels:
    """The label column as numbers. Raises GatehouseError for missing labels, one class only, an unknown positive
    value, or a label that does not suit the task."""
    column = _plain(column)
    missing = column.null_count
    if missing:
        raise _bad(evaluation, f"{missing} rows have no label", "leave rows without a known outcome out of the table")
    if task == "regression":
        return Labels(_numbers(column, evaluation))
    classes = sorted(column.unique().to_pylist(), key=str)
    if len(classes) < 2:
        raise _bad(evaluation, f"every row has the label {classes[0]!r}", "evaluate on rows of every class")
    if task == "binary":
        return _binary(column, evaluation, classes)
    return Labels(_codes(column, classes).astype(float), tuple(map(class_name, classes)))


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Without dictionary encoding; NaN is a missing label, as pandas writes it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_floating(column.type):
        return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    return column


def class_name(label: Any) -> str:
    """A class's name the same whether a table or a model says it: 1, 1.0 and true are one class."""
    if isinstance(label, bool):
        return str(int(label))
    if isinstance(label, float) and label.is_integer():
        return str(int(label))
    return str(label)


def _binary(column: pa.ChunkedArray, evaluation: Evaluation, classes: list[Any]) -> Labels:
    if len(classes) > 2:
        raise _bad(
            evaluation, f"has {len(classes)} label values", "use `task: multiclass`, or a table with two classes"
        )
    positive = _positive(evaluation, classes)
    negative = next(value for value in classes if value != positive)
    codes = _codes(column, [negative, positive])
    return Labels(codes.astype(float), (class_name(negative), class_name(positive)))


def _positive(evaluation: Evaluation, classes: list[Any]) -> Any:
    """The label value that counts as 1: the one that is named, else 1 or true."""
    if evaluation.positive is not None:
        named = [value for value in classes if class_name(value) == class_name(evaluation.positive)]
        if not named:
            found = " and ".join(map(repr, classes))
            raise _bad(
                evaluation, f"no row has the positive label {evaluation.positive!r}; found {found}", "mend `positive`"
            )
        return named[0]
    if set(classes) == {0, 1}:
        return max(classes)
    found = " and ".join(map(repr, classes))
    raise _bad(evaluation, f"which of {found} counts as positive?", "name it in policy.yaml: data.evaluation.positive")


def _codes(column: pa.ChunkedArray, classes: list[Any]) -> Codes:
    import pyarrow as pa
    import pyarrow.compute as pc

    codes: Codes = pc.index_in(column, pa.array(classes, type=column.type)).to_numpy()
    return codes


def _numbers(column: pa.ChunkedArray, evaluation: Evaluation) -> Floats:
    import numpy as np
    import pyarrow as pa

    try:
        values: Floats = column.cast(pa.float64()).to_numpy()
    except pa.ArrowException as error:
        raise _bad(
            evaluation, f"is not a number everywhere: {error}", "use a numeric label for `task: regression`"
        ) from error
    if not np.isfinite(values).all():
        raise _bad(evaluation, "holds infinite values", "leave those rows out of the table")
    return values


def _bad(evaluation: Evaluation, what: str, fix: str) -> GatehouseError:
    return GatehouseError(f"{evaluation.named}: label {evaluation.label!r}: {what}", fix)
