"""Data drift: what the features look like now against what they looked like in training, a column at a time.

A large PSI alone proves nothing on few rows, and a small p-value nothing on many: the figures here carry both, and the
noise floor.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from gatehouse.evaluate.statistics.binner import Binner as Binner
from gatehouse.evaluate.statistics.binner import Drift as Drift
from gatehouse.evaluate.statistics.columndrift import Bin as Bin
from gatehouse.evaluate.statistics.columndrift import ColumnDrift as ColumnDrift
from gatehouse.evaluate.statistics.profile import Profile

if TYPE_CHECKING:
    import pyarrow as pa


def drift(profile: Profile, batches: Iterable[pa.RecordBatch]) -> Drift:
    """The drift of production's batches from a training profile. Raises GatehouseError when there are no rows."""
    binner = Binner(profile)
    for batch in batches:
        binner.update(batch)
    return binner.finish()


PREDICTION = "prediction"


def score_drift(expected: Any, actual: Any) -> ColumnDrift:
    """Prediction drift: two arrays of scores, or of class names, as one column named "prediction".

    ``expected`` may also be a profile whose only feature is that column.
    """
    profile = expected if isinstance(expected, Profile) else Profile.of([_column(expected)])
    return drift(profile, [_column(actual)]).columns[0]


def _column(values: Any) -> pa.RecordBatch:
    from gatehouse.evaluate.statistics.scoreboard import batch_of

    return batch_of({PREDICTION: np.asarray(values)})
