"""What a metric says of itself: what it needs, which way is better, and the small function that makes it mergeable.

Three families, by what has to be kept of the rows: a count metric is a function of the confusion table, a sum metric
a function of sums over rows, a rank metric one of the order of the scores. Merging, intervals, groups and paired tests
come with the family.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from gatehouse.evaluate.statistics.rows import Floats, Plan

if TYPE_CHECKING:
    from gatehouse.evaluate.statistics.ranked import Part, Ranked

Task = Literal["binary", "multiclass", "regression"]
Tables = npt.NDArray[np.float64]  # (…, classes, classes): [true class, decided class] counts


class Better(StrEnum):
    HIGHER = "higher"
    LOWER = "lower"

    @property
    def sign(self) -> int:
        """1 or -1: multiplied with a difference, positive means better."""
        return 1 if self is Better.HIGHER else -1


class Needs(StrEnum):
    """What the model has to answer. Labels will do only for DECISIONS; a number made from them for the others would
    be a number that nobody meant."""

    DECISIONS = "decisions"
    SCORES = "scores"
    PROBABILITIES = "probabilities"
    VALUES = "values"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What every metric says of itself. ``low`` and ``high`` are the ends of its range, None for no end;
    ``undefined`` says in words when it has no value."""

    name: str
    task: Task
    better: Better
    needs: Needs
    low: float | None = 0.0
    high: float | None = 1.0
    undefined: str = "it has no value on these rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountMetric(Metric):
    """A function of the confusion table. ``value`` maps (…, classes, classes) counts to (…,), NaN where undefined;
    ``rate`` gives (hits, trials) where the metric is a plain proportion, so that it gets a score interval."""

    value: Callable[[Tables], Floats]
    rate: Callable[[Tables], tuple[Floats, Floats]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SumMetric(Metric):
    """A function of sums over rows. ``rows`` maps (n,) labels and (n,) or (n, classes) predictions to the (n, width)
    figures that are summed; ``value`` maps (…,) row counts and (…, width) sums to (…,), NaN where undefined.

    Where the value does not change when labels and predictions are moved together, ``translation`` may give the
    (1 + width, 1 + width) matrix that takes (1, figures) of one origin to those of an origin lower by ``delta``; the
    kernel then sums around the data, and a large mean costs no digits.
    """

    rows: Callable[[Floats, Floats, Plan], Floats]
    value: Callable[[Floats, Floats], Floats]
    width: int = 1
    translation: Callable[[float], Floats] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RankMetric(Metric):
    """A function of labels and the order of the scores. ``part`` raises nothing: its value is NaN where undefined.
    ``paired`` is False where the candidate's and the champion's must not be compared by this metric."""

    part: Callable[[Ranked], Part]
    paired: bool = True
