"""A text or boolean feature of a profile: what is kept of it, and the kernel that makes it from Arrow columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from gatehouse.evaluate.statistics.kernel import same_kind

if TYPE_CHECKING:
    import pyarrow as pa

# Categories kept by name; the rarer ones are "other".
TOP = 100
# A column of more different values than this is an identifier or free text, and its values say nothing about drift.
MOST_CATEGORIES = 100_000


class Categorical(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="categorical"):
    """A text or boolean feature. ``values`` are its most frequent ones, most frequent first, ``other`` counts the rows
    of all the rest, and ``distinct`` is None where there were too many to count."""

    rows: int
    missing: int
    values: tuple[str, ...]
    counts: tuple[int, ...]
    other: int
    distinct: int | None


class Names:
    """The kernel that makes a Categorical."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._rows = 0
        self._missing = 0
        self._too_many = False

    def update(self, column: pa.Array) -> None:
        self._rows += len(column)
        labels, counts, missing = names(column)
        self._missing += missing
        self._count(dict(zip(labels, counts, strict=True)))

    def _count(self, counts: Mapping[str, int]) -> None:
        if self._too_many:
            return
        self._counts.update(counts)
        if len(self._counts) > MOST_CATEGORIES:
            self._too_many = True
            self._counts.clear()

    def merge(self, other: Any) -> None:
        same_kind(self, other)
        self._rows += other._rows
        self._missing += other._missing
        if other._too_many:
            self._too_many = True
            self._counts.clear()
        self._count(other._counts)

    def finish(self) -> Categorical:
        # Equal counts are ordered by name, so that the profile does not depend on the order of the rows.
        top = sorted(self._counts.items(), key=lambda pair: (-pair[1], pair[0]))[:TOP]
        other = self._rows - self._missing - sum(count for _, count in top)
        distinct = None if self._too_many else len(self._counts)
        labels, counts = (tuple(name for name, _ in top), tuple(count for _, count in top))
        return Categorical(self._rows, self._missing, labels, counts, other, distinct)

    def to_bytes(self) -> bytes:
        return msgspec.msgpack.encode((dict(self._counts), self._rows, self._missing, self._too_many))

    @classmethod
    def from_bytes(cls, data: bytes) -> Names:
        counts, rows, missing, too_many = msgspec.msgpack.decode(data, type=tuple[dict[str, int], int, int, bool])
        made = cls()
        made._counts, made._rows, made._missing, made._too_many = Counter(counts), rows, missing, too_many
        return made


def is_categorical(kind: Any) -> bool:
    """Whether an Arrow type is profiled as categories."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(
        pa.types.is_boolean(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind) or _is_view(kind)
    )


def _is_view(kind: Any) -> bool:
    return str(kind) == "string_view"


def names(column: pa.Array) -> tuple[list[str], list[int], int]:
    """Different values as text beside their counts, and how many are null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    counted = pc.value_counts(column.drop_null())
    labels, counts = counted.field("values").to_pylist(), counted.field("counts").to_pylist()
    text = [str(label).lower() if isinstance(label, bool) else str(label) for label in labels]
    return text, counts, column.null_count
