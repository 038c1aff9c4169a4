"""A feature of a type whose values are not looked at, and the kernel that counts what is missing of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from gatehouse.evaluate.statistics.kernel import same_kind

if TYPE_CHECKING:
    import pyarrow as pa


class Opaque(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="opaque"):
    """A feature of a type whose values are not looked at, such as a list or bytes; only what is missing counts."""

    rows: int
    missing: int
    type: str


class Nulls:
    """The kernel that makes an Opaque."""

    def __init__(self, kind: str = "") -> None:
        self._kind = kind
        self._rows = 0
        self._missing = 0

    def update(self, column: pa.Array) -> None:
        self._kind = str(column.type)
        self._rows += len(column)
        self._missing += column.null_count

    def merge(self, other: Any) -> None:
        same_kind(self, other)
        self._rows += other._rows
        self._missing += other._missing

    def finish(self) -> Opaque:
        return Opaque(self._rows, self._missing, self._kind)

    def to_bytes(self) -> bytes:
        return msgspec.msgpack.encode((self._kind, self._rows, self._missing))

    @classmethod
    def from_bytes(cls, data: bytes) -> Nulls:
        kind, rows, missing = msgspec.msgpack.decode(data, type=tuple[str, int, int])
        made = cls(kind)
        made._rows, made._missing = rows, missing
        return made
