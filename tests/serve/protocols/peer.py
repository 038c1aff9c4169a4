"""What a model is given by `mlflow models serve`, and by gatehouse: the two sides that the tests hold together.

Both end in the same real PyFuncModel, whose implementation keeps what it was asked to predict.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from mlflow.exceptions import MlflowException
from mlflow.models import Model, ModelSignature
from mlflow.pyfunc import PyFuncModel, scoring_server
from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec
from mlflow.types.schema import AnyType, Array, Map, Object, Property

from gatehouse.registry.signature import Signature, parse
from gatehouse.runtime.features import converter
from gatehouse.serve.protocols import scoring

JSON, CSV = "application/json", "text/csv"
_TYPES = ("boolean", "integer", "long", "float", "double", "string", "binary", "datetime")

SCHEMAS: dict[str, Schema | None] = {
    "none": None,
    "two": Schema([ColSpec("double", "a"), ColSpec("double", "b")]),
    "optional": Schema([ColSpec("double", "a"), ColSpec("double", "b", required=False)]),
    "mixed": Schema([ColSpec("long", "n"), ColSpec("string", "s"), ColSpec("boolean", "t")]),
    "unnamed": Schema([ColSpec("double"), ColSpec("double")]),
    "array": Schema([ColSpec(Array("double"), "x")]),
    "object": Schema(
        [ColSpec(Object([Property("p", "string"), Property("q", "long", required=False)]), "x"), ColSpec("long", "n")]
    ),
    "any": Schema([ColSpec(Array(AnyType()), "x")]),
    "deep": Schema([ColSpec(Array(Object([Property("t", "boolean"), Property("w", Array("datetime"))])), "x")]),
    "map": Schema([ColSpec(Map("double"), "x")]),
    "tensor": Schema([TensorSpec(np.dtype("float64"), (-1, 2))]),
    "tensor32": Schema([TensorSpec(np.dtype("float32"), (-1, 2, 2))]),
    "tensor1": Schema([TensorSpec(np.dtype("int64"), (-1,))]),
    "tensors": Schema([TensorSpec(np.dtype("float32"), (-1, 2), "a"), TensorSpec(np.dtype("int64"), (-1,), "b")]),
    "truths": Schema([TensorSpec(np.dtype("bool"), (-1, 2))]),
    "small": Schema([TensorSpec(np.dtype("uint8"), (-1, 2))]),
    "half": Schema([TensorSpec(np.dtype("float16"), (-1,))]),
    "open": Schema([TensorSpec(np.dtype("float64"), (-1, -1))]),
    "words": Schema([TensorSpec(np.dtype("str"), (-1,))]),
    **{name: Schema([ColSpec(name, "x")]) for name in _TYPES},
}
PARAMS = ParamSchema(
    [
        ParamSpec("t", "double", 0.5),
        ParamSpec("n", "long", 3),
        ParamSpec("w", "string", ["a"], (-1,)),
        ParamSpec("d", "datetime", np.datetime64("2024-02-29")),
    ]
)


class _Keeps:
    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        self.given, self.params = model_input, params
        return [0]


def of(key: str, params: ParamSchema | None = None) -> ModelSignature | None:
    return None if SCHEMAS[key] is None else ModelSignature(inputs=SCHEMAS[key], params=params)


def ours(signature: ModelSignature | None) -> Signature | None:
    if signature is None:
        return None
    described = signature.to_dict()
    return parse(described["inputs"], None, described["params"])


def in_mlflow(signature: ModelSignature | None, body: bytes, content_type: str) -> tuple[Any, Any]:
    """What the model gets from MLflow's server: rows and parameters. Raises MlflowException, or what it forgets."""
    keeps = _Keeps()
    model = _model(signature, keeps)
    answer = scoring_server.invocations(body, content_type, model, model.metadata.get_input_schema())
    if answer.status != 200:
        raise MlflowException(f"{answer.status} {answer.response}")
    return keeps.given, keeps.params


def in_gatehouse(signature: ModelSignature | None, body: bytes, content_type: str) -> tuple[Any, Any]:
    """The same from gatehouse: read, sent to the model's process, converted there. Raises Refused."""
    rows = scoring.Reader(ours(signature)).read(body, content_type)
    keeps = _Keeps()
    _model(signature, keeps).predict(arrived(rows.batch, signature), params=rows.params)
    return keeps.given, keeps.params


def arrived(batch: pa.RecordBatch, signature: ModelSignature | None) -> Any:
    """What a model's process makes of a batch once it has travelled."""
    sent = pa.ipc.read_record_batch(batch.serialize(), batch.schema)
    sent.validate(full=True)
    return converter(signature, batch.schema)(sent)


def same(one: Any, other: Any) -> bool:
    """Whether a model could not tell two inputs apart but by how a missing text is written."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(_plain(one), _plain(other), check_column_type=False)
        return True
    np.testing.assert_array_equal(one, other)
    return bool(one.dtype.kind == other.dtype.kind and (one.dtype == other.dtype or one.dtype.kind in "UO"))


def body(form: str, given: Any, **more: Any) -> bytes:
    return json.dumps({form: given, **more}).encode()


def _model(signature: ModelSignature | None, keeps: _Keeps) -> PyFuncModel:
    meta = Model(signature=signature, flavors={"python_function": {"loader_module": "none"}})
    return PyFuncModel(meta, keeps)


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Text as objects, None for every missing one, arrays as lists, names as text."""
    out = frame.set_axis([str(name) for name in frame.columns], axis=1).reset_index(drop=True)
    for name in out.columns:
        if not pd.api.types.is_numeric_dtype(out[name]) and out[name].dtype.kind != "M":
            out[name] = pd.Series([_value(value) for value in out[name]], dtype=object)
    return out


def _value(value: Any) -> Any:
    if isinstance(value, np.ndarray | list):
        return [_value(item) for item in value]
    if isinstance(value, dict):
        return {key: _value(item) for key, item in value.items() if item is not None}
    return None if pd.api.types.is_scalar(value) and pd.isna(value) else value
