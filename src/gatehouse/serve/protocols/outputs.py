"""What a model gives, in the words of the Open Inference Protocol: answers to requests, and metadata."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
import numpy as np

from gatehouse.registry.signature import Column, Scalar, Signature, Tensor
from gatehouse.runtime.answer import Answer
from gatehouse.runtime.wire import Kind, Label
from gatehouse.serve.protocols.errors import Reply
from gatehouse.serve.protocols.inference import Asked
from gatehouse.serve.protocols.scoring import JSON

PREDICT, PROBABILITY = "predict", "predict_proba"
SERVER = "gatehouse"
_SCALARS = {
    "boolean": "BOOL",
    "integer": "INT32",
    "long": "INT64",
    "float": "FP32",
    "double": "FP64",
}
_ARRAYS = {"f": "FP64", "i": "INT64", "b": "BOOL", "O": "BYTES"}


def name_of(kind: Kind | None) -> str:
    """What the output of an answer of this kind is called."""
    return PROBABILITY if kind in ("scores", "probabilities") else PREDICT


def reply(asked: Asked, answer: Answer, model: str, version: int) -> Reply:
    """The answer: its one output, flat; NaN and infinities, which JSON does not know, are null."""
    array = answer.array
    output = {
        "name": name_of(answer.kind),
        "shape": list(array.shape),
        "datatype": _ARRAYS[array.dtype.kind],
        "data": array.reshape(-1).tolist(),
    }
    named = {} if asked.id is None else {"id": asked.id}
    # A request that asks for no output by name asks for all; what it names was checked when it was read.
    return _json({"model_name": model, "model_version": str(version), **named, "outputs": [output]})


def server(version: str) -> Reply:
    """GET /v2; ``version`` is gatehouse's own."""
    return _json({"name": SERVER, "version": version, "extensions": []})


def health(state: Literal["live", "ready"], good: bool) -> Reply:
    """GET /v2/health/live and /v2/health/ready: the status says it, the body repeats it."""
    return _json({state: good}, 200 if good else 503)


def model_ready(model: str, good: bool) -> Reply:
    """GET /v2/models/{model}/ready."""
    return _json({"name": model, "ready": good}, 200 if good else 503)


def model(
    name: str,
    versions: Sequence[int],
    signature: Signature | None,
    kind: Kind | None = None,
    classes: tuple[Label, ...] | None = None,
) -> Reply:
    """GET /v2/models/{model}. ``kind`` and ``classes`` are what the model's process said its answers will be."""
    inputs = () if signature is None else signature.inputs or ()
    return _json(
        {
            "name": name,
            "versions": [str(version) for version in versions],
            "platform": "mlflow_pyfunc",
            "inputs": [_described(spec, place) for place, spec in enumerate(inputs)],
            "outputs": [_output(signature, kind, classes)],
        }
    )


def _described(spec: Column | Tensor, place: int) -> dict[str, Any]:
    if isinstance(spec, Tensor):
        return {"name": spec.name or f"input-{place}", "datatype": _datatype(spec.dtype), "shape": list(spec.shape)}
    kind = _SCALARS.get(spec.type.name, "BYTES") if isinstance(spec.type, Scalar) else "BYTES"
    return {"name": spec.name or str(place), "datatype": kind, "shape": [-1]}


def _output(signature: Signature | None, kind: Kind | None, classes: tuple[Label, ...] | None) -> dict[str, Any]:
    shape = [-1, len(classes) if classes else -1] if kind == "probabilities" else [-1]
    if kind in ("scores", "probabilities", "values"):
        return {"name": name_of(kind), "datatype": "FP64", "shape": shape}
    if classes:
        return {"name": PREDICT, "datatype": _ARRAYS.get(np.asarray(classes).dtype.kind, "BYTES"), "shape": shape}
    promised = (signature.outputs or ()) if signature is not None else ()
    return {**(_described(promised[0], 0) if promised else {"datatype": "FP64", "shape": [-1]}), "name": PREDICT}


def _datatype(dtype: str) -> str:
    found = np.dtype(dtype)
    if found.kind in "iu":
        return f"{'U' if found.kind == 'u' else ''}INT{found.itemsize * 8}"
    return {"f": f"FP{found.itemsize * 8}", "b": "BOOL"}.get(found.kind, "BYTES")


def _json(value: dict[str, Any], status: int = 200) -> Reply:
    return Reply(status, JSON, msgspec.json.encode(value))
