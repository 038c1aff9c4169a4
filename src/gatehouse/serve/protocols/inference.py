"""The Open Inference Protocol, version 2, over REST: tensors in, tensors out, in JSON.

https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md

A model of columns takes one input a column, of shape [n] or [n, 1] and named as the column; or one matrix of shape
[n, columns] under any other name, whose columns are those of the signature in their order. A model of tensors takes its
tensors by name; its only one, if that has no name, under any. Data is flat, the last index fastest, or lists in lists.
``null`` is a missing number or text. A datatype is the precision: 0.1 as FP32 is the float of 32 bits. Where the model
asks for another type, a value is converted if it survives, as values.py tells. Parameters that are not known are passed
over, as the specification has it; there are no extensions, so data must be JSON.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from gatehouse.registry.signature import Column, Signature
from gatehouse.serve.protocols.errors import WRONG_TYPE, Limits, Refused, Reply, check_extent, check_size, quoted
from gatehouse.serve.protocols.frame import Frame
from gatehouse.serve.protocols.json import decode
from gatehouse.serve.protocols.rows import Rows
from gatehouse.serve.protocols.scoring import JSON, media_type
from gatehouse.serve.protocols.tensors import Tensors

_INTEGERS = {f"{sign}INT{bits}": f"{sign.lower()}int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)}
_FLOATS = {"FP16": "float16", "FP32": "float32", "FP64": "float64"}
_KINDS: dict[str, frozenset[type]] = {
    "BOOL": frozenset({bool}),
    "BYTES": frozenset({str, type(None)}),
    **dict.fromkeys(_INTEGERS, frozenset({int})),
    **dict.fromkeys(_FLOATS, frozenset({int, float, type(None)})),
}
_MAX_RANK, _MAX_ID = 8, 256


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A request: its rows, the id to be given back, and the outputs it names; none of them means all."""

    rows: Rows
    id: str | None = None
    outputs: tuple[str, ...] = ()


class _Flat(msgspec.Struct, frozen=True):
    values: list[Any]
    shape: tuple[int, ...]


