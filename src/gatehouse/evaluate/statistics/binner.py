"""The kernel of data drift: production rows counted in the bins of a training profile.

Memory stays constant however many rows there are, and both sides are read with the same "at most".
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.statistics import divergence
from gatehouse.evaluate.statistics.categorical import Categorical, is_categorical, names
from gatehouse.evaluate.statistics.columndrift import ColumnDrift, Distances, Ints, Tails, measured
from gatehouse.evaluate.statistics.features import Feature
from gatehouse.evaluate.statistics.numeric import Numeric, is_numeric, numbers
from gatehouse.evaluate.statistics.parallel import each
from gatehouse.evaluate.statistics.profile import Profile
from gatehouse.evaluate.statistics.rows import Floats

if TYPE_CHECKING:
    import pyarrow as pa


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
        self._tails = dict.fromkeys(profile.features, Tails())
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
                self._numbers(name, feature, numbers(column))
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

    def _numbers(self, name: str, feature: Numeric, values: Floats) -> None:
        ordered = np.sort(values)
        there = int(np.searchsorted(ordered, np.nan))  # NaN sorts last
        self._missing[name] += len(ordered) - there
        ordered = ordered[:there]
        below = np.searchsorted(ordered, np.asarray(feature.edges, float), side="right")
        self._counts[name] += np.diff(np.concatenate([[0], below, [there]]))
        if feature.low is not None and feature.high is not None:
            self._tails[name] = self._tails[name].plus(Tails.of(ordered, feature.low, feature.high))

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
            self._tails[name] = self._tails[name].plus(other._tails[name])

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
        distances = Distances()
        if isinstance(feature, Numeric):
            distances = Distances.of(feature, self._counts[name], self._tails[name])
        return measured(ColumnDrift(name, kind, rows), *self._binned(name, feature), distances)

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

    def to_bytes(self) -> bytes:
        counts = {name: total.tolist() for name, total in self._counts.items()}
        state = _State(counts, self._missing, self._tails, self._mistyped, sorted(self._seen), self._rows)
        return msgspec.msgpack.encode(state)

    @classmethod
    def from_bytes(cls, profile: Profile, data: bytes) -> Binner:
        """The binner that wrote ``data``, for the same profile."""
        state = msgspec.msgpack.decode(data, type=_State)
        made = cls(profile)
        made._counts = {name: np.array(total, np.int64) for name, total in state.counts.items()}
        made._missing, made._tails, made._mistyped = state.missing, state.tails, state.mistyped
        made._seen, made._rows = set(state.seen), state.rows
        return made


class _State(msgspec.Struct, frozen=True, array_like=True):
    counts: dict[str, list[int]]
    missing: dict[str, int]
    tails: dict[str, Tails]
    mistyped: dict[str, str]
    seen: list[str]
    rows: int


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
