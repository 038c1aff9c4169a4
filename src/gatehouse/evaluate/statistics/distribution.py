"""One numeric column as a mergeable multiset: its different values and how often each occurs.

Exact while there are at most DISTINCT_LIMIT different values. Beyond that, low bits of the mantissa are dropped, just
as many as needed, every value moving *up* to the next that is left: so a count of "at most x" stays exact at every
value that is left, and what is kept does not depend on how the rows were cut into batches.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gatehouse.evaluate.statistics.kernel import pack, unpack
from gatehouse.evaluate.statistics.rows import Floats

DISTINCT_LIMIT = 1 << 18
_MANTISSA = 52
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Values:
    """Finished: different values ascending beside their counts. ``missing`` counts NaN and null; ``dropped`` mantissa
    bits were rounded away, 0 where everything is exact."""

    values: Floats
    counts: Ints
    missing: int
    dropped: int = 0

    @cached_property
    def cumulative(self) -> Ints:
        """(len(values) + 1,) how many lie below each value, and at last how many there are."""
        return np.concatenate([[0], np.cumsum(self.counts)])

    @property
    def n(self) -> int:
        """How many values, missing ones left out."""
        return int(self.cumulative[-1])

    @property
    def relative_error(self) -> float:
        """How far a value may have been moved, as a share of itself."""
        return 2.0 ** (self.dropped - _MANTISSA) if self.dropped else 0.0

    def quantiles(self, p: npt.ArrayLike) -> Floats:
        """The smallest values that at least a share ``p`` does not exceed (the inverted distribution function)."""
        # A hair below, so that 0.3 * 10 does not ask for the fourth of ten values.
        wanted = np.ceil(np.asarray(p, float) * self.n - 1e-9)
        return self.values[np.minimum(np.searchsorted(self.cumulative[1:], wanted), len(self.values) - 1)]


class Distribution:
    """Collects the values of one column."""

    def __init__(self, limit: int = DISTINCT_LIMIT) -> None:
        self._limit = limit
        self._values, self._counts = np.zeros(0), np.zeros(0, np.int64)
        self._fresh: list[Floats] = []
        self._pending = 0
        self._missing = 0
        self._dropped = 0

    def update(self, values: Floats) -> None:
        """(n,) values; NaN counts as missing."""
        # The smallest of values is NaN where one is, which is a quicker look than a mask.
        if len(values) and np.isnan(values.min()):
            nan = np.isnan(values)
            self._missing += int(nan.sum())
            values = values[~nan]
        self._fresh.append(values)
        self._pending += len(values)
        if self._pending > 2 * self._limit:
            self._compact()

    def _compact(self) -> None:
        if self._fresh:
            fresh = np.sort(np.concatenate(self._fresh) + 0.0)  # + 0.0: a negative zero is a zero
            self._fresh, self._pending = [], 0
            self._absorb(*_runs(rounded_up(fresh, self._dropped), np.ones(len(fresh), np.int64)))

    def _absorb(self, values: Floats, counts: Ints) -> None:
        """Takes in ascending values, rounded as far as those that are here."""
        if len(self._values):
            values, counts = np.concatenate([self._values, values]), np.concatenate([self._counts, counts])
            order = np.argsort(values, kind="stable")  # linear on two ascending runs
            values, counts = _runs(values[order], counts[order])
        if len(values) > self._limit:
            self._dropped = max(self._dropped, enough(values, self._limit))
            values, counts = _runs(rounded_up(values, self._dropped), counts)
        self._values, self._counts = values, counts

    def merge(self, other: Distribution) -> None:
        self._compact()
        other._compact()
        self._missing += other._missing
        deeper = max(self._dropped, other._dropped)
        self._values, self._counts = _runs(rounded_up(self._values, deeper), self._counts)
        self._dropped = deeper
        self._absorb(*_runs(rounded_up(other._values, deeper), other._counts))

    def finish(self) -> Values:
        self._compact()
        return Values(self._values, self._counts, self._missing, self._dropped)

    def to_bytes(self) -> bytes:
        self._compact()
        numbers = np.array([self._missing, self._dropped, self._limit])
        return pack({"values": self._values, "counts": self._counts, "numbers": numbers})

    @classmethod
    def from_bytes(cls, data: bytes) -> Distribution:
        state = unpack(data)
        missing, dropped, limit = state["numbers"].tolist()
        made = cls(limit)
        made._values, made._counts = state["values"].astype(float), state["counts"].astype(np.int64)
        made._missing, made._dropped = missing, dropped
        return made


def rounded_up(ascending: Floats, bits: int) -> Floats:
    """Ascending values moved up to the next one whose last ``bits`` of the mantissa are 0; infinities stay."""
    if not bits:
        return ascending
    mask = np.int64((1 << bits) - 1)
    raw = np.array(ascending).view(np.int64)
    negative, infinite = np.searchsorted(ascending, [0.0, np.inf])
    # Up is away from 0 for positive numbers, and towards it for negative ones.
    raw[negative:] += mask
    raw &= ~mask
    moved = raw.view(np.float64)
    moved += 0.0  # a negative zero is a zero
    np.minimum(moved[:infinite], np.finfo(np.float64).max, out=moved[:infinite])
    return moved


def enough(ascending: Floats, limit: int) -> int:
    """The fewest bits to drop from ascending, different values so that no more than ``limit`` are left.

    Two neighbours become one when all bits in which they differ are dropped, so one look at these bits is enough.
    """
    raw = ascending.view(np.int64)
    first = int(np.searchsorted(ascending, 0.0))
    steps = raw.copy()
    steps[first:] -= 1  # positive numbers are rounded up: x and y meet where (x - 1) and (y - 1) do
    apart = steps[1:] ^ steps[:-1]
    if 0 < first < len(raw):
        # A number below 0 meets none above it, and 0 itself only by being rounded to it.
        apart[first - 1] = raw[first - 1] & np.iinfo(np.int64).max if raw[first] == 0 else -1
    wide = np.int64(1) << (_MANTISSA + 1)
    # Only the lengths up to the mantissa matter, and up to there a float tells them exactly.
    lengths = np.frexp(np.where((apart < 0) | (apart > wide), wide, apart).astype(np.float64))[1]
    longer = len(apart) - np.cumsum(np.bincount(lengths, minlength=_MANTISSA + 3))
    return int(np.argmax(1 + longer[: _MANTISSA + 1] <= limit)) if 1 + longer[_MANTISSA] <= limit else _MANTISSA


def _runs(values: Floats, counts: Ints) -> tuple[Floats, Ints]:
    """Ascending values without repeats, counts added up."""
    if not len(values):
        return values, counts
    first = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
    if len(first) == len(values):
        return values, counts
    return values[first], np.add.reduceat(counts, first)
