"""Arrays of a request as one Arrow batch with the tensors that a model's signature asks for, one column each.

A tensor of shape (rows, …) becomes a column of ``rows`` flat lists, which the model's process puts back into shape; one
of shape (rows,) a plain column. Numbers take the type asked for: what is no whole number is refused for integers, where
MLflow cuts it, and so is what does not fit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from gatehouse.registry.signature import Tensor
from gatehouse.serve.protocols import values
from gatehouse.serve.protocols.errors import Limits, Refused, Unfit, check_extent, quoted
from gatehouse.serve.protocols.values import MISFITS

Array = np.ndarray[Any, np.dtype[Any]]
# What the one tensor of a signature without names is called in a batch; nobody looks at it.
UNNAMED = "input"


class Tensors:
    """Compiled from a signature's tensors, then used often. All methods raise Refused.

    ``mergeable`` is False where the signature fixes how many rows there are, so that rows of two requests do not fit.
    """

    def __init__(self, tensors: Sequence[Tensor], limits: Limits) -> None:
        self._limits = limits
        self.tensors = tuple(tensors)
        self.named = self.tensors[0].name is not None
        self.names = [tensor.name or UNNAMED for tensor in self.tensors]
        self.mergeable = all(tensor.shape[:1] == (-1,) for tensor in self.tensors)

    def from_array(self, given: Any) -> pa.RecordBatch:
        """A batch of the only tensor there is, from lists in lists."""
        if len(self.tensors) != 1:
            raise Refused(f"the model takes the tensors {', '.join(self.names)}, each by its name", schema=True)
        return self._batch([self._shaped(given, self.tensors[0])])

    def from_columns(self, columns: Mapping[str, Any]) -> pa.RecordBatch:
        """A batch of one array a tensor; those that the signature does not ask for are left out."""
        if not self.named:
            raise Refused("the model takes one array without a name, not an object", schema=True)
        if lacking := [name for name in self.names if name not in columns]:
            raise Refused(f"Model is missing inputs {lacking}.", schema=True)
        return self._batch(
            [self._shaped(columns[name], spec) for name, spec in zip(self.names, self.tensors, strict=True)]
        )

    def from_flat(self, flat: Mapping[str, tuple[list[Any], tuple[int, ...]]]) -> pa.RecordBatch:
        """A batch of arrays that are given as their values, the last index fastest, and their shape.

        The one tensor of a signature without names may be called anything.
        """
        if not self.named and len(flat) == 1:
            flat = {UNNAMED: next(iter(flat.values()))}
        if lacking := [name for name in self.names if name not in flat]:
            raise Refused(f"Model is missing inputs {lacking}.", schema=True)
        given = [flat[name] for name in self.names]
        return self._batch(
            [
                _fitting(_array(items, spec).reshape(shape), spec, self._limits)
                for (items, shape), spec in zip(given, self.tensors, strict=True)
            ]
        )

    def from_rows(self, names: list[Any] | None, rows: Sequence[Any]) -> pa.RecordBatch:
        """A data frame: its columns side by side, or, by name, one column a tensor whose values may be flat lists."""
        width = len(names) if names is not None else len(rows[0]) if rows and isinstance(rows[0], list) else 0
        check_extent(len(rows), width, self._limits)
        if any(not isinstance(row, list | tuple) or len(row) != width for row in rows):
            raise Refused(f"the rows are not all lists of {width} values")
        if not self.named:
            only = self.tensors[0]
            return self._batch([self._shaped([row[0] for row in rows] if width == 1 else list(rows), only, flat=True)])
        if names is None or not all(isinstance(name, str) for name in names):
            raise Refused(f"Model is missing inputs {self.names}.", schema=True)
        if len(set(names)) != len(names):
            raise Refused("a column is there twice")
        return self._framed({name: [row[place] for row in rows] for place, name in enumerate(names)})

    def from_records(self, records: Sequence[Any]) -> pa.RecordBatch:
        """One object a row."""
        if not all(isinstance(record, dict) for record in records):
            raise Refused("the records are not all objects")
        if self.named:
            return self._framed(self.gathered(records))
        names = list(records[0]) if records else []
        check_extent(len(records), len(names), self._limits)
        if any(record.keys() != records[0].keys() for record in records):
            raise Refused("the records do not all have the same columns")
        return self.from_rows(names, [[record[name] for name in names] for record in records])

    def gathered(self, records: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
        """Objects, one a row, as one list a tensor. Raises Refused where one lacks a tensor: its row would be lost."""
        for place, record in enumerate(records):
            if lacking := [name for name in self.names if name not in record]:
                raise Refused(f"Model is missing inputs {lacking} in row {place}.", schema=True)
        return {name: [record[name] for record in records] for name in self.names}

    def _framed(self, columns: Mapping[str, list[Any]]) -> pa.RecordBatch:
        if lacking := [name for name in self.names if not columns.get(name)]:
            raise Refused(f"Model is missing inputs {lacking}.", schema=True)
        return self._batch(
            [self._shaped(columns[name], spec, flat=True) for name, spec in zip(self.names, self.tensors, strict=True)]
        )

    def _shaped(self, given: Any, spec: Tensor, *, flat: bool = False) -> Array:
        """The values as an array of the spec's type and shape; flat rows are put into shape where that is allowed."""
        array = _array(given, spec)
        if flat and array.ndim and array.size and -1 not in spec.shape[1:] and array.shape[1:] != spec.shape[1:]:
            wanted = (len(array), *spec.shape[1:])
            if math.prod(wanted) == array.size:
                array = array.reshape(wanted)
        return _fitting(array, spec, self._limits)

    def _batch(self, arrays: list[Array]) -> pa.RecordBatch:
        if len({len(array) for array in arrays}) > 1:
            raise Refused("The length of values for each input/column name are not the same")
        if not arrays[0].size or not all(array.size for array in arrays):
            raise Refused("there are no rows to predict", "send at least one row")
        return pa.RecordBatch.from_arrays(
            [_column(array, spec) for array, spec in zip(arrays, self.tensors, strict=True)], names=self.names
        )


