"""Data drift: what the features look like now against what they looked like in training, a column at a time.

Production rows are counted in the bins of the training profile, so that memory stays constant and both sides are read
with the same "at most". A large PSI alone proves nothing on few rows, and a small p-value nothing on many: the figures
here carry both, and the noise floor.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.statistics import divergence
from gatehouse.evaluate.statistics.features import (
    Categorical,
    Feature,
    Numeric,
    is_categorical,
    is_numeric,
    names,
    numbers,
)
from gatehouse.evaluate.statistics.parallel import each
from gatehouse.evaluate.statistics.profile import Profile
from gatehouse.evaluate.statistics.rows import Floats

if TYPE_CHECKING:
    import pyarrow as pa

Ints = npt.NDArray[np.int64]


class Bin(msgspec.Struct, frozen=True):
    """One bin of one feature: shares of the rows in training and in production, and what it adds to the PSI."""

    name: str
    expected: float
    actual: float
    psi: float


class ColumnDrift(msgspec.Struct, frozen=True):
    """One feature's drift. ``rows`` are training's and production's, missing values included.

    ``psi``, ``kl``, ``js`` are in nats over ``bins``, missing and unseen values among them; None where the feature
    cannot be compared, and ``note`` says why. ``ks`` and ``wasserstein`` are for numbers only, read at the profile's
    quantiles: ``ks`` is at most 1/200 too small; ``wasserstein`` is in the feature's unit. ``p_value`` is the
    chi-square test's, ``adjusted_p`` corrected for the number of features; ``floor`` is the PSI that chance alone
    exceeds in 5 % of samples of this size.
    """

    feature: str
    kind: str
    rows: tuple[int, int]
    psi: float | None = None
    kl: float | None = None
    js: float | None = None
    ks: float | None = None
    wasserstein: float | None = None
    p_value: float | None = None
    adjusted_p: float | None = None
    floor: float | None = None
    bins: tuple[Bin, ...] = ()
    missing: tuple[float, float] = (0.0, 0.0)
    unseen: float = 0.0
    note: str = ""


class Drift(msgspec.Struct, frozen=True):
    """All features, the largest PSI first; ``absent`` are features that production does not have."""

    columns: tuple[ColumnDrift, ...]
    absent: tuple[str, ...]
    rows: int

    def column(self, feature: str) -> ColumnDrift | None:
        return next((column for column in self.columns if column.feature == feature), None)


class Binner:
    """The kernel that counts production rows in a profile's bins."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._counts = {name: np.zeros(_size(feature), np.int64) for name, feature in profile.features.items()}
        self._missing = dict.fromkeys(profile.features, 0)
        self._ends: dict[str, tuple[float, float]] = {}
        self._mistyped: dict[str, str] = {}
        self._seen: set[str] = set()
        self._rows = 0
        self._places = {
            name: {value: place for place, value in enumerate(feature.values)}
            for name, feature in profile.features.items()
            if isinstance(feature, Categorical)
        }

    def update(self, batch: pa.RecordBatch) -> None:
        self._rows += batch.num_rows
        present = [name for name in self._profile.features if name in batch.schema.names]
        self._seen.update(present)
        each(lambda name: self._count(name, self._profile.features[name], batch.column(name)), present)

    def _count(self, name: str, feature: Feature, column: pa.Array) -> None:
        if isinstance(feature, Numeric):
            if is_numeric(column.type):
                self._numbers(name, np.asarray(feature.edges, float), numbers(column))
                return
        elif isinstance(feature, Categorical):
            if is_categorical(column.type):
                self._names(name, column)
                return
        else:
            self._missing[name] += column.null_count
            self._counts[name][0] += len(column) - column.null_count
            return
        self._mistyped[name] = str(column.type)

    def _numbers(self, name: str, edges: Floats, values: Floats) -> None:
        ordered = np.sort(values)
        there = int(np.searchsorted(ordered, np.nan))  # NaN sorts last
        self._missing[name] += len(ordered) - there
        if not there:
            return
        below = np.searchsorted(ordered[:there], edges, side="right")
        self._counts[name] += np.diff(np.concatenate([[0], below, [there]]))
        low, high = self._ends.get(name, (np.inf, -np.inf))
        self._ends[name] = (min(low, float(ordered[0])), max(high, float(ordered[there - 1])))

    def _names(self, name: str, column: pa.Array) -> None:
        labels, counts, missing = names(column)
        self._missing[name] += missing
        places, total = self._places[name], self._counts[name]
        for label, count in zip(labels, counts, strict=True):
            total[places.get(label, len(total) - 1)] += count

    def merge(self, other: Binner) -> None:
        """Takes in what another binner of the same profile has counted."""
        self._rows += other._rows
        self._seen |= other._seen
        self._mistyped |= other._mistyped
        for name, counts in other._counts.items():
            self._counts[name] += counts
            self._missing[name] += other._missing[name]
        for name, (low, high) in other._ends.items():
            ours = self._ends.get(name, (low, high))
            self._ends[name] = (min(low, ours[0]), max(high, ours[1]))

    def finish(self) -> Drift:
        """Raises GatehouseError when there are no production rows at all."""
        if not self._rows:
            raise GatehouseError("no production rows to look for drift in", "check `data.production` in policy.yaml")
        found = [self._column(name, feature) for name, feature in self._profile.features.items() if name in self._seen]
        tested = {index: column.p_value for index, column in enumerate(found) if column.p_value is not None}
        corrected = divergence.adjusted(list(tested.values()))
        for index, p in zip(tested, corrected.tolist(), strict=True):
            found[index] = msgspec.structs.replace(found[index], adjusted_p=p)
        found.sort(key=lambda column: -(column.psi if column.psi is not None else np.inf))
        absent = tuple(name for name in self._profile.features if name not in self._seen)
        return Drift(tuple(found), absent, self._rows)

    def _column(self, name: str, feature: Feature) -> ColumnDrift:
        rows = (feature.rows, self._rows)
        kind = type(feature).__name__.lower()
        if name in self._mistyped:
            return ColumnDrift(name, kind, rows, note=f"is {kind} in training and {self._mistyped[name]} in production")
        if not feature.rows:
            return ColumnDrift(name, kind, rows, note="the training profile has no rows")
        expected, actual, labels = self._binned(name, feature)
        return _measured(ColumnDrift(name, kind, rows), expected, actual, labels, self._distances(name, feature))

    def _binned(self, name: str, feature: Feature) -> tuple[Ints, Ints, list[str]]:
        """Counts of both sides in the PSI bins, the missing values last."""
        actual = self._counts[name]
        if isinstance(feature, Numeric):
            starts = np.concatenate([[0], np.asarray(feature.cuts, np.int64) + 1])
            expected = np.add.reduceat(np.asarray(feature.counts, np.int64), starts)
            actual = np.add.reduceat(actual, starts)
            labels = _bands([feature.edges[cut] for cut in feature.cuts])
        elif isinstance(feature, Categorical):
            expected = np.array([*feature.counts, feature.other], np.int64)
            labels = [*feature.values, "other" if feature.other else "unseen"]
        else:
            expected, labels = np.array([feature.rows - feature.missing], np.int64), ["present"]
        expected = np.append(expected, feature.missing)
        return expected, np.append(actual, self._missing[name]), [*labels, "missing"]

    def _distances(self, name: str, feature: Feature) -> tuple[float | None, float | None]:
        """Kolmogorov-Smirnov and Wasserstein from the profile's fine quantiles."""
        present = feature.rows - feature.missing
        if not isinstance(feature, Numeric) or not present or name not in self._ends or feature.low is None:
            return None, None
        assert feature.high is not None
        counts = self._counts[name]
        f = np.cumsum(feature.counts)[:-1] / present
        g = np.cumsum(counts)[:-1] / counts.sum()
        low, high = min(feature.low, self._ends[name][0]), max(feature.high, self._ends[name][1])
        apart = np.abs(f - g)
        points = np.concatenate([[low], np.clip(feature.edges, low, high), [high]])
        ends = np.concatenate([[0.0], apart, [0.0]])
        area = float(((ends[1:] + ends[:-1]) / 2 * np.diff(points)).sum()) if np.isfinite([low, high]).all() else None
        return (float(apart.max()) if len(apart) else 0.0), area

    def to_bytes(self) -> bytes:
        counts = {name: total.tolist() for name, total in self._counts.items()}
        state = (counts, self._missing, self._ends, self._mistyped, sorted(self._seen), self._rows)
        return msgspec.msgpack.encode(state)

    @classmethod
    def from_bytes(cls, profile: Profile, data: bytes) -> Binner:
        """The binner that wrote ``data``, for the same profile."""
        counts, missing, ends, mistyped, seen, rows = msgspec.msgpack.decode(data, type=_State)
        made = cls(profile)
        made._counts = {name: np.array(total, np.int64) for name, total in counts.items()}
        made._missing, made._ends, made._mistyped = missing, ends, mistyped
        made._seen, made._rows = set(seen), rows
        return made


