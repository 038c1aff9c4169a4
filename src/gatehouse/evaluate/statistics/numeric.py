"""A numeric feature of a profile: what is kept of it, and the kernel that makes it from Arrow columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from gatehouse.evaluate.statistics.distribution import Distribution, Values
from gatehouse.evaluate.statistics.kernel import same_kind
from gatehouse.evaluate.statistics.rows import Floats

if TYPE_CHECKING:
    import pyarrow as pa

# PSI is read from deciles; the finer quantiles between them are for distances and pictures.
BINS = 10
FINE = 200


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


class Numbers:
    """The kernel that makes a Numeric."""

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
        same_kind(self, other)
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


def is_numeric(kind: Any) -> bool:
    """Whether an Arrow type is profiled as numbers."""
    import pyarrow as pa

    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or (pa.types.is_temporal(kind) and not pa.types.is_interval(kind))
    )


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
