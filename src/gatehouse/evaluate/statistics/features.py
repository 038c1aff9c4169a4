"""One feature of a profile: what is kept of it, and the kernels that make it from Arrow columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.statistics.distribution import Distribution, Values
from gatehouse.evaluate.statistics.rows import Floats

if TYPE_CHECKING:
    import pyarrow as pa

# PSI is read from deciles; the finer quantiles between them are for distances and pictures.
BINS = 10
FINE = 200
# Categories kept by name; the rarer ones are "other".
TOP = 100
# A column of more different values than this is an identifier or free text, and its values say nothing about drift.
MOST_CATEGORIES = 100_000


class Numeric(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="numeric"):
    """A numeric feature (dates and times too, in seconds).

    Bin i holds ``edges[i-1] < x <= edges[i]``, so there are ``len(edges) + 1`` ``counts``. ``cuts`` are the positions
    in ``edges`` that bound the PSI bins. A value with a tenth or more of the mass has a bin of its own.
    """

    rows: int
    missing: int
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    cuts: tuple[int, ...]
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    sd: float | None = None


class Categorical(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="categorical"):
    """A text or boolean feature. ``values`` are its most frequent ones, most frequent first, ``other`` counts the rows
    of all the rest, and ``distinct`` is None where there were too many to count."""

    rows: int
    missing: int
    values: tuple[str, ...]
    counts: tuple[int, ...]
    other: int
    distinct: int | None


class Opaque(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="opaque"):
    """A feature of a type whose values are not looked at, such as a list or bytes; only what is missing counts."""

    rows: int
    missing: int
    type: str


Feature = Numeric | Categorical | Opaque


class Numbers:
    def __init__(self) -> None:
        self._values = Distribution()
        self._moments = np.zeros(3)

    def update(self, column: pa.Array) -> None:
        values = numbers(column)
        self._values.update(values)
        if not len(values) or not np.isfinite([values.min(), values.max()]).all():
            values = values[np.isfinite(values)]
        if len(values):
            mean = float(values.mean())
            # No dot product: for so few rows its threads cost more than they save.
            squares = float(np.square(values - mean).sum())
            self._add(np.array([len(values), mean, squares]))

    def _add(self, other: Floats) -> None:
        """Counts, means and squared distances add up as Chan, Golub and LeVeque (1979) have it."""
        n, mean, squares = self._moments
        m, theirs, more = other
        total = n + m
        if total:
            apart = theirs - mean
            self._moments = np.array([total, mean + apart * m / total, squares + more + apart**2 * n * m / total])

    def merge(self, other: Any) -> None:
        _same_kind(self, other)
        self._values.merge(other._values)
        self._add(other._moments)

    def finish(self) -> Numeric:
        values = self._values.finish()
        n, mean, squares = self._moments.tolist()
        edges, cuts = edges_of(values)
        finite = values.values[np.isfinite(values.values)]
        return Numeric(
            values.n + values.missing,
            values.missing,
            tuple(edges.tolist()),
            tuple(_counted(values, edges).tolist()),
            cuts,
            float(finite[0]) if n else None,
            float(finite[-1]) if n else None,
            mean if n else None,
            (squares / (n - 1)) ** 0.5 if n > 1 else None,
        )

    def to_bytes(self) -> bytes:
        return msgspec.msgpack.encode((self._values.to_bytes(), self._moments.tolist()))

    @classmethod
    def from_bytes(cls, data: bytes) -> Numbers:
        values, moments = msgspec.msgpack.decode(data, type=tuple[bytes, list[float]])
        made = cls()
        made._values, made._moments = Distribution.from_bytes(values), np.array(moments)
        return made


class Names:
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
        _same_kind(self, other)
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


class Nulls:
    def __init__(self, kind: str = "") -> None:
        self._kind = kind
        self._rows = 0
        self._missing = 0

    def update(self, column: pa.Array) -> None:
        self._kind = str(column.type)
        self._rows += len(column)
        self._missing += column.null_count

    def merge(self, other: Any) -> None:
        _same_kind(self, other)
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


def _same_kind(one: object, other: object) -> None:
    if type(one) is not type(other):
        raise GatehouseError("a column is of different types in two parts of the table", "write it with one schema")


def is_numeric(kind: Any) -> bool:
    """Whether an Arrow type is profiled as numbers."""
    import pyarrow as pa

    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or (pa.types.is_temporal(kind) and not pa.types.is_interval(kind))
    )


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


def feature_kernel(kind: Any) -> Numbers | Names | Nulls:
    if is_numeric(kind):
        return Numbers()
    return Names() if is_categorical(kind) else Nulls(str(kind))


def numbers(column: pa.Array) -> Floats:
    """A numeric Arrow array as (n,) floats, null as NaN; dates and times as seconds."""
    import pyarrow as pa

    kind = column.type
    scale = 1.0
    if pa.types.is_temporal(kind):
        unit = "s" if pa.types.is_date32(kind) else "ms" if pa.types.is_date64(kind) else kind.unit
        scale = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}[unit] * (86_400 if pa.types.is_date32(kind) else 1)
        narrow = pa.types.is_date32(kind) or pa.types.is_time32(kind)
        column = column.cast(pa.int32()) if narrow else column.cast(pa.int64())
    values: Floats = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return values * scale if scale != 1.0 else values


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


def edges_of(values: Values) -> tuple[Floats, tuple[int, ...]]:
    """Bin edges from quantiles, without repeats, and the positions of those that bound the PSI bins.

    A value heavy enough to swallow a quantile gets both its edges, so that it has a bin of its own.
    """
    if not values.n:
        return np.zeros(0), ()
    atoms = _around_atoms(values, values.n / BINS)
    coarse = np.union1d(atoms, _without_slivers(values, values.quantiles(np.arange(1, BINS) / BINS), atoms))
    fine = np.union1d(values.quantiles(np.arange(1, FINE) / FINE), _around_atoms(values, values.n / FINE))
    fine = np.union1d(fine, coarse)
    fine, coarse = fine[np.isfinite(fine)], coarse[np.isfinite(coarse)]
    return fine, tuple(np.searchsorted(fine, coarse).tolist())


def _without_slivers(values: Values, deciles: Floats, atoms: Floats) -> Floats:
    """The deciles less those just above an atom, which would bound a bin of hardly any rows."""

    def rank(at: Floats) -> npt.NDArray[np.int64]:
        return values.cumulative[np.searchsorted(values.values, at, side="right")]

    below = np.append(-np.inf, atoms)[np.searchsorted(atoms, deciles, side="left")]
    return deciles[rank(deciles) - rank(below) >= values.n / BINS / 2]


def _around_atoms(values: Values, mass: float) -> Floats:
    heavy = np.flatnonzero(values.counts >= mass)
    atoms = values.values[heavy]
    before = np.nextafter(atoms, -np.inf)
    if values.dropped:
        # Rounded values stand for all down to the one before them.
        before = np.where(heavy > 0, values.values[heavy - 1], before)
    return np.unique(np.concatenate([atoms, before]))


def _counted(values: Values, edges: Floats) -> Any:
    """(len(edges) + 1,) how many values each bin holds."""
    below = values.cumulative[np.searchsorted(values.values, edges, side="right")]
    return np.diff(np.concatenate([[0], below, [values.n]]))
