"""What a model answered, checked: the worker is hostile, and nothing of it is believed unseen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from gatehouse.runtime import wire
from gatehouse.runtime.failures import ModelAnswerInvalid, harmless
from gatehouse.runtime.wire import Kind, Label

COLUMN_LIMIT = 4096
_TEXT_PER_ROW, _TEXT_BASE = 1024, 65536
_WIDTH = {"float64": 8, "int64": 8, "bool": 1}
_decode_text: Callable[[bytearray], list[str | None]] = msgspec.msgpack.Decoder(list[str | None]).decode


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """One prediction a row, in the order of the rows. NaN and infinities are passed on as they came.

    =============  =============  ===================================================================================
    kind           array          meaning
    =============  =============  ===================================================================================
    scores         (n,) float64   binary: the probability of ``classes[1]``
    probabilities  (n, k) float64 one column a class, in the order of ``classes``
    labels         (n,)           the predicted class: int64, bool, float64, or object (str, None where missing)
    values         (n,) float64   numbers whose meaning the task gives: a regression, or scores of a model that does
                                  not say so
    =============  =============  ===================================================================================

    ``classes`` is None where the model names none; its order is then scikit-learn's, sorted.
    """

    kind: Kind
    array: np.ndarray[Any, np.dtype[Any]]
    classes: tuple[Label, ...] | None = None


def room(header: wire.FromChild, rows: int) -> int:
    """How many bytes of body an answer to ``rows`` rows may have. Raises wire.Malformed for what can be no answer."""
    if not isinstance(header, wire.Answered):
        return 0
    if not 0 < header.columns <= COLUMN_LIMIT:
        raise wire.Malformed(f"an answer of {header.columns:,} columns; at most {COLUMN_LIMIT:,} are read")
    if header.dtype == "text":
        return min(wire.BODY_LIMIT, _TEXT_BASE + _TEXT_PER_ROW * rows)
    return min(wire.BODY_LIMIT, rows * header.columns * _WIDTH[header.dtype])


def decode(header: wire.FromChild, body: bytearray, rows: int, promised: wire.Ready) -> Answer:
    """The answer in a frame. Raises ModelAnswerInvalid where it does not fit the question or what was promised."""
    if not isinstance(header, wire.Answered):
        raise _invalid(f"answered with {type(header).__name__}")
    if header.rows != rows:
        raise _invalid(f"answered {header.rows:,} rows where {rows:,} were asked")
    _consistent(header, promised)
    if header.dtype == "text":
        return Answer(header.kind, _text(body, rows), header.classes)
    if len(body) != rows * header.columns * _WIDTH[header.dtype]:
        raise _invalid(
            f"answered {len(body):,} bytes where {rows:,} x {header.columns} of {header.dtype} were promised"
        )
    array = np.frombuffer(body, dtype=header.dtype)
    return Answer(header.kind, array.reshape(rows, -1) if header.kind == "probabilities" else array, header.classes)


def _consistent(header: wire.Answered, promised: wire.Ready) -> None:
    if header.kind != "labels" and header.dtype != "float64":
        raise _invalid(f"answered {header.kind} as {header.dtype}")
    if header.columns != 1 and header.kind != "probabilities":
        raise _invalid(f"answered {header.kind} in {header.columns} columns")
    expected = 2 if header.kind == "scores" else header.columns
    if header.classes is not None and header.kind != "labels" and len(header.classes) != expected:
        raise _invalid(f"named {len(header.classes)} classes for {header.columns} columns of {header.kind}")
    if promised.kind is not None and promised.kind != header.kind:
        raise _invalid(f"answered {header.kind} where it had said {promised.kind}")
    if promised.classes is not None and promised.classes != header.classes:
        raise _invalid(
            f"answered for the classes {_named(header.classes)} where it had said {_named(promised.classes)}"
        )


def _text(body: bytearray, rows: int) -> np.ndarray[Any, np.dtype[np.object_]]:
    try:
        found = _decode_text(body)
    except wire.UNDECODABLE as error:
        raise _invalid("answered text that does not decode") from error
    if len(found) != rows:
        raise _invalid(f"answered {len(found):,} texts where {rows:,} were asked")
    # Objects, because numpy's own text would give every row the size of the longest.
    return np.array(found, dtype=object)


def _named(classes: Sequence[Label] | None) -> str:
    return harmless(repr(list(classes or ())), 100)


def _invalid(what: str) -> ModelAnswerInvalid:
    return ModelAnswerInvalid(
        f"the model's process {what}", "check what the model's predict returns: one row of output for each row of input"
    )
