"""A hash of a request's features: the same for the same features, in whatever order and format they came.

It is BLAKE2b of 16 bytes, in hex, over the row's values in the order of their names' UTF-8. A value that is missing
(null or NaN) is left out, so that a column that is null and one that was not sent are the same. Each value is its
name's length (4 bytes, big-endian, like every length), its name, one letter, and:

=====  ==============================================================================================================
``f``  a number that a double holds exactly, whatever its column's type: the double, 8 bytes, big-endian; -0 is 0
``i``  any other number: length, and its decimal digits without an exponent or needless zeros
``b``  true or false: one byte, 1 or 0
``s``  text: length, and its UTF-8 as it came
``x``  bytes: length, and they
``t``  a moment (a timestamp with a zone), ``w`` one on the wall clock (without), ``d`` a date, ``c`` a time of day,
       ``p`` a duration: length, and decimal digits: days for a date, else nanoseconds, since 1970 or midnight
``l``  a list or tensor: how many, and each value's letter and what follows it; ``-`` alone for one that is missing
``o``  an object or map: how many of its values are not missing, and each, as above, by name
=====  ==============================================================================================================

A hash is no secret: who knows what the features may be can find them by trying.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.types as kinds

Piece = bytes | None
Encode = Callable[[pa.Array], list[Piece]]
# Up to here a double holds every whole number.
_EXACT = 1 << 53
# So few values are done quicker one by one.
_FEW = 4
_LENGTH = struct.Struct(">I")
_DOUBLE = struct.Struct(">d")
_NANOSECONDS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
# Deeper than any signature may be, and far from Python's own limit.
_MAX_DEPTH = 32


def hashes(batch: pa.RecordBatch) -> list[str]:
    """32 hex digits a row. Raises ValueError for a column of a type that no feature has, or named twice."""
    names = batch.schema.names
    if len(set(names)) != len(names):
        raise ValueError("a column is named twice")
    order = sorted(range(len(names)), key=lambda place: names[place].encode())
    columns = [_named(names[place], encoded(batch.column(place))) for place in order]
    if not columns:
        return [_digest(b"")] * batch.num_rows
    return [_digest(b"".join(filter(None, row))) for row in zip(*columns, strict=True)]


def encoded(array: pa.Array, depth: int = 0) -> list[Piece]:
    """Each value's letter and what follows it; None for one that is missing."""
    if depth > _MAX_DEPTH:
        raise ValueError(f"nested more than {_MAX_DEPTH} deep")
    type_ = array.type
    if kinds.is_dictionary(type_):
        array, type_ = array.dictionary_decode(), type_.value_type
    if kinds.is_null(type_):
        return [None] * len(array)
    if kinds.is_integer(type_) or kinds.is_floating(type_):
        return _numbers(array)
    if kinds.is_list(type_) or kinds.is_large_list(type_) or kinds.is_fixed_size_list(type_):
        return _lists(array, depth)
    if kinds.is_struct(type_):
        return _objects(array, depth)
    if kinds.is_map(type_):
        return _maps(array, depth)
    encode = _scalar(type_)
    return [None if value is None else encode(value) for value in _plain(array)]


def _numbers(array: pa.Array) -> list[Piece]:
    if len(array) <= _FEW or (kinds.is_integer(array.type) and not _all_exact(array)):
        return [None if value is None else _number(value) for value in array.to_pylist()]
    values = array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    # Adding 0 makes 0 of -0.
    raw = (values + 0.0).astype(">f8").tobytes()
    present = ~np.isnan(values)
    return [b"f" + raw[8 * at : 8 * at + 8] if there else None for at, there in enumerate(present.tolist())]


def _all_exact(integers: pa.Array) -> bool:
    import pyarrow.compute as pc

    if integers.type.bit_width < 64:
        return True
    ends = pc.min_max(integers).as_py()
    return ends["min"] is None or max(-ends["min"], ends["max"]) <= _EXACT


def _number(value: float | int | Decimal) -> Piece:
    """A number by its value, not by how it came."""
    if type(value) is float or (type(value) is int and -_EXACT <= value <= _EXACT):
        return b"f" + _DOUBLE.pack(value + 0.0) if value == value else None
    if isinstance(value, Decimal) and not value.is_finite():
        return None
    exact = Decimal(value)
    if Decimal(float(exact)) == exact:
        return b"f" + _DOUBLE.pack(float(exact) + 0.0)
    digits = format(exact, "f")
    return _sized(b"i", (digits.rstrip("0").rstrip(".") if "." in digits else digits).encode())


