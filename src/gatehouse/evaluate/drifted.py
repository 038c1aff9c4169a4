"""Prediction drift: what a model says of production's rows now, against what it said before.

"Before" is the column ``prediction`` of the profile that was logged with the training run, where there is one, else the
evaluation table. At most MOST_ROWS rows of a table are asked about, one at random out of each of so many equal
stretches, always the same ones: what PSI then misses by chance is 30 times below the smallest limit in use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.scored import Scored, predictions
from gatehouse.evaluate.scoring import Asked, Model, score
from gatehouse.evaluate.statistics.parallel import each
from gatehouse.evaluate.table import Streamed, Table

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from gatehouse.evaluate.statistics.drift import ColumnDrift
    from gatehouse.evaluate.statistics.profile import Profile

    Array = np.ndarray[Any, np.dtype[Any]]

PREDICTION = "prediction"
MOST_ROWS = 100_000
SEED = 20_240_611
BATCH_ROWS = 10_000


def drawn(count: int, most: int = MOST_ROWS) -> list[int]:
    """Ascending positions among ``count`` rows: all, or ``most``, one out of each of as many equal stretches.

    Every k-th row would be quicker said, and blind where the table repeats itself in the same rhythm.
    """
    import numpy as np

    if count <= most:
        return list(range(count))
    places = (np.arange(most) + np.random.default_rng(SEED).random(most)) * count / most
    positions: list[int] = np.minimum(places.astype(np.int64), count - 1).tolist()
    return positions


def predictions_moved(
    production: Table,
    scored: Scored,
    models: Mapping[str, Callable[[], Model]],
    profiles: Mapping[str, Path],
    task: str,
) -> dict[str, ColumnDrift]:
    """Each model's predictions as one column that has moved; without figures, and with a note, where it gave none.

    ``models`` find a model with the columns that production has for it, ``profiles`` are the files of their training
    runs. The models run side by side.
    """
    rows = drawn(production.count())
    # One after the other: the first to be asked for starts both, and two threads must not do that at once.
    ready = {who: _ready(find) for who, find in models.items()}

    def moved(who: str) -> ColumnDrift:
        from gatehouse.evaluate.statistics.drift import ColumnDrift, score_drift

        try:
            asked = ready[who].get()
            now = score(Held(production.take(rows, asked.features)), {who: asked})[who]
            values = _column(predictions(now, scored.classes, task), scored.classes)
            logged = None if PREDICTION in asked.features else _logged(profiles.get(who))
        except GatehouseError as error:
            return ColumnDrift(PREDICTION, "", (0, len(rows)), note=error.message)
        before = _earlier(who, scored) if logged is None or not _alike(logged, values) else logged
        note = f"against the {'training run' if before is logged else 'evaluation table'}"
        if len(rows) < production.count():
            note += f", on {len(rows):,} of {production.count():,} rows"
        return msgspec.structs.replace(score_drift(before, values), note=note)

    return dict(zip(models, each(moved, models), strict=True))


@dataclass(frozen=True, slots=True)
class _Ready:
    """A model that can be asked, or why it cannot."""

    found: Asked | GatehouseError

    def get(self) -> Asked:
        if isinstance(self.found, GatehouseError):
            raise self.found
        return self.found


def _ready(find: Callable[[], Model]) -> _Ready:
    try:
        return _Ready(find().asked())
    except GatehouseError as error:
        return _Ready(error)


class Held(Streamed):
    """Rows in memory as a table that is read in batches."""

    def __init__(self, rows: pa.Table) -> None:
        self._rows = rows

    @property
    def schema(self) -> pa.Schema:
        return self._rows.schema

    def count(self) -> int:
        return int(self._rows.num_rows)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        rows = self._rows if columns is None else self._rows.select(list(columns))
        yield from rows.combine_chunks().to_batches(max_chunksize=BATCH_ROWS)


def _earlier(who: str, scored: Scored) -> Array:
    """What the model said of the evaluation table."""
    import numpy as np

    taken = scored.table.take(drawn(scored.rows), [who]).column(who).combine_chunks()
    if scored.table.schema.field(who).type.num_fields:
        flat = taken.flatten().to_numpy(zero_copy_only=False)
        return _column(flat.reshape(len(taken), -1), scored.classes)
    numbers: Array = np.asarray(taken.to_numpy(zero_copy_only=False), float)
    return numbers


def _column(values: Array, classes: Sequence[str]) -> Array:
    """Scores and numbers as they are; of one probability a class, the name of the most probable."""
    import numpy as np

    if values.ndim == 1:
        return values
    names: Array = np.array(classes, object)[values.argmax(axis=1)]
    names[~np.isfinite(values).all(axis=1)] = None  # a row without probabilities has no class
    return names


def _logged(profile: Path | None) -> Profile | None:
    """The profile's column of predictions alone, if it has one."""
    from gatehouse.evaluate.statistics.profile import Profile

    if profile is None:
        return None
    whole = Profile.from_json(profile.read_bytes())
    feature = whole.features.get(PREDICTION)
    return None if feature is None or not feature.rows else Profile(whole.rows, {PREDICTION: feature})


def _alike(logged: Profile, values: Array) -> bool:
    """Whether both are numbers, or both names: a run may have logged classes where scores are asked for."""
    from gatehouse.evaluate.statistics.categorical import Categorical
    from gatehouse.evaluate.statistics.numeric import Numeric

    return isinstance(logged.features[PREDICTION], Numeric if values.dtype.kind == "f" else Categorical)
