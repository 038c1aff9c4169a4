"""In the model's process: the model loaded by mlflow.pyfunc, how it is asked, and what its output is."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import mlflow.pyfunc
import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa

from gatehouse.runtime import wire
from gatehouse.runtime.features import Convert, converter

Array = np.ndarray[Any, np.dtype[Any]]
_PYTHON_MODEL = "mlflow.pyfunc.model"
_DTYPES: dict[str, Literal["float64", "int64", "bool"]] = {"f": "float64", "i": "int64", "b": "bool"}


@dataclass
class Predictor:
    """A loaded model; called with a request and its body it gives the answer's header and body."""

    model: mlflow.pyfunc.PyFuncModel
    flavor: str
    how: str
    kind: wire.Kind | None = None
    classes: tuple[wire.Label, ...] | None = None
    _schema: Any = field(default=None, init=False)
    _convert: Convert | None = field(default=None, init=False)

    def ready(self, import_s: float, load_s: float) -> wire.Ready:
        signature = self.model.metadata.signature
        named = signature is not None and signature.inputs is not None and signature.inputs.has_input_names()
        inputs = tuple(signature.inputs.input_names()) if named else None
        return wire.Ready(0, self.flavor, self.how, self.kind, self.classes, inputs, import_s, load_s)

    def __call__(self, request: wire.Predict, body: bytearray) -> tuple[wire.Answered, wire.Buffer]:
        if request.schema is not None:
            self._schema = pa.ipc.read_schema(pa.py_buffer(request.schema))
            self._convert = converter(self.model.metadata.signature, self._schema)
        if self._convert is None:
            raise ValueError("the first request came without a schema")
        batch = pa.ipc.read_record_batch(pa.py_buffer(body), self._schema)
        return self._answer(request.id, *flat(self.model.predict(self._convert(batch))))

    def _answer(self, request: int, array: Array, names: tuple[str, ...] | None) -> tuple[wire.Answered, wire.Buffer]:
        kind, classes = self.kind or guess(array), self.classes or names
        if kind == "scores" and array.ndim == 2:
            array = array[:, 1]
        if kind != "labels":
            array = array.astype(np.float64, copy=False)
        rows, columns = len(array), 1 if array.ndim == 1 else array.shape[1]
        if array.dtype == object:
            return wire.Answered(request, kind, "text", rows, 1, classes), msgspec.msgpack.encode(array.tolist())
        header = wire.Answered(request, kind, _DTYPES[array.dtype.kind], rows, columns, classes)
        return header, np.ascontiguousarray(array).data


def load(folder: str, method: str) -> Predictor:
    """Loads an MLflow model and settles how it will predict. Raises whatever the model's own code raises."""
    model = mlflow.pyfunc.load_model(folder, suppress_warnings=True)
    flavors = [name for name in model.metadata.flavors if name != mlflow.pyfunc.FLAVOR_NAME]
    flavor = flavors[0] if flavors else mlflow.pyfunc.FLAVOR_NAME
    # A PythonModel is its own idea of a model; only a library's estimator is asked for more than predict.
    raw = model.unwrap_python_model() if model.loader_module == _PYTHON_MODEL else _raw(model)
    if method == "predict" or model.loader_module == _PYTHON_MODEL or not hasattr(raw, "predict_proba"):
        if method == "predict_proba":
            raise TypeError(f"{named(raw)} has no predict_proba; set the policy's prediction method to auto or predict")
        return Predictor(model, flavor, f"predict of {named(raw)} through mlflow.pyfunc", *_by_predict(raw))
    classes = labels(raw)
    asked = mlflow.pyfunc.PyFuncModel(model.metadata, raw, predict_fn="predict_proba")
    kind: wire.Kind | None = None
    if classes is not None:
        kind = "scores" if len(classes) == 2 else "probabilities"
    return Predictor(asked, flavor, f"predict_proba of {named(raw)}", kind, classes)


def _raw(model: mlflow.pyfunc.PyFuncModel) -> Any:
    """The library's own model where the flavor gives it away, else the flavor's wrapper around it."""
    try:
        return model.get_raw_model()
    except NotImplementedError:
        return model._model_impl