_State = tuple[dict[str, list[int]], dict[str, int], dict[str, tuple[float, float]], dict[str, str], list[str], int]


def _size(feature: Feature) -> int:
    if isinstance(feature, Numeric):
        return len(feature.edges) + 1
    return len(feature.values) + 1 if isinstance(feature, Categorical) else 1


def _bands(edges: list[float]) -> list[str]:
    if not edges:
        return ["all"]
    middle = [
        # An atom's bin has the next smaller number as its lower edge: it holds one value.
        f"{high:.4g}" if low == np.nextafter(high, -np.inf) else f"{low:.4g} to {high:.4g}"
        for low, high in pairwise(edges)
    ]
    return [f"up to {edges[0]:.4g}", *middle, f"over {edges[-1]:.4g}"]


def _measured(
    column: ColumnDrift, expected: Ints, actual: Ints, labels: list[str], distances: tuple[float | None, float | None]
) -> ColumnDrift:
    n, m = int(expected.sum()), int(actual.sum())
    missing = (float(expected[-1] / n), float(actual[-1] / m))
    unseen = float(actual[:-1][expected[:-1] == 0].sum() / m)
    # A bin without rows on either side is no bin; smoothing it would make a difference out of nothing.
    used = (expected + actual) > 0
    e, a = divergence.smoothed(expected[used]), divergence.smoothed(actual[used])
    parts = divergence.psi(e, a)
    shares = zip([label for label, there in zip(labels, used, strict=True) if there], e, a, parts, strict=True)
    return msgspec.structs.replace(
        column,
        psi=float(parts.sum()),
        kl=divergence.kl(e, a),
        js=divergence.js(e, a),
        ks=distances[0],
        wasserstein=distances[1],
        p_value=divergence.chi_square(expected, actual)[1],
        floor=divergence.noise_floor(n, m, int(used.sum())),
        bins=tuple(Bin(label, float(x), float(y), float(part)) for label, x, y, part in shares),
        missing=missing,
        unseen=unseen,
    )


def drift(profile: Profile, batches: Iterable[pa.RecordBatch]) -> Drift:
    """The drift of production's batches from a training profile. Raises GatehouseError when there are no rows."""
    binner = Binner(profile)
    for batch in batches:
        binner.update(batch)
    return binner.finish()


def score_drift(expected: Any, actual: Any) -> ColumnDrift:
    """Prediction drift: two arrays of scores, as one column named "prediction"."""
    from gatehouse.evaluate.statistics.scoreboard import batch_of

    profile = Profile.of([batch_of({"prediction": np.asarray(expected, float)})])
    found = drift(profile, [batch_of({"prediction": np.asarray(actual, float)})])
    return found.columns[0]