def _fitting(array: Array, spec: Tensor, limits: Limits) -> Array:
    fits = array.ndim == len(spec.shape) and all(
        wanted in (-1, found) for wanted, found in zip(spec.shape, array.shape, strict=True)
    )
    if not fits or not array.ndim:
        raise Refused(f"Shape of input {array.shape} does not match expected shape {spec.shape}.", schema=True)
    # How long a row is, the signature says.
    check_extent(len(array), array.size // max(len(array), 1), replace(limits, columns=limits.cells))
    return array


def _array(given: Any, spec: Tensor) -> Array:
    """Lists in lists as an array of the spec's type. Raises Refused for what is ragged, or of another type."""
    called = f"input {quoted(spec.name)}" if spec.name is not None else "the input"
    try:
        return _converted(given, np.dtype(spec.dtype))
    except (*MISFITS, RecursionError) as error:
        said = f": {error}" if isinstance(error, Unfit) else ": its lists differ in length, or hold something else"
        raise Refused(f"{called} cannot be read as an array of {spec.dtype}{said}") from error


def _converted(given: Any, wanted: np.dtype[Any]) -> Array:
    if wanted.kind == "f":
        with np.errstate(over="ignore"):
            return np.array(given, dtype=wanted)
    # Objects, because numpy's own text would give every item the size of the longest, and its integers cut fractions.
    found = np.array(given, dtype=object)
    items = found.ravel().tolist()
    if wanted.kind in "iu":
        return np.array([values.integer(item) for item in items], dtype=wanted).reshape(found.shape)
    if wanted.kind == "b":
        return np.array([values.truth(item) for item in items], dtype=wanted).reshape(found.shape)
    if wanted.kind in "UO":
        return np.array([_text(item) for item in items], dtype=object).reshape(found.shape)
    raise Unfit("no such values can be sent in JSON")


def _text(item: Any) -> str:
    if (found := values.text(item)) is None:
        raise Unfit("null is no text")
    return found


def _column(array: Array, spec: Tensor) -> pa.Array:
    """Rows of lists; lists in lists where the signature leaves more than one of their lengths open."""
    column = pa.array(array.reshape(-1))
    lengths = array.shape[1:] if spec.shape[1:].count(-1) > 1 else (math.prod(array.shape[1:]),) * (array.ndim > 1)
    for length in reversed(lengths):
        column = pa.FixedSizeListArray.from_arrays(column, length)
    return column
