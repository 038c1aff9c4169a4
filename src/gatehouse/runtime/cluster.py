"""A pinned model on the workers of a cluster: the same predictor, carried there by ``mlflow.pyfunc.spark_udf``.

``spark_udf`` calls a model's predict with a pandas frame. So that an answer there is the one that the model's process
gives (probabilities by default, the same conversions, the same checks), the pinned model is wrapped into a pyfunc model
whose code is ours: it turns the frame back into an Arrow batch of the table's types, asks the very ``Predictor`` of the
process, and checks the answer as the process's parent does.
"""

from __future__ import annotations

import logging
import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gatehouse.errors import GatehouseError
from gatehouse.runtime import answer, wire
from gatehouse.runtime.answer import Answer
from gatehouse.runtime.failures import harmless

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from gatehouse.runtime.process import Method

# What a row's answer is on the way: ``meta`` says how to read it (and is the same for all rows), numbers are in
# ``numbers``, text and other labels are JSON in ``text``.
RESULT = "struct<meta:string,numbers:array<double>,text:string>"
_MODEL, _ASKED = "model", "asked.msgpack"
_FIX = "compare the columns and types of these rows with the model's signature"


class Meta(msgspec.Struct, frozen=True, omit_defaults=True):
    """How answers are to be read; or, where ``error`` is set, why there are none."""

    kind: wire.Kind = "values"
    columns: int = 1
    numeric: bool = True
    classes: tuple[wire.Label, ...] | None = None
    error: str = ""
    fix: str = ""


class _Asked(msgspec.Struct, frozen=True):
    """How a wrapped model is asked: its columns are those of the Arrow ``schema``."""

    method: str
    schema: bytes


def wrap(folder: Path, into: Path, method: Method, schema: pa.Schema) -> Path:
    """A pyfunc model in the new folder ``into`` that answers as the one in ``folder`` does in its own process."""
    import mlflow.models
    import mlflow.pyfunc

    data = into / "data"
    data.mkdir(parents=True)
    shutil.copytree(folder, data / _MODEL, copy_function=_link_or_copy)
    asked = _Asked(method, schema.remove_metadata().serialize().to_pybytes())
    (data / _ASKED).write_bytes(msgspec.msgpack.encode(asked))
    described = mlflow.models.Model()
    mlflow.pyfunc.add_to_model(described, loader_module=__name__, data="data")
    described.save(str(into / "MLmodel"))
    # MLflow looks here for what the workers should have; they have what this machine has.
    (into / "requirements.txt").touch()
    return into


def udf(session: Any, wrapped: Path) -> Any:
    """``mlflow.pyfunc.spark_udf`` of a wrapped model: takes a struct of its columns, gives RESULT."""
    import mlflow.pyfunc

    with quiet():
        return mlflow.pyfunc.spark_udf(session, str(wrapped), result_type=RESULT, env_manager="local")


@contextmanager
def quiet() -> Iterator[None]:
    """Without MLflow's advice on environments, and Spark's on the version of pandas: the tests run what is locked."""
    logger = logging.getLogger("mlflow")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)


def meta(text: str) -> Meta:
    """What a row says of how it is to be read. Raises GatehouseError: no worker is believed unseen."""
    try:
        return msgspec.json.decode(text, type=Meta)
    except msgspec.MsgspecError as error:
        raise GatehouseError("what the model's worker sent is no answer", "load it and predict by hand") from error


def read(way: Meta, numbers: Any, text: Any) -> Answer:
    """The answer of some rows from RESULT's columns, as Arrow arrays. Raises GatehouseError for what does not fit."""
    import numpy as np

    if not way.numeric:
        values = [None if value is None else msgspec.json.decode(value) for value in text.to_pylist()]
        whole = all(isinstance(value, bool) for value in values), all(type(value) is int for value in values)
        kind = bool if whole[0] else np.int64 if whole[1] else object
        return Answer(way.kind, np.array(values, dtype=kind), way.classes)
    flat = numbers.flatten().to_numpy(zero_copy_only=False).astype(float, copy=False)
    if numbers.null_count or len(flat) != len(numbers) * way.columns:
        raise GatehouseError(
            "the model answered another number of columns for some rows", "see what its predict returns"
        )
    # Only probabilities keep two dimensions, as in an answer of the process.
    return Answer(way.kind, flat.reshape(-1, way.columns) if way.kind == "probabilities" else flat, way.classes)


