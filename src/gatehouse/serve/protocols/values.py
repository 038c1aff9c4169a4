"""One column of a request's values as an Arrow array of the type that the model's signature asks for.

What MLflow's scoring server converts is converted here to the same values: a missing number is NaN, a missing boolean
False, a missing date NaT, text that reads as a number is that number, binary in a data frame is base64. Where MLflow
would change a value without a word, the request is refused instead:

==========  ===========================================================  =================================
type        MLflow makes                                                 here
==========  ===========================================================  =================================
integers    1 of 1.7, and the low bits of a number beyond the type       refused
boolean     True of any text, "false" too, and of NaN                    refused
string      of a number a number, which the model did not learn with     refused
==========  ===========================================================  =================================
"""

from __future__ import annotations

import binascii
import math
import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from gatehouse.registry.signature import ScalarName
from gatehouse.serve.protocols.errors import Unfit, quoted

Fill = Callable[[list[Any]], pa.Array]
# What Arrow and Python raise for a value that is not of the type.
MISFITS = (pa.ArrowException, ArithmeticError, TypeError, ValueError)
TYPES: dict[str, pa.DataType] = {
    "boolean": pa.bool_(),
    "integer": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "string": pa.string(),
    "binary": pa.binary(),
    "datetime": pa.timestamp("ns"),
}
# No number that fits any type is longer when it is written sensibly; a longer one is work, not data.
_DIGITS = 400
# Guessing at a date takes a tenth of a millisecond.
_GUESSES, _GUESSED_TEXT = 10_000, 64
_WHOLE = frozenset({int})
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)?", re.ASCII)


def filler(name: ScalarName, *, base64: bool = True) -> Fill | None:
    """How a column of this type is filled; None for a type that takes any value.

    ``base64`` is how binary is written; it is ASCII text where not. A Fill raises Unfit.
    """
    match name:
        case "integer":
            return _integers(pa.int32(), 32)
        case "long":
            return _integers(pa.int64(), 64)
        case "float" | "double":
            return _converting(TYPES[name], number)
        case "boolean":
            return _booleans
        case "string":
            return _converting(TYPES[name], text)
        case "binary":
            one = _decoded if base64 else _raw
            return lambda values: pa.array([one(value) for value in values], pa.binary())
        case "datetime":
            return instants
    return None


def inferred(values: list[Any]) -> pa.Array:
    """A column that no signature gives a type. Raises Unfit for values of several kinds."""
    try:
        return pa.array(values)
    except MISFITS as error:
        raise Unfit("holds values of several kinds, or some that no column can hold") from error


def number(value: Any) -> float | None:
    """A float, or None for a missing one. Raises Unfit."""
    if value is None or type(value) is float:
        return value
    if isinstance(value, int) or _is_numeral(value):
        try:
            return float(value)
        except (ValueError, OverflowError):
            pass
    raise Unfit(f"{quoted(value)} is no number")


def whole(value: Any, bits: int) -> int:
    """An integer of so many bits with its sign. Raises Unfit where there is none, or it would not survive."""
    found = integer(value)
    if not -(1 << bits - 1) <= found < 1 << bits - 1:
        raise Unfit(f"{quoted(value)} does not fit {bits} bits")
    return found


def integer(value: Any) -> int:
    """An integer of any size. Raises Unfit for a fraction, for text that reads as none, and for nothing."""
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return int(value)
    if _is_numeral(value):
        try:
            return int(value)
        except ValueError:
            pass
    raise Unfit(f"{'null' if value is None else quoted(value)} is no integer")


def _is_numeral(value: Any) -> bool:
    """Text that may be a number. Python would also read 1_000, and the digits of every script."""
    return isinstance(value, str) and len(value) <= _DIGITS and value.isascii() and "_" not in value


def truth(value: Any) -> bool:
    """True or False; numbers as Python sees them, a missing value as MLflow does, False. Raises Unfit for others."""
    if value is None or isinstance(value, int) or (isinstance(value, float) and not math.isnan(value)):
        return bool(value)
    raise Unfit(f"{quoted(value)} is neither true nor false")


def text(value: Any) -> str | None:
    """Text, or None for a missing one. Raises Unfit."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise Unfit(f"{quoted(value)} is no text")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise Unfit(f"{quoted(value)} holds half a character") from error
    return value


def _integers(kind: pa.DataType, bits: int) -> Fill:
    def fill(values: list[Any]) -> pa.Array:
        # Arrow would cut 1.7 to 1, so only what is an integer already goes the short way.
        if _WHOLE.issuperset(map(type, values)):
            try:
                return pa.array(values, kind)
            except MISFITS:
                pass
        return pa.array([whole(value, bits) for value in values], kind)

    return fill


def _converting(kind: pa.DataType, one: Callable[[Any], Any]) -> Fill:
    def fill(values: list[Any]) -> pa.Array:
        try:
            return pa.array(values, kind)
        except MISFITS:
            # Value by value: to convert what Arrow does not, or to say which one is wrong.
            return pa.array([one(value) for value in values], kind)

    return fill


def _booleans(values: list[Any]) -> pa.Array:
    try:
        array = pa.array(values, pa.bool_())
    except MISFITS:
        array = None
    return array if array is not None and not array.null_count else pa.array([truth(value) for value in values])


def _decoded(value: Any) -> bytes:
    """As MLflow decodes base64: characters that do not belong to it are passed over."""
    if isinstance(value, str):
        try:
            return binascii.a2b_base64(value.encode())
        except ValueError as error:
            raise Unfit(f"{quoted(value)} is no base64: {error}") from error
    raise Unfit(f"{quoted(value)} is no base64 text")


def _raw(value: Any) -> bytes:
    if isinstance(value, str) and value.isascii():
        return value.encode()
    raise Unfit(f"{quoted(value)} is no ASCII text")


def instants(values: list[Any]) -> pa.Array:
    """Dates and times without a zone, to the nanosecond. ISO 8601 goes the short way, the rest as pandas reads it."""
    given = [value for value in values if value is not None]
    if all(isinstance(value, str) and _INSTANT.fullmatch(value) for value in given):
        try:
            return pa.array(values, pa.string()).cast(TYPES["datetime"])
        except MISFITS:  # the 30th of February, or a year that nanoseconds do not reach
            pass
    return _guessed(values)


def _guessed(values: list[Any]) -> pa.Array:
    if len(values) > _GUESSES or any(isinstance(value, str) and len(value) > _GUESSED_TEXT for value in values):
        raise Unfit("holds what is no date or time, as 2024-02-29 or 2024-02-29T12:30:01.5")
    import pandas as pd

    try:
        found = pd.to_datetime(pd.Series(values, dtype=object if not values else None))
        if found.dt.tz is not None:
            raise Unfit("has a time zone; times without one are asked for")
        return pa.array(found.dt.as_unit("ns"), TYPES["datetime"])
    except Unfit:
        raise
    except (*MISFITS, AttributeError, UserWarning, RecursionError) as error:
        raise Unfit("holds what is no date or time, or dates in several formats") from error