def _by_predict(raw: Any) -> tuple[wire.Kind | None, tuple[wire.Label, ...] | None]:
    classes = labels(raw)
    if classes is not None:
        return "labels", classes
    return ("values" if _is_regressor(raw) else None), None


def _is_regressor(raw: Any) -> bool:
    # Whoever gives an estimator of scikit-learn's kind has imported it; others need not.
    base = sys.modules.get("sklearn.base")
    return base is not None and isinstance(raw, base.BaseEstimator) and base.is_regressor(raw)


def named(raw: Any) -> str:
    """``sklearn.LogisticRegression``: the library and the class, without the modules between."""
    kind = type(raw)
    return f"{kind.__module__.partition('.')[0]}.{kind.__qualname__}"


def labels(raw: Any) -> tuple[wire.Label, ...] | None:
    """The classes of a fitted classifier; None for one that names none, or has several outputs with classes each."""
    classes = getattr(raw, "classes_", None)
    if not isinstance(classes, np.ndarray) or classes.ndim != 1:
        return None
    return tuple(classes.tolist())


def flat(output: Any) -> tuple[Array, tuple[str, ...] | None]:
    """What predict returned as an array of shape (n,) or (n, k), and the names of its k columns where it has any.

    Raises TypeError for what is no prediction a row.
    """
    names = None
    if isinstance(output, pd.DataFrame):
        names = tuple(str(name) for name in output.columns)
        if len(names) > 1 and not all(pd.api.types.is_float_dtype(kind) for kind in output.dtypes):
            raise TypeError(
                f"predict returned the columns {', '.join(names)}: one column, or one of floats a class, is read"
            )
        output = output.iloc[:, 0] if len(names) == 1 else output.to_numpy()
        names = names if output.ndim == 2 else None
    if not isinstance(output, np.ndarray | pd.Series | list | tuple):
        raise TypeError(
            f"predict returned a {type(output).__name__}; an array, a list, a Series or a DataFrame is read"
        )
    array = _plain(output)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim not in (1, 2) or (array.ndim == 2 and array.dtype.kind != "f"):
        raise TypeError(f"predict returned an array of shape {array.shape} and type {array.dtype}")
    return array, names


def guess(array: Array) -> wire.Kind:
    """The kind of an answer that nothing but its shape and type speaks for."""
    if array.ndim == 2:
        return "scores" if array.shape[1] == 2 else "probabilities"
    return "values" if array.dtype.kind == "f" else "labels"


def _plain(output: Any) -> Array:
    """An array of float64, int64, bool, or objects that are str or None. Raises TypeError for anything else."""
    array: Array = output.to_numpy() if isinstance(output, pd.Series) else np.asarray(output)
    if array.dtype.kind == "U" and not isinstance(output, np.ndarray):
        # numpy has just made text of everything in the list, numbers and None included.
        array = np.asarray(output, dtype=object)
    cast: Callable[[Array], Array] | None = _CASTS.get(array.dtype.kind)
    if cast is None:
        raise TypeError(f"predict returned values of type {array.dtype}")
    return cast(array)


def _integers(array: Array) -> Array:
    if array.dtype.kind == "u" and array.size and int(array.max()) > np.iinfo(np.int64).max:
        raise TypeError("predict returned integers beyond 64 bits with a sign")
    return array.astype(np.int64, copy=False)


def _objects(array: Array) -> Array:
    """Python objects, all of one kind once the missing are set aside."""
    if array.ndim != 1:
        return _objects(array.ravel()).reshape(array.shape)
    found = pd.api.types.infer_dtype(array, skipna=True)
    missing = pd.isna(array)
    if found in ("string", "empty"):
        return np.array(
            [None if gone else str(value) for value, gone in zip(array, missing, strict=True)], dtype=object
        )
    if found == "boolean" and not missing.any():
        return array.astype(bool)
    if found == "integer" and not missing.any():
        return array.astype(np.int64)
    if found in ("integer", "floating", "mixed-integer-float", "decimal"):
        return np.where(missing, np.nan, array).astype(np.float64)
    raise TypeError(f"predict returned rows of type {found}")


_CASTS: dict[str, Callable[[Array], Array]] = {
    "f": lambda array: array.astype(np.float64, copy=False),
    "i": _integers,
    "u": _integers,
    "b": lambda array: array,
    "U": lambda array: array.astype(object),
    "O": _objects,
}
