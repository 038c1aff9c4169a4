"""MLflow's scoring protocol: what ``mlflow models serve`` (3.17) takes at ``/invocations``, and how it answers.

=====================  ============================================================================================
body                   rows
=====================  ============================================================================================
``dataframe_split``    ``{"columns": […], "data": [[…], …]}``, an ``index`` is passed over
``dataframe_records``  ``[{"column": value, …}, …]``
``instances``          rows: objects, lists, or single values
``inputs``             columns: ``{"column": [value, …], …}``, or rows as above; with a signature that holds arrays,
                       objects or maps, an object is one row
text/csv               a header and rows, see csv.py
=====================  ============================================================================================

Exactly one of the four, and ``params`` beside it; other keys are passed over. What is converted, and where this is
stricter than MLflow, is told in values.py, csv.py and tensors.py; beyond that, rows of unequal length are refused where
pandas fills them up. Parquet is not read: its format is a parser too large to stand before callers nobody knows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from gatehouse.registry.signature import Column, Scalar, Signature
from gatehouse.runtime.answer import Answer
from gatehouse.serve.protocols import csv, params
from gatehouse.serve.protocols.errors import WRONG_TYPE, Limits, Refused, Reply, check_extent, check_size, quoted
from gatehouse.serve.protocols.frame import Frame
from gatehouse.serve.protocols.json import decode
from gatehouse.serve.protocols.rows import Rows
from gatehouse.serve.protocols.tensors import Tensors

CSV, JSON = "text/csv", "application/json"
FORMATS = ("dataframe_split", "dataframe_records", "instances", "inputs")
_encode = msgspec.json.Encoder().encode
_NUMBERS = frozenset("fiub")
# MLflow's words for what a status means: error_code, sqlstate, error_class (mlflow.exceptions).
_CODES: dict[int, tuple[str, str | None, str | None]] = {
    400: ("BAD_REQUEST", "KAM00", "INVALID_PARAMETER_VALUE"),
    401: ("UNAUTHENTICATED", None, None),
    403: ("PERMISSION_DENIED", "KAM00", "PERMISSION_DENIED"),
    404: ("ENDPOINT_NOT_FOUND", "KAM00", "RESOURCE_NOT_FOUND"),
    429: ("RESOURCE_EXHAUSTED", None, None),
    500: ("INTERNAL_ERROR", "XXM00", "CLIENT_INTERNAL_ERROR"),
    501: ("NOT_IMPLEMENTED", None, None),
    503: ("TEMPORARILY_UNAVAILABLE", "XXM00", "CLIENT_INTERNAL_ERROR"),
    504: ("DEADLINE_EXCEEDED", None, None),
}
_SCHEMA = ("INVALID_PARAMETER_VALUE", "KAM01", "SCHEMA_ENFORCEMENT_FAILED")


class Reader:
    """Reads requests to a model of one signature; compiled once, used by several threads at a time.

    ``signature`` is None, or its inputs are, where the model does not say what it takes.
    """

    def __init__(self, signature: Signature | None, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._signature = signature
        tensors = () if signature is None else signature.tensors()
        inputs = None if signature is None else signature.inputs
        self._tensors = Tensors(tensors, self.limits) if tensors else None
        self._columns = columns = None if inputs is None else tuple(spec for spec in inputs if isinstance(spec, Column))
        self._frame = Frame(columns, self.limits)
        # In instances and inputs MLflow takes binary for text, and in CSV it leaves it text.
        self._listed = Frame(columns, self.limits, base64=False)
        self._csv = Frame(None if columns is None else tuple(map(_as_text, columns)), self.limits)

    def read(self, body: bytes, content_type: str | None) -> Rows:
        """The rows in a request's body. Raises Refused, and nothing else."""
        kind = media_type(content_type)
        check_size(body, self.limits)
        if kind == CSV:
            return self._rows(self._from_csv(body))
        data = decode(body)
        formats = [name for name in FORMATS if name in data]
        if len(formats) != 1:
            raise Refused(
                "The input must be a JSON dictionary with exactly one of the input fields "
                f"{', '.join(FORMATS)}. Received dictionary with input fields: {quoted(list(data)[:20], 400)}"
            )
        given = data[formats[0]]
        match formats[0]:
            case "dataframe_split":
                batch = self._from_split(given)
            case "dataframe_records":
                batch = self._from_records(given)
            case name:
                batch = self._from_listed(given, by_row=name == "instances")
        return self._rows(batch, data.get("params"))

    def _rows(self, batch: pa.RecordBatch, given: Any = None) -> Rows:
        found = params.checked(given, self._signature) if given is not None else {}
        mergeable = self._tensors is None or self._tensors.mergeable
        return Rows(batch, mergeable and not found, found)

    def _from_split(self, given: Any) -> pa.RecordBatch:
        if not isinstance(given, dict):
            raise _invalid(f"Dataframe split format must be a dictionary. Got {_called(given)}.")
        if "data" not in given or given.keys() - {"columns", "data", "index"}:
            raise _invalid(
                "Dataframe split format must have 'data' field and optionally 'columns' and 'index' fields. "
                f"Got {quoted(list(given)[:20], 400)}."
            )
        names, rows, index = given.get("columns"), given["data"], given.get("index")
        if not isinstance(rows, list) or not isinstance(names, list | None) or not isinstance(index, list | None):
            raise _invalid("Provided dataframe_split field is not a valid dataframe: its fields must be lists.")
        if index is not None and len(index) != len(rows):
            raise _invalid(f"Provided dataframe_split field has {len(rows)} rows and an index of {len(index)}.")
        return (self._tensors or self._frame).from_rows(names, rows)

    def _from_records(self, given: Any) -> pa.RecordBatch:
        if not isinstance(given, list):
            raise _invalid(f"Dataframe records format must be a list of records. Got {_called(given)}.")
        if given and isinstance(given[0], list):
            return (self._tensors or self._frame).from_rows(None, given)
        check_extent(len(given), 1, self.limits)
        return (self._tensors or self._frame).from_records(given)

    def _from_listed(self, given: Any, *, by_row: bool) -> pa.RecordBatch:
        """``instances`` and ``inputs``, which differ in what an object of columns is."""
        records = isinstance(given, list) and bool(given) and isinstance(given[0], dict)
        if self._tensors is not None:
            return self._from_tensors(given, records)
        if records:
            check_extent(len(given), 1, self.limits)
            return self._listed.from_records(given)
        names = self._listed.names
        if isinstance(given, dict):
            if self._listed.nested or not any(isinstance(value, list) for value in given.values()):
                return self._listed.from_records([given])
            return self._listed.from_columns(_lists(given))
        if len(names) == 1 and self._listed.nested:
            return self._listed.from_records([{names[0]: given}])
        if len(names) == 1:
            return self._listed.from_columns({names[0]: given if isinstance(given, list) else [given]})
        listed = given if isinstance(given, list) else [given]
        plain = not listed or not isinstance(listed[0], list)
        return self._listed.from_rows(None, [[value] for value in listed] if plain else listed)

    def _from_tensors(self, given: Any, records: bool) -> pa.RecordBatch:
        assert self._tensors is not None
        if not records:
            return self._tensors.from_columns(given) if isinstance(given, dict) else self._tensors.from_array(given)
        if not all(isinstance(item, dict) for item in given):
            raise _invalid("The instances are not all objects.")
        return self._tensors.from_columns(self._tensors.gathered(given) if self._tensors.named else given[0])

    def _from_csv(self, body: bytes) -> pa.RecordBatch:
        header, rows = csv.parse(body, self.limits)
        if self._tensors is not None:
            return self._tensors.from_rows(header, rows)
        return self._csv.from_rows(header, csv.typed(header, rows, self._columns))