def _scalar(type_: pa.DataType) -> Callable[[Any], Piece]:
    """How one value of this type is written, as :func:`_plain` gives it."""
    if kinds.is_boolean(type_):
        return lambda value: b"b\1" if value else b"b\0"
    if kinds.is_string(type_) or kinds.is_large_string(type_):
        return lambda value: _sized(b"s", value.encode())
    if kinds.is_binary(type_) or kinds.is_large_binary(type_) or kinds.is_fixed_size_binary(type_):
        return lambda value: _sized(b"x", value)
    if kinds.is_decimal(type_):
        return _number
    letter, factor = _clock(type_)
    return lambda value: _sized(letter, str(value * factor).encode())


def _clock(type_: pa.DataType) -> tuple[bytes, int]:
    """The letter of a type of time, and how much one unit of it is."""
    if kinds.is_date(type_):
        return b"d", 1
    if kinds.is_timestamp(type_):
        return b"w" if type_.tz is None else b"t", _NANOSECONDS[type_.unit]
    if kinds.is_time(type_):
        return b"c", _NANOSECONDS[type_.unit]
    if kinds.is_duration(type_):
        return b"p", _NANOSECONDS[type_.unit]
    raise ValueError(f"no feature is of the type {type_}")


def _plain(array: pa.Array) -> list[Any]:
    """Values as Python has them; those of time as the whole numbers that they are."""
    type_ = array.type
    if kinds.is_date(type_):
        return list(array.cast(pa.date32()).cast(pa.int32()).to_pylist())
    if kinds.is_time32(type_):
        return list(array.cast(pa.int32()).to_pylist())
    if kinds.is_timestamp(type_) or kinds.is_time64(type_) or kinds.is_duration(type_):
        return list(array.cast(pa.int64()).to_pylist())
    return list(array.to_pylist())


def _lists(array: pa.Array, depth: int) -> list[Piece]:
    items = [piece or b"-" for piece in encoded(array.flatten(), depth + 1)]
    lengths = [0 if length is None else length for length in array.value_lengths().to_pylist()]
    found: list[Piece] = []
    start = 0
    for length, there in zip(lengths, array.is_valid().to_pylist(), strict=True):
        found.append(b"l" + _LENGTH.pack(length) + b"".join(items[start : start + length]) if there else None)
        start += length
    return found


def _objects(array: pa.Array, depth: int) -> list[Piece]:
    names = [field.name for field in array.type]
    order = sorted(range(len(names)), key=lambda place: names[place].encode())
    fields = [_named(names[place], encoded(array.field(place), depth + 1)) for place in order]
    rows = zip(*fields, strict=True) if fields else [()] * len(array)
    return [_object(row) if there else None for row, there in zip(rows, array.is_valid().to_pylist(), strict=True)]


def _maps(array: pa.Array, depth: int) -> list[Piece]:
    if not (kinds.is_string(array.type.key_type) or kinds.is_large_string(array.type.key_type)):
        raise ValueError("a map's keys are no text")
    found: list[Piece] = []
    for entry in array:
        if not entry.is_valid:
            found.append(None)
            continue
        keys, values = entry.values.field(0).to_pylist(), encoded(entry.values.field(1), depth + 1)
        named = sorted((key.encode(), piece) for key, piece in zip(keys, values, strict=True) if piece is not None)
        found.append(_object([_LENGTH.pack(len(key)) + key + piece for key, piece in named]))
    return found


def _object(pieces: Any) -> bytes:
    there = [piece for piece in pieces if piece is not None]
    return b"o" + _LENGTH.pack(len(there)) + b"".join(there)


def _named(name: str, pieces: list[Piece]) -> list[Piece]:
    head = _LENGTH.pack(len(name.encode())) + name.encode()
    return [None if piece is None else head + piece for piece in pieces]


def _sized(letter: bytes, content: bytes) -> bytes:
    return letter + _LENGTH.pack(len(content)) + content


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=16).hexdigest()
