"""In the model's process: an Arrow record batch becomes what the model's predict takes.

The result is what pandas would have read from the same table, so that a model sees here what it saw in training:

====================  ==========================================================================================
Arrow                 pandas
====================  ==========================================================================================
integers              the same integer; float64 with NaN where a value is missing
floats                the same float; a missing value is NaN
bool                  bool; object with None where a value is missing
string, large_string  str, pandas' own text type; a missing value is NaN
dictionary            what it encodes: signatures know no categories (decoded before it is sent)
timestamp             datetime64 of the same unit, with its zone if any; a missing value is NaT
date                  object of datetime.date
decimal               object of decimal.Decimal
list, struct, map     object of numpy array, dict, dict
====================  ==========================================================================================

Then the model's signature has its say. Columns are put in its order, those it does not name are left out, and two
conversions are made that mlflow.pyfunc refuses although no value changes: integers become the integer or the float that
is asked for (a value that would not survive raises), and a column with nothing in it takes the type asked for. The rest
is left to pyfunc, which widens or refuses as it does in serving. A tensor signature gets numpy arrays: the columns side
by side, or a list column stacked, in the signature's type.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from mlflow.models import ModelSignature
from mlflow.types import DataType

Array = np.ndarray[Any, np.dtype[Any]]
Convert = Callable[[pa.RecordBatch], "pd.DataFrame | Array | dict[str, Array]"]
_NUMBERS = {
    DataType.integer: pa.int32(),
    DataType.long: pa.int64(),
    DataType.float: pa.float32(),
    DataType.double: pa.float64(),
}
_TYPES = {**_NUMBERS, DataType.boolean: pa.bool_(), DataType.string: pa.string(), DataType.binary: pa.binary()}


def converter(signature: ModelSignature | None, schema: pa.Schema) -> Convert:
    """How batches of this schema are converted for a model with this signature; worked out once, then used often."""
    inputs = None if signature is None else signature.inputs
    if inputs is None:
        return _frame
    if inputs.is_tensor_spec():
        return _tensors(inputs, schema)
    named = inputs.has_input_names()
    columns = [name for name in inputs.input_names() if name in schema.names] if named else schema.names
    types = dict(zip(inputs.input_names() if named else schema.names, inputs.input_types(), strict=False))
    casts = {name: _cast(schema.field(name).type, types.get(name)) for name in columns}
    wanted = pa.schema([(name, cast or schema.field(name).type) for name, cast in casts.items()])
    if wanted.equals(schema):
        return _frame
    return lambda batch: _frame(batch.select(columns).cast(wanted))


def _frame(batch: pa.RecordBatch) -> pd.DataFrame:
    frame: pd.DataFrame = batch.to_pandas(use_threads=False, ignore_metadata=True, maps_as_pydicts="strict")
    return frame


def _cast(given: pa.DataType, asked: Any) -> pa.DataType | None:
    """The type to convert to, or None to leave a column to pyfunc."""
    if pa.types.is_null(given):
        return _TYPES.get(asked)
    return _NUMBERS.get(asked) if pa.types.is_integer(given) else None


def _tensors(inputs: Any, schema: pa.Schema) -> Convert:
    if not inputs.has_input_names():
        spec = inputs.inputs[0]
        return lambda batch: _tensor(batch.columns, spec)
    places = [(spec, schema.get_field_index(spec.name)) for spec in inputs.inputs]
    if missing := [spec.name for spec, place in places if place < 0]:
        raise ValueError(f"the rows lack the tensors {', '.join(missing)}")
    return lambda batch: {spec.name: _tensor([batch.column(place)], spec) for spec, place in places}


def _tensor(columns: list[pa.Array], spec: Any) -> Array:
    """The columns as one array of the spec's type and shape, rows first."""
    parts = [_numbers(column) for column in columns]
    array = parts[0] if len(parts) == 1 else np.column_stack(parts)
    return array.astype(spec.type, copy=False).reshape((len(columns[0]), *spec.shape[1:]))


def _numbers(column: pa.Array) -> Array:
    """A column of numbers, shape (n,), or of lists of one length, shape (n, …)."""
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type) or pa.types.is_fixed_size_list(column.type):
        return np.stack([np.asarray(row) for row in column.to_pylist()])
    numbers: Array = column.to_numpy(zero_copy_only=False)
    return numbers
