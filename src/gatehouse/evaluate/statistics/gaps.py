"""Every comparison of two groups that a rule asks for: distances, their bounds, and which are proven beyond a limit.

A distance is 0 or more: the gap of two figures, or of their logarithms where ratios are compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from gatehouse.evaluate.statistics.figures import Figures
from gatehouse.evaluate.statistics.intervals import log_ratio, newcombe, upper_tail
from gatehouse.evaluate.statistics.rows import Floats
from gatehouse.verdict import TOLERANCE

# More rows than this many times those that are there will not be had.
MOST_GROWTH = 1000


class Kind(StrEnum):
    """What is held against the limit."""

    BETWEEN = "between"  # the largest gap between two groups
    OVERALL = "overall"  # the largest gap of a group to all rows
    RATIO = "ratio"  # the smallest ratio of two groups; four fifths is a limit of 0.8


@dataclass(frozen=True, slots=True)
class Pairs:
    """The comparisons of one metric over one partition: positions into its figures, and signed bounds at any z."""

    metric: str
    found: Figures
    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    bounds: Callable[[float | Floats], tuple[Floats, Floats]]
    distance: Floats

    @classmethod
    def of(cls, found: Figures, judged: npt.NDArray[np.int64], metric: str, kind: Kind) -> Pairs:
        """Each judged group with the overall figure, or every two of them; ``judged`` are positions of groups."""
        if kind is Kind.OVERALL:
            first, second = judged, np.full(len(judged), len(found.partition.groups))
        else:
            one, other = np.triu_indices(len(judged), 1)
            first, second = judged[one], judged[other]
        bounds, distance = _bounds(found, first, second, kind), _distance(found, first, second, kind)
        return cls(metric, found, first, second, bounds, distance)

    def name(self, position: int) -> str:
        groups = self.found.partition.groups
        return str(groups[position]) if position < len(groups) else "overall"


def _distance(found: Figures, first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], kind: Kind) -> Floats:
    """The gaps, 0 or more; a ratio as the distance of the logarithms."""
    one, other = found.values[first], found.values[second]
    if kind is not Kind.RATIO:
        return np.abs(one - other)
    with np.errstate(divide="ignore", invalid="ignore"):
        away = np.abs(np.log(one / other))
    return np.where(one == other, 0.0, away)


def _bounds(
    found: Figures, first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], kind: Kind
) -> Callable[[float | Floats], tuple[Floats, Floats]]:
    """A function of z (one, or one a pair) to the lower and upper bounds of the signed gaps."""
    if found.hits is None or found.trials is None:
        return _normal_bounds(found, first, second, kind)
    hits, trials = found.hits, found.trials
    if kind is Kind.OVERALL:
        # A group's gap to all rows is its gap to the others, times the others' share.
        rest_hits, rest_trials = hits[second] - hits[first], trials[second] - trials[first]
        share = rest_trials / trials[second]

        def to_overall(z: float | Floats) -> tuple[Floats, Floats]:
            low, high = newcombe((hits[first], rest_hits), (trials[first], rest_trials), z)  # type: ignore[arg-type]
            return np.where(share > 0, low * share, 0.0), np.where(share > 0, high * share, 0.0)

        return to_overall
    interval = log_ratio if kind is Kind.RATIO else newcombe

    def between(z: float | Floats) -> tuple[Floats, Floats]:
        low, high = interval((hits[first], hits[second]), (trials[first], trials[second]), z)  # type: ignore[arg-type]
        return (np.log(low), np.log(high)) if kind is Kind.RATIO else (low, high)

    return between


def _normal_bounds(
    found: Figures, first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], kind: Kind
) -> Callable[[float | Floats], tuple[Floats, Floats]]:
    one, other, covariance = found.values[first], found.values[second], found.covariance
    ours, theirs, both = covariance[first, first], covariance[second, second], covariance[first, second]
    if kind is Kind.RATIO:
        with np.errstate(divide="ignore", invalid="ignore"):
            centre = np.log(one / other)
            squares = ours / one**2 + theirs / other**2 - 2 * both / (one * other)
    else:
        centre, squares = one - other, ours + theirs - 2 * both
    sd = np.sqrt(np.maximum(squares, 0))

    def bounds(z: float | Floats) -> tuple[Floats, Floats]:
        return centre - z * sd, centre + z * sd

    return bounds


def smallest(bounds: tuple[Floats, Floats]) -> Floats:
    """The smallest distance that signed bounds allow."""
    return np.nan_to_num(np.maximum(np.maximum(bounds[0], -bounds[1]), 0.0), nan=0.0)


def largest(bounds: tuple[Floats, Floats]) -> Floats:
    """The largest distance that signed bounds allow; without bounds, any."""
    return np.nan_to_num(np.maximum(np.abs(bounds[0]), np.abs(bounds[1])), nan=np.inf)


def p_values(table: Pairs, limit: float, z: float) -> Floats:
    """The one-sided p-value of "the distance is within the limit" for each pair, by turning its lower bound around.

    1 for a pair whose lower bound at ``z`` is within: Holm rejects none of these, whatever their p-values are.
    """
    count = len(table.first)
    beyond = smallest(table.bounds(z)) > limit + TOLERANCE * max(1.0, limit)
    if not beyond.any():
        return np.ones(count)
    low, high = np.zeros(count), np.full(count, 40.0)
    for _ in range(50):
        middle = (low + high) / 2
        still = smallest(table.bounds(middle)) > limit
        low, high = np.where(still, middle, low), np.where(still, high, middle)
    return np.array([upper_tail(z) if far else 1.0 for z, far in zip(low.tolist(), beyond.tolist(), strict=True)])


def holm(p_values: Floats, alpha: float) -> npt.NDArray[np.bool_]:
    """Which hypotheses Holm (1979) rejects at the family-wise level ``alpha``."""
    count = len(p_values)
    order = np.argsort(p_values, kind="stable")
    passes = p_values[order] <= alpha / (count - np.arange(count))
    rejected = np.zeros(count, bool)
    rejected[order] = np.logical_and.accumulate(passes)
    return rejected


def deciding(table: Pairs, index: int, limit: float, upper: float) -> str:
    """What would decide an undecided gap, were it what it looks like: more rows of the group that is known least."""
    distance = float(table.distance[index])
    room, width = abs(limit - distance), upper - distance
    if not math.isfinite(upper):
        return ""
    if width > MOST_GROWTH**0.5 * room:
        return "the gap lies on the limit: no number of rows that can be had decides it"
    growth = (width / room) ** 2
    found = table.found
    first, second = int(table.first[index]), int(table.second[index])
    counts = found.rows if found.trials is None else found.trials
    last = len(found.partition.groups)
    group = first if second == last or counts[first] <= counts[second] else second
    rows = max(1, math.ceil(float(found.rows[group]) * (growth - 1)))
    if found.positives is None:
        return f"{table.name(group)} needs about {rows:,} more rows"
    positives = max(1, math.ceil(float(found.positives[group]) * (growth - 1)))
    return f"{table.name(group)} needs about {rows:,} more rows, {positives:,} of them positives"