class Wrapped:
    """What MLflow loads on a worker. Whatever the model raises becomes part of the answer: it crosses as data, and
    nobody has to look for it in a page of Java."""

    def __init__(self, data: Path) -> None:
        import pyarrow as pa

        asked = msgspec.msgpack.decode((data / _ASKED).read_bytes(), type=_Asked)
        self._schema = pa.ipc.read_schema(pa.py_buffer(asked.schema))
        self._failed: Meta | None = None
        try:
            from gatehouse.runtime import predictor

            self._predictor = predictor.load(str(data / _MODEL), asked.method)
            self._promised = self._predictor.ready(0.0, 0.0)
        except Exception as error:  # noqa: BLE001 (loading runs the model's code, which may raise anything)
            self._failed = _failure("loading the model raised", error)

    def predict(self, frame: pd.DataFrame, params: Any = None) -> pd.DataFrame:
        if self._failed is not None:
            return _refused(self._failed, len(frame))
        try:
            return _sent(self._answer(frame))
        except GatehouseError as error:
            return _refused(Meta(error=error.message, fix=error.fix), len(frame))
        except Exception as error:  # noqa: BLE001 (a model may raise anything)
            return _refused(_failure("the model raised", error, f" on {len(frame):,} rows"), len(frame))

    def _answer(self, frame: pd.DataFrame) -> Answer:
        import pyarrow as pa

        batch = pa.RecordBatch.from_pandas(frame, schema=self._schema, preserve_index=False)
        schema = None if self._predictor._convert is not None else bytes(self._schema.serialize())
        request = wire.Predict(1, schema)
        header, body = self._predictor(request, bytearray(batch.replace_schema_metadata(None).serialize()))
        return answer.decode(header, bytearray(body), batch.num_rows, self._promised)


def preload() -> None:
    """Imports what loading and asking a model imports, in a process that workers are forked from."""
    # Of the flavors, the one that most models of a table have: it takes as long as all the rest.
    import mlflow.sklearn

    from gatehouse.runtime import predictor

    assert mlflow.sklearn
    assert predictor


def _load_pyfunc(path: str) -> Wrapped:
    """What ``mlflow.pyfunc`` calls on a worker."""
    return Wrapped(Path(path))


def _sent(said: Answer) -> pd.DataFrame:
    """An answer as RESULT's columns."""
    import numpy as np
    import pandas as pd

    array, rows = said.array, len(said.array)
    if array.dtype.kind == "f":
        matrix = array.reshape(rows, -1)
        way = Meta(said.kind, matrix.shape[1], True, said.classes)
        numbers, text = list(np.asarray(matrix)), [""] * rows
    else:
        way = Meta(said.kind, 1, False, said.classes)
        numbers, text = [[]] * rows, [msgspec.json.encode(value).decode() for value in array.tolist()]
    return pd.DataFrame({"meta": [_text(way)] * rows, "numbers": numbers, "text": text})


def _refused(why: Meta, rows: int) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({"meta": [_text(why)] * rows, "numbers": [[]] * rows, "text": [""] * rows})


def _text(way: Meta) -> str:
    return msgspec.json.encode(way).decode()


def _failure(what: str, error: Exception, where: str = "") -> Meta:
    from gatehouse.runtime.worker import failed

    said = failed(0, error)
    fix = (
        _FIX if where else "install what the model's requirements.txt asks for on every worker, or log the model again"
    )
    return Meta(error=f"{what} {harmless(said.error, 100)}{where}: {harmless(said.message)}", fix=fix)


def _link_or_copy(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
    return target
