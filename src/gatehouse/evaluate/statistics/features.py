"""The kinds of features that a profile tells apart, and which kind an Arrow type is."""

from __future__ import annotations

from typing import Any

from gatehouse.evaluate.statistics.categorical import Categorical, Names, is_categorical
from gatehouse.evaluate.statistics.numeric import Numbers, Numeric, is_numeric
from gatehouse.evaluate.statistics.opaque import Nulls, Opaque

Feature = Numeric | Categorical | Opaque


def feature_kernel(kind: Any) -> Numbers | Names | Nulls:
    if is_numeric(kind):
        return Numbers()
    return Names() if is_categorical(kind) else Nulls(str(kind))
