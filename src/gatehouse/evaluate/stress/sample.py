"""The rows that are changed: a bounded number of labelled ones, drawn alike whenever the question is the same."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import numpy.typing as npt

from gatehouse.registry.signature import Column

if TYPE_CHECKING:
    import pyarrow as pa

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """``rows`` has every column that a model or a statistic reads, decoded; ``wanted`` is what the candidate's
    signature says of its features, the only columns that are ever changed. ``seed`` is the question's."""

    rows: pa.RecordBatch
    wanted: tuple[Column, ...]
    seed: int

    def __len__(self) -> int:
        return int(self.rows.num_rows)

    def random(self, purpose: str) -> np.random.Generator:
        """A stream of its own for each purpose, so that a change does not depend on which others are made."""
        return np.random.default_rng([self.seed, zlib.crc32(purpose.encode())])

    @cached_property
    def numeric(self) -> tuple[str, ...]:
        """Features that are numbers, and vary."""
        import pyarrow as pa

        kinds = {name: self.rows.schema.field(name).type for name in self._features}
        found = [name for name, kind in kinds.items() if pa.types.is_integer(kind) or pa.types.is_floating(kind)]
        return tuple(name for name in found if self.spread[name] > 0)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Features that are text, or yes and no, and have at least two values."""
        import pyarrow as pa

        kinds = {name: self.rows.schema.field(name).type for name in self._features}
        found = [name for name, kind in kinds.items() if pa.types.is_string(kind) or pa.types.is_large_string(kind)]
        found += [name for name, kind in kinds.items() if pa.types.is_boolean(kind)]
        return tuple(name for name in found if len(self.rows.column(name).drop_null().unique()) > 1)

    @property
    def others(self) -> tuple[str, ...]:
        """Features that nothing here changes: lists, dates, constants."""
        return tuple(name for name in self._features if name not in (*self.numeric, *self.words))

    @property
    def nullable(self) -> tuple[str, ...]:
        """Features that may lack a value: those that the signature calls optional, which MLflow does where training
        rows lacked some."""
        return tuple(str(column.name) for column in self.wanted if not column.required and column.name in self._names)

    @cached_property
    def spread(self) -> Mapping[str, float]:
        """The standard deviation of each feature that is a number; 0 where it is not known."""
        import pyarrow as pa

        found = {}
        for name in self._features:
            kind = self.rows.schema.field(name).type
            if pa.types.is_integer(kind) or pa.types.is_floating(kind):
                values = numbers(self.rows.column(name))
                known = values[np.isfinite(values)]
                found[name] = float(known.std()) if len(known) else 0.0
        return found

    def bounds(self, name: str) -> tuple[float, float]:
        """The least and the greatest value of a numeric feature: what is made up stays between them."""
        values = numbers(self.rows.column(name))
        known = values[np.isfinite(values)]
        return float(known.min()), float(known.max())

    def changed(self, columns: Mapping[str, pa.Array]) -> pa.RecordBatch:
        """The rows with other columns in the place of some."""
        import pyarrow as pa

        arrays = [columns.get(name, self.rows.column(name)) for name in self.rows.schema.names]
        return pa.RecordBatch.from_arrays(arrays, schema=self.rows.schema)

    @property
    def _names(self) -> list[str]:
        return list(self.rows.schema.names)

    @property
    def _features(self) -> list[str]:
        return [str(column.name) for column in self.wanted if column.name in self._names]


def numbers(column: pa.Array) -> Floats:
    """(n,) floats, NaN for what is missing."""
    import pyarrow as pa

    values: Floats = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return values


def like(column: pa.Array, values: Floats) -> pa.Array:
    """Numbers as a column of the same type, whole where it is whole; what was missing or infinite stays as it was."""
    import pyarrow as pa

    before, missing = numbers(column), column.is_null().to_numpy(zero_copy_only=False)
    kept = np.where(np.isfinite(before), np.rint(values) if pa.types.is_integer(column.type) else values, before)
    return pa.array(np.where(missing, 0.0, kept), mask=missing).cast(column.type, safe=False)


def decoded(table: pa.Table) -> pa.RecordBatch:
    """One batch, dictionary columns as what they encode: a model is sent that anyway."""
    import pyarrow as pa

    columns = {}
    for name, column in zip(table.schema.names, table.columns, strict=True):
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        columns[name] = pa.concat_arrays(column.cast(kind).chunks)
    return pa.RecordBatch.from_pydict(columns)


def positions(total: int, rows: int, seed: int) -> list[int]:
    """Which of ``total`` rows are drawn, ascending; all of them where they are no more than ``rows``."""
    if total <= rows:
        return list(range(total))
    drawn = np.random.default_rng([seed, 0]).choice(total, rows, replace=False, shuffle=False)
    return [int(row) for row in np.sort(drawn)]


def seed_of(*digests: str) -> int:
    """The seed of a question, from what it is about: a model that was tuned to one cannot choose it."""
    return int.from_bytes(hashlib.sha256(msgspec.json.encode(digests)).digest()[:8])
