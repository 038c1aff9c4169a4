"""The truth of the evaluation table, as numbers. It never enters a model's process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from gatehouse.declare.types import Evaluation
from gatehouse.errors import GatehouseError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from gatehouse.evaluate.table import Table

    Floats = np.ndarray[Any, np.dtype[np.float64]]

# More label values than this are numbers or names, and no classes.
MOST_CLASSES = 10_000


@dataclass(frozen=True, slots=True)
class Labels:
    """How label values become numbers.

    Binary: 0.0 and 1.0, ``classes`` names the two values, negative first. Multiclass: positions in ``classes``.
    Regression: the numbers themselves, and ``classes`` is empty. ``values`` are the classes as the table has them.
    """

    classes: tuple[str, ...] = ()
    values: pa.Array | None = None

    def numbers(self, column: pa.Array) -> Floats:
        """(n,) the column's labels; only of a table that was surveyed."""
        import pyarrow as pa
        import pyarrow.compute as pc

        column = _plain(column)
        if self.values is None:
            values: Floats = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
            return values
        codes: Floats = pc.index_in(column, self.values).to_numpy(zero_copy_only=False).astype(float)
        return codes


def read_labels(table: Table, evaluation: Evaluation, task: str) -> Labels:
    """How to read the table's labels. Raises GatehouseError for missing labels, one class only, an unknown positive
    value, or a label that does not suit the task."""
    from gatehouse.evaluate.table import Recipe

    return table.reduce(Recipe(Survey, (evaluation, task)), [evaluation.label]).finish()


class Survey:
    """The kernel that looks at every label: which values there are, and how many are missing."""

    def __init__(self, evaluation: Evaluation, task: str) -> None:
        self._evaluation, self._task = evaluation, task
        self._rows = self._missing = self._infinite = 0
        self._values: pa.Array | None = None

    def update(self, batch: pa.RecordBatch) -> None:
        """Raises GatehouseError for a label that is no number in a regression, and for far too many classes."""
        column = _plain(batch.column(self._evaluation.label))
        self._rows += len(column)
        self._missing += column.null_count
        if self._task == "regression":
            self._infinite += _infinite(column, self._evaluation)
        else:
            self._learn(column.unique().drop_null())

    def _learn(self, values: pa.Array) -> None:
        import pyarrow as pa

        if self._values is not None:
            values = pa.concat_arrays([self._values, values]).unique()
        if len(values) > MOST_CLASSES:
            raise self._bad(f"has more than {MOST_CLASSES:,} values", "use `task: regression` for a number")
        self._values = values

    def merge(self, other: Survey) -> None:
        self._rows += other._rows
        self._missing += other._missing
        self._infinite += other._infinite
        if other._values is not None:
            self._learn(other._values)

    def finish(self) -> Labels:
        if self._missing:
            raise self._bad(
                f"{self._missing} rows have no label", "leave rows without a known outcome out of the table"
            )
        if self._task == "regression":
            if self._infinite:
                raise self._bad("holds infinite values", "leave those rows out of the table")
            return Labels()
        found = [] if self._values is None else sorted(self._values.to_pylist(), key=str)
        if len(found) < 2:
            what = f"every row has the label {found[0]!r}" if found else "there are no rows"
            raise self._bad(what, "evaluate on rows of every class")
        return self._coded(self._two(found) if self._task == "binary" else found)

    def _coded(self, classes: list[Any]) -> Labels:
        import pyarrow as pa

        assert self._values is not None
        return Labels(tuple(map(class_name, classes)), pa.array(classes, type=self._values.type))

    def _two(self, classes: list[Any]) -> list[Any]:
        """The negative and the positive label value."""
        if len(classes) > 2:
            raise self._bad(f"has {len(classes)} label values", "use `task: multiclass`, or a table with two classes")
        positive = self._positive(classes)
        return [*(value for value in classes if value != positive), positive]

    def _positive(self, classes: list[Any]) -> Any:
        """The label value that counts as 1: the one that is named, else 1 or true."""
        asked, found = self._evaluation.positive, " and ".join(map(repr, classes))
        if asked is not None:
            named = [value for value in classes if class_name(value) == class_name(asked)]
            if not named:
                raise self._bad(f"no row has the positive label {asked!r}; found {found}", "mend `positive`")
            return named[0]
        if set(classes) == {0, 1}:
            return max(classes)
        raise self._bad(f"which of {found} counts as positive?", "name it in policy.yaml: data.evaluation.positive")

    def _bad(self, what: str, fix: str) -> GatehouseError:
        return _bad(self._evaluation, what, fix)

    def to_bytes(self) -> bytes:
        import pyarrow as pa

        values = b""
        if self._values is not None:
            batch = pa.RecordBatch.from_arrays([self._values], ["values"])
            with pa.BufferOutputStream() as stream, pa.ipc.new_stream(stream, batch.schema) as writer:
                writer.write_batch(batch)
            values = stream.getvalue().to_pybytes()
        return msgspec.msgpack.encode((self._rows, self._missing, self._infinite, values))

    @classmethod
    def from_bytes(cls, evaluation: Evaluation, task: str, data: bytes) -> Survey:
        """The survey that wrote ``data``, of the same label and task."""
        import pyarrow as pa

        made = cls(evaluation, task)
        made._rows, made._missing, made._infinite, values = msgspec.msgpack.decode(
            data, type=tuple[int, int, int, bytes]
        )
        if values:
            made._values = pa.ipc.open_stream(values).read_all().column(0).combine_chunks()
        return made


def _plain(column: pa.Array) -> pa.Array:
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


def _infinite(column: pa.Array, evaluation: Evaluation) -> int:
    import numpy as np
    import pyarrow as pa

    try:
        values = column.drop_null().cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowException as error:
        raise _bad(
            evaluation, f"is not a number everywhere: {error}", "use a numeric label for `task: regression`"
        ) from error
    return int(np.isinf(values).sum())


def _bad(evaluation: Evaluation, what: str, fix: str) -> GatehouseError:
    return GatehouseError(f"{evaluation.named}: label {evaluation.label!r}: {what}", fix)
