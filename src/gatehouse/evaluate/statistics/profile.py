"""What each feature looked like at training time: a small JSON file that is logged with the run, and drift's baseline.

from gatehouse.evaluate.statistics.profile import Profile
mlflow.log_text(Profile.of(table.to_batches()).to_json().decode(), "gatehouse/profile.json")
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.statistics.categorical import Names
from gatehouse.evaluate.statistics.features import Feature, feature_kernel
from gatehouse.evaluate.statistics.numeric import Numbers
from gatehouse.evaluate.statistics.opaque import Nulls
from gatehouse.evaluate.statistics.parallel import each

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = 1


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table's features by name."""

    rows: int
    features: Mapping[str, Feature]
    version: int = VERSION

    @classmethod
    def of(cls, batches: Iterable[pa.RecordBatch], columns: Sequence[str] | None = None) -> Profile:
        """The profile of all batches; of the named columns only, where any are named."""
        profiler = Profiler(columns)
        for batch in batches:
            profiler.update(batch)
        return profiler.finish()

    def to_json(self) -> bytes:
        return msgspec.json.format(msgspec.json.encode(self), indent=0)

    @classmethod
    def from_json(cls, data: bytes) -> Profile:
        """Raises GatehouseError for anything but a profile of this version."""
        try:
            version = msgspec.json.decode(data, type=_Versioned).version
            if version == VERSION:
                return msgspec.json.decode(data, type=cls)
            problem = f"version {version}, and this is version {VERSION}"
        except msgspec.MsgspecError as error:
            problem = str(error)
        raise GatehouseError(f"not a feature profile: {problem}", "make it again with `gatehouse profile DATA`")


class _Versioned(msgspec.Struct):
    version: int = 0


class Profiler:
    """The kernel that makes a profile."""

    def __init__(self, columns: Sequence[str] | None = None) -> None:
        self._columns = None if columns is None else tuple(columns)
        self._features: dict[str, Numbers | Names | Nulls] = {}
        self._rows = 0

    def update(self, batch: pa.RecordBatch) -> None:
        self._rows += batch.num_rows
        names = self._columns or tuple(batch.schema.names)
        for name in names:
            if name not in batch.schema.names:
                raise GatehouseError(f"no column {name!r} to profile", f"the table has {', '.join(batch.schema.names)}")
            if name not in self._features:
                self._features[name] = feature_kernel(batch.schema.field(name).type)
        each(lambda name: self._features[name].update(batch.column(name)), names)

    def merge(self, other: Profiler) -> None:
        self._rows += other._rows
        for name, kernel in other._features.items():
            if name in self._features:
                self._features[name].merge(kernel)
            else:
                self._features[name] = kernel

    def finish(self) -> Profile:
        finished = each(lambda kernel: kernel.finish(), self._features.values())
        return Profile(self._rows, dict(zip(self._features, finished, strict=True)))

    def to_bytes(self) -> bytes:
        parts = {name: (type(kernel).__name__, kernel.to_bytes()) for name, kernel in self._features.items()}
        return msgspec.msgpack.encode((self._rows, self._columns, parts))

    @classmethod
    def from_bytes(cls, data: bytes) -> Profiler:
        rows, columns, parts = msgspec.msgpack.decode(
            data, type=tuple[int, tuple[str, ...] | None, dict[str, tuple[str, bytes]]]
        )
        made = cls(columns)
        made._rows = rows
        kinds: dict[str, Any] = {kind.__name__: kind for kind in (Numbers, Names, Nulls)}
        made._features = {name: kinds[kind].from_bytes(state) for name, (kind, state) in parts.items()}
        return made
