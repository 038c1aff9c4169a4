"""One row of numbers as an Arrow batch in a few microseconds.

Building an array a column takes longer than all the rest of reading a request. A batch of one row without missing
values always has the same IPC message but for the numbers themselves, 8 bytes a column at its end, so the message is
made once for a schema and only its end is packed anew.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

Pack = Callable[[Sequence[Any]], "pa.RecordBatch | None"]
# Arrow pads every column to 8 bytes. struct refuses text, None, fractions for integers and what is out of range;
# booleans cannot be told from integers by it, and as numbers they are the same.
_CODES = {pa.float64(): "d", pa.int64(): "q", pa.int32(): "i4x", pa.float32(): "f4x"}


def packer(schema: pa.Schema) -> Pack | None:
    """Makes a batch of the numbers of one row, or None of what are not all numbers of their type.

    There is no packer for a schema with columns of any other kind.
    """
    codes = [_CODES.get(kind) for kind in schema.types]
    if not codes or None in codes:
        return None
    packed = struct.Struct("<" + "".join(code for code in codes if code))
    zeros = packed.pack(*[0] * len(codes))
    sample = pa.RecordBatch.from_arrays([pa.array([0], kind) for kind in schema.types], schema=schema)
    message = sample.serialize().to_pybytes()
    head = message[: -len(zeros)]
    if head + zeros != message:  # another layout than this was written for
        return None
    pack, read, buffer = packed.pack, pa.ipc.read_record_batch, pa.py_buffer

    def batch(row: Sequence[Any]) -> pa.RecordBatch | None:
        try:
            return read(buffer(head + pack(*row)), schema)
        except (struct.error, OverflowError):
            return None

    return batch