def media_type(content_type: str | None) -> str:
    """The type of a body, ``text/csv`` or ``application/json``. Raises Refused with status 415 for any other."""
    if content_type == JSON:
        return JSON
    kind, *pairs = [part.strip() for part in (content_type or "").split(";")]
    values = {key: value for key, _, value in (pair.partition("=") for pair in pairs)}
    if values.get("charset", "utf-8").lower() != "utf-8":
        raise Refused("The scoring server only supports UTF-8", status=WRONG_TYPE)
    if unknown := values.keys() - {"charset"}:
        raise Refused(
            f"Unrecognized content type parameters: {quoted(', '.join(sorted(unknown)))}. ", status=WRONG_TYPE
        )
    if kind.lower() not in (CSV, JSON):
        raise Refused(
            "This predictor only supports the following content types: "
            f"Types: {[CSV, JSON]}. Got {quoted(content_type)}.",
            status=WRONG_TYPE,
        )
    return kind.lower()


def reply(answer: Answer) -> Reply:
    """``{"predictions": […]}``, one a row; probabilities are a list a row. NaN is written as MLflow writes it."""
    array = answer.array
    predictions = {"predictions": array.tolist()}
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        return Reply(200, JSON, json.dumps(predictions).encode())
    return Reply(200, JSON, _encode(predictions))


def refusal(refused: Refused) -> Reply:
    """The answer to a request that was refused."""
    if refused.status == WRONG_TYPE:
        return Reply(WRONG_TYPE, "text/plain; charset=utf-8", refused.text.encode())
    return _error(refused.status, refused.text, _SCHEMA) if refused.schema else failure(refused.status, refused.text)


def failure(status: int, message: str) -> Reply:
    """The answer where something else went wrong, as an MlflowException of that status is written."""
    return _error(status, message, _CODES.get(status) or _CODES[400 if status < 500 else 500])


def _error(status: int, message: str, code: tuple[str, str | None, str | None]) -> Reply:
    said = dict(zip(("error_code", "sqlstate", "error_class"), code, strict=True))
    told = {key: value for key, value in said.items() if value is not None}
    return Reply(status, JSON, _encode({"message": message, **told}))


def _lists(columns: Mapping[str, Any]) -> dict[str, list[Any]]:
    if odd := [name for name, value in columns.items() if not isinstance(value, list)]:
        raise _invalid(f"The input {quoted(odd[0])} is no list, though others are.")
    return dict(columns)


def _as_text(column: Column) -> Column:
    binary = isinstance(column.type, Scalar) and column.type.name == "binary"
    return Column(column.name, Scalar("string"), column.required) if binary else column


def _invalid(said: str) -> Refused:
    return Refused(f"Invalid input. {said}")


def _called(given: Any) -> str:
    return "dictionary" if isinstance(given, dict) else type(given).__name__