class Reader:
    """Reads requests to a model of one signature; compiled once, used by several threads at a time.

    ``outputs`` are the names of what the model answers; a request for another is refused.
    """

    def __init__(self, signature: Signature | None, outputs: tuple[str, ...], limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._outputs = outputs
        inputs = None if signature is None else signature.inputs
        tensors = () if signature is None else signature.tensors()
        self._tensors = Tensors(tensors, self.limits) if tensors else None
        columns = None if inputs is None else tuple(spec for spec in inputs if isinstance(spec, Column))
        self._width = None if columns is None else len(columns)
        self._frame = Frame(columns, self.limits, base64=False)

    def read(self, body: bytes, content_type: str | None) -> Asked:
        """The request in a body. Raises Refused, and nothing else."""
        if media_type(content_type) != JSON:
            raise Refused(f"the content type must be {JSON}", status=WRONG_TYPE)
        check_size(body, self.limits)
        request = decode(body)
        named = request.get("id")
        if named is not None and not (isinstance(named, str) and len(named) <= _MAX_ID and named.isprintable()):
            raise Refused(f"the id must be printable text of at most {_MAX_ID} characters")
        wanted = self._wanted(request.get("outputs"))
        inputs = request.get("inputs")
        if not isinstance(inputs, list) or not inputs:
            raise Refused("inputs must be a list of at least one tensor")
        check_extent(1, len(inputs), self.limits)
        return Asked(self._rows(self._given(inputs)), named, wanted)

    def _wanted(self, outputs: Any) -> tuple[str, ...]:
        if outputs is None:
            return ()
        if not isinstance(outputs, list) or not all(isinstance(output, dict) for output in outputs):
            raise Refused("outputs must be a list of objects")
        names = tuple(output.get("name") for output in outputs)
        if unknown := [name for name in names if name not in self._outputs]:
            raise Refused(f"the model has no output {quoted(unknown[0])}; it has {', '.join(self._outputs)}")
        return tuple(str(name) for name in dict.fromkeys(names))

    def _given(self, inputs: list[Any]) -> dict[str, _Flat]:
        given: dict[str, _Flat] = {}
        for place, raw in enumerate(inputs):
            name = raw.get("name") if isinstance(raw, dict) else None
            if not isinstance(name, str):
                raise Refused(f"inputs[{place}] must be an object with a name, a shape, a datatype and data")
            if name in given:
                raise Refused(f"the input {quoted(name)} is there twice")
            given[name] = _tensor(raw, f"input {quoted(name)}", self.limits)
        return given

    def _rows(self, given: dict[str, _Flat]) -> Rows:
        if self._tensors is not None:
            batch = self._tensors.from_flat({name: (flat.values, flat.shape) for name, flat in given.items()})
            return Rows(batch, self._tensors.mergeable)
        name, flat = next(iter(given.items()))
        if len(given) == 1 and len(flat.shape) == 2 and name not in self._frame.names:
            if self._width not in (None, flat.shape[1]):
                raise Refused(f"the model takes {self._width} columns, not {flat.shape[1]}", schema=True)
            return Rows(self._frame.from_rows(self._frame.names or None, _nested(flat)), mergeable=True)
        for name, flat in given.items():
            if flat.shape[1:] not in ((), (1,)):
                raise Refused(f"input {quoted(name)} has the shape {list(flat.shape)}; a column has [n] or [n, 1]")
        return Rows(self._frame.from_columns({name: flat.values for name, flat in given.items()}), mergeable=True)


def refusal(refused: Refused) -> Reply:
    """The answer to a request that was refused."""
    return failure(refused.status, refused.text)


def failure(status: int, message: str) -> Reply:
    """The answer where something else went wrong."""
    return Reply(status, JSON, msgspec.json.encode({"error": message}))


def _tensor(raw: dict[str, Any], where: str, limits: Limits) -> _Flat:
    """One input, its data flat and of its datatype. Raises Refused."""
    datatype, shape, data = raw.get("datatype"), raw.get("shape"), raw.get("data")
    kinds = _KINDS.get(datatype) if isinstance(datatype, str) else None
    if kinds is None:
        raise Refused(f"{where} has the datatype {quoted(datatype)}; there are {', '.join(_KINDS)}")
    if not isinstance(shape, list) or not 0 < len(shape) <= _MAX_RANK or not all(map(_is_length, shape)):
        raise Refused(f"{where} has the shape {quoted(shape)}, which is not a list of 1 to {_MAX_RANK} lengths")
    if not isinstance(data, list):
        raise Refused(f"{where} has no data; it must be a list, for there is no binary extension")
    size = math.prod(shape)
    check_extent(shape[0], 1, limits)
    if size > limits.cells:
        raise Refused(f"{where} has {size:,} values, more than {limits.cells:,}", "send fewer rows at a time")
    flat = _flattened(data, shape, where) if data and isinstance(data[0], list) else data
    if len(flat) != size:
        raise Refused(f"{where} has {len(flat):,} values where its shape {shape} has {size:,}")
    if not kinds.issuperset(map(type, flat)):
        odd = next(value for value in flat if type(value) not in kinds)
        raise Refused(f"{where} holds {quoted(odd)}, which is no {datatype}")
    return _Flat(_narrowed(flat, str(datatype), where), tuple(shape))


def _is_length(length: Any) -> bool:
    return type(length) is int and 0 <= length < 1 << 31


def _flattened(data: list[Any], shape: list[int], where: str) -> list[Any]:
    """Lists in lists, each as long as the shape says, one after the other."""
    level = [data]
    for depth, length in enumerate(shape):
        if any(not isinstance(item, list) or len(item) != length for item in level):
            raise Refused(f"{where} has data that does not have its shape {shape}")
        level = [item for outer in level for item in outer]
        if depth + 1 < len(shape) and not level:
            break
    return level


def _narrowed(flat: list[Any], datatype: str, where: str) -> list[Any]:
    """The values at the precision of their datatype."""
    if datatype in _INTEGERS and flat:
        limits = np.iinfo(_INTEGERS[datatype])
        if min(flat) < limits.min or max(flat) > limits.max:
            raise Refused(f"{where} holds a number that does not fit {datatype}")
    if datatype in ("FP16", "FP32"):
        try:
            with np.errstate(over="ignore"):
                rounded = np.array(flat, dtype=_FLOATS[datatype]).tolist()
        except OverflowError as error:
            raise Refused(f"{where} holds a number that does not fit {datatype}") from error
        return [None if value is None else found for value, found in zip(flat, rounded, strict=True)]
    return flat


def _nested(flat: _Flat) -> list[list[Any]]:
    rows, width = flat.shape
    return [flat.values[place * width : (place + 1) * width] for place in range(rows)]
