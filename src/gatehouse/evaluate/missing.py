"""How many values each column of a table lacks."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import pyarrow as pa


class Missing:
    """The kernel that counts nulls by column; NaN is a number here, as it is to a model."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def update(self, batch: pa.RecordBatch) -> None:
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            self._counts[name] += column.null_count

    def merge(self, other: Missing) -> None:
        self._counts.update(other._counts)

    def finish(self) -> dict[str, int]:
        return dict(self._counts)

    def to_bytes(self) -> bytes:
        return msgspec.msgpack.encode(self._counts)

    @classmethod
    def from_bytes(cls, data: bytes) -> Missing:
        made = cls()
        made._counts.update(msgspec.msgpack.decode(data, type=dict[str, int]))
        return made
