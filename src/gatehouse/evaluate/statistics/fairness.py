"""Disparity between groups, decided on simultaneous bounds.

The largest of many noisy gaps is biased upward, so it is never held against the limit itself. PASS when the upper
bound of *every* gap keeps the limit (an intersection-union test: no correction); FAIL when some gap's lower bound is
beyond it after Holm's correction; INSUFFICIENT between.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import numpy.typing as npt

from gatehouse.evaluate.statistics.figures import Figures
from gatehouse.evaluate.statistics.intervals import (
    log_ratio,
    newcombe,
    one_sided,
    two_sided,
    upper_tail,
    wilson,
)
from gatehouse.evaluate.statistics.results import Estimate
from gatehouse.evaluate.statistics.rows import Floats
from gatehouse.evaluate.statistics.single import logit_interval
from gatehouse.verdict import TOLERANCE, Interval, Outcome, Relation, within

if TYPE_CHECKING:
    from gatehouse.evaluate.statistics.board import Board

# The named criteria are a metric each, or two; all are judged as gaps between groups unless the rule says otherwise.
CRITERIA: dict[str, tuple[str, ...]] = {
    "demographic_parity": ("selection_rate",),
    "equal_opportunity": ("tpr",),
    "equalized_odds": ("tpr", "fpr"),
}


class Kind(StrEnum):
    """What is held against the limit."""

    BETWEEN = "between"  # the largest gap between two groups
    OVERALL = "overall"  # the largest gap of a group to all rows
    RATIO = "ratio"  # the smallest ratio of two groups; four fifths is a limit of 0.8


class Rule(msgspec.Struct, frozen=True):
    """How disparity is judged. ``limit`` is an upper one on a gap, a lower one on a ratio.

    A group below one of the minimums is "small": it is reported, and judged only if ``small`` says so; a group that
    has no value (one class only) is reported likewise. ``small``: "report" leaves them out, "insufficient" makes them
    block a PASS. Intersections combine up to ``depth`` group columns.
    """

    limit: float
    kind: Kind = Kind.BETWEEN
    confidence: float = 0.95
    min_rows: int = 50
    min_positives: int = 10
    min_negatives: int = 10
    small: str = "report"
    depth: int = 1


class GroupEstimate(msgspec.Struct, frozen=True):
    """One group's figure. ``status``: judged, small, or undefined (the estimate's note says why)."""

    group: str
    metric: str
    estimate: Estimate
    rows: int
    positives: int | None
    negatives: int | None
    status: str = "judged"


class Gap(msgspec.Struct, frozen=True):
    """One comparison: ``value`` is the distance of two groups' figures, or their ratio. ``interval`` runs from the
    bound that can fail it to the bound that can pass it, each one-sided. ``needed`` says what would decide it."""

    metric: str
    first: str
    second: str
    value: float
    interval: Interval
    outcome: Outcome
    needed: str = ""


class Disparity(msgspec.Struct, frozen=True):
    """What a rule found. ``gaps`` lie worst first; ``value`` and ``interval`` are for the largest of all gaps at once
    (the smallest of all ratios). ``overall`` has one estimate a metric."""

    metrics: tuple[str, ...]
    rule: Rule
    outcome: Outcome
    value: float | None
    interval: Interval | None
    gaps: tuple[Gap, ...]
    groups: tuple[GroupEstimate, ...]
    overall: tuple[Estimate, ...]
    notes: tuple[str, ...] = ()

    @property
    def worst(self) -> Gap | None:
        return self.gaps[0] if self.gaps else None


def disparity(board: Board, wanted: Sequence[str], model: str, rule: Rule) -> Disparity:
    """Judges one or more metrics of one model together; ``wanted`` may name a criterion such as equalized_odds."""
    metrics = tuple(metric for name in wanted for metric in CRITERIA.get(name, (name,)))
    overall = tuple(board.estimate(metric, model, rule.confidence) for metric in metrics)
    broken = tuple(f"{metric}: {one.note}" for metric, one in zip(metrics, overall, strict=True) if one.value is None)
    if broken:
        # Predictions that are no numbers are the model's fault; a table of one class is not.
        faulty = any(board.problem(board.metric(metric), board.model(model)) for metric in metrics)
        outcome = Outcome.FAIL if faulty else Outcome.INSUFFICIENT
        return Disparity(metrics, rule, outcome, None, None, (), (), overall, broken)
    tables, groups = [], []
    for name in metrics:
        for partition in board.coder.partitions(rule.depth):
            found = board.figures(name, model, partition)
            of_groups = _estimates(found, name, board, rule)
            groups += of_groups
            tables.append(_Pairs.of(found, of_groups, name, rule))
    return _judged(metrics, rule, tables, tuple(groups), overall)


def _estimates(found: Figures, name: str, board: Board, rule: Rule) -> list[GroupEstimate]:
    metric = board.metric(name)
    z = two_sided(rule.confidence)
    answer = []
    for index, group in enumerate(found.partition.groups):
        rows = int(found.rows[index])
        positives = None if found.positives is None else int(found.positives[index])
        negatives = None if positives is None else rows - positives
        value = float(found.values[index])
        if math.isfinite(value):
            low, high = _ends(found, index, z, metric.low, metric.high)
            interval = Interval(low, high, rule.confidence) if math.isfinite(low) else None
            count = rows if found.trials is None else int(found.trials[index])
            one = Estimate(value, interval, count)
            status = "small" if _is_small(rows, positives, negatives, rule) else "judged"
        else:
            one, status = Estimate.absent(metric.undefined, rows), "undefined"
        answer.append(GroupEstimate(str(group), name, one, rows, positives, negatives, status))
    return answer


def _ends(found: Figures, index: int, z: float, low: float | None, high: float | None) -> tuple[float, float]:
    if found.hits is not None and found.trials is not None:
        ends = wilson(found.hits[index], found.trials[index], z)
        return float(ends[0]), float(ends[1])
    value, variance = float(found.values[index]), float(found.covariance[index, index])
    if not math.isfinite(variance):
        return math.nan, math.nan
    sd = math.sqrt(variance)
    return logit_interval(value, sd, z) if (low, high) == (0.0, 1.0) else (value - z * sd, value + z * sd)


def _is_small(rows: int, positives: int | None, negatives: int | None, rule: Rule) -> bool:
    if rows < rule.min_rows:
        return True
    return positives is not None and (positives < rule.min_positives or (negatives or 0) < rule.min_negatives)


@dataclass(frozen=True, slots=True)
class _Pairs:
    """The comparisons of one metric over one partition: positions into its figures, and signed bounds at any z."""

    metric: str
    found: Figures
    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    bounds: Callable[[float | Floats], tuple[Floats, Floats]]
    distance: Floats

    @classmethod
    def of(cls, found: Figures, estimates: Sequence[GroupEstimate], metric: str, rule: Rule) -> _Pairs:
        judged = np.array([i for i, one in enumerate(estimates) if one.status == "judged"], np.int64)
        if rule.kind is Kind.OVERALL:
            first, second = judged, np.full(len(judged), len(estimates))
        else:
            upper = np.triu_indices(len(judged), 1)
            first, second = judged[upper[0]], judged[upper[1]]
        return cls(
            metric,
            found,
            first,
            second,
            _bounds(found, first, second, rule.kind),
            _distance(found, first, second, rule.kind),
        )

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


def _judged(
    metrics: tuple[str, ...],
    rule: Rule,
    tables: Sequence[_Pairs],
    groups: tuple[GroupEstimate, ...],
    overall: tuple[Estimate, ...],
) -> Disparity:
    limit = -math.log(rule.limit) if rule.kind is Kind.RATIO else rule.limit
    z = one_sided(rule.confidence)
    p_values = [_p_values(table, limit, z) for table in tables]
    beyond = np.split(
        _holm(np.concatenate([*p_values, []]), 1 - rule.confidence), np.cumsum([len(p) for p in p_values])[:-1]
    )
    compared = sum(len(p) for p in p_values)
    gaps: list[tuple[float, Gap]] = []
    corrected = one_sided(1 - (1 - rule.confidence) / max(compared, 1))
    lows, highs = [0.0], [0.0]
    for table, fails in zip(tables, beyond, strict=False):
        gaps += _gaps(table, fails, limit, z, rule)
        lows += _lower(table.bounds(corrected)).tolist()
        highs += _upper(table.bounds(z)).tolist()
    gaps.sort(key=lambda pair: -pair[0] if math.isfinite(pair[0]) else -math.inf)
    notes, blocked = _left_out(groups, rule)
    found = tuple(gap for _, gap in gaps)
    outcome = _outcome(found, blocked)
    if not found:
        return Disparity(
            metrics, rule, outcome, None, None, (), groups, overall, (*notes, "fewer than two groups can be judged")
        )
    worst = max(lows), max(highs)
    value, low, high = (_shown(figure, rule) for figure in (gaps[0][0], *worst))
    interval = Interval(min(low, high), max(low, high), rule.confidence)
    return Disparity(metrics, rule, outcome, value, interval, found, groups, overall, notes)


def _outcome(gaps: Sequence[Gap], blocked: bool) -> Outcome:
    if any(gap.outcome is Outcome.FAIL for gap in gaps):
        return Outcome.FAIL
    if not gaps or blocked or any(gap.outcome is Outcome.INSUFFICIENT for gap in gaps):
        return Outcome.INSUFFICIENT
    return Outcome.PASS


def _gaps(table: _Pairs, fails: npt.NDArray[np.bool_], limit: float, z: float, rule: Rule) -> list[tuple[float, Gap]]:
    """Each comparison with its distance, by which they are ordered."""
    lower, upper = _lower(table.bounds(z)), _upper(table.bounds(z))
    answer = []
    for index in range(len(table.first)):
        distance = float(table.distance[index])
        if fails[index]:
            outcome = Outcome.FAIL
        elif within(float(upper[index]), limit, Relation.AT_MOST):
            outcome = Outcome.PASS
        else:
            outcome = Outcome.INSUFFICIENT
        low, high = _shown(float(lower[index]), rule), _shown(float(upper[index]), rule)
        needed = _needed(table, index, limit, float(upper[index])) if outcome is Outcome.INSUFFICIENT else ""
        names = table.name(int(table.first[index])), table.name(int(table.second[index]))
        interval = Interval(min(low, high), max(low, high), rule.confidence)
        answer.append((distance, Gap(table.metric, *names, _shown(distance, rule), interval, outcome, needed)))
    return answer


def _shown(distance: float, rule: Rule) -> float:
    """A distance as people read it: itself, or as a ratio of at most 1."""
    return math.exp(-distance) if rule.kind is Kind.RATIO else distance


def _lower(bounds: tuple[Floats, Floats]) -> Floats:
    """The smallest distance that signed bounds allow."""
    return np.nan_to_num(np.maximum(np.maximum(bounds[0], -bounds[1]), 0.0), nan=0.0)


def _upper(bounds: tuple[Floats, Floats]) -> Floats:
    """The largest distance that signed bounds allow; without bounds, any."""
    return np.nan_to_num(np.maximum(np.abs(bounds[0]), np.abs(bounds[1])), nan=np.inf)


def _p_values(table: _Pairs, limit: float, z: float) -> Floats:
    """The one-sided p-value of "the distance is within the limit" for each pair, by turning its lower bound around.

    1 for a pair whose lower bound at ``z`` is within: Holm rejects none of these, whatever their p-values are.
    """
    count = len(table.first)
    beyond = _lower(table.bounds(z)) > limit + TOLERANCE * max(1.0, limit)
    if not beyond.any():
        return np.ones(count)
    low, high = np.zeros(count), np.full(count, 40.0)
    for _ in range(50):
        middle = (low + high) / 2
        still = _lower(table.bounds(middle)) > limit
        low, high = np.where(still, middle, low), np.where(still, high, middle)
    return np.array([upper_tail(z) if far else 1.0 for z, far in zip(low.tolist(), beyond.tolist(), strict=True)])


def _holm(p_values: Floats, alpha: float) -> npt.NDArray[np.bool_]:
    """Which hypotheses Holm (1979) rejects at the family-wise level ``alpha``."""
    count = len(p_values)
    order = np.argsort(p_values, kind="stable")
    passes = p_values[order] <= alpha / (count - np.arange(count))
    rejected = np.zeros(count, bool)
    rejected[order] = np.logical_and.accumulate(passes)
    return rejected


def _left_out(groups: Sequence[GroupEstimate], rule: Rule) -> tuple[tuple[str, ...], bool]:
    """What to say of groups that were not judged, and whether they block a PASS."""
    notes = []
    for one in groups:
        if one.status == "small":
            counted = "" if one.positives is None else f", {one.positives:,} positives, {one.negatives:,} negatives"
            notes.append(f"{one.group}: too small to be judged by {one.metric} ({one.rows:,} rows{counted})")
        elif one.status == "undefined":
            notes.append(f"{one.group}: {one.metric} has no value: {one.estimate.note} ({one.rows:,} rows)")
    return tuple(notes), bool(notes) and rule.small == "insufficient"


def _needed(table: _Pairs, index: int, limit: float, upper: float) -> str:
    """What would decide an undecided gap, were it what it looks like: more rows of the group that is known least."""
    distance = float(table.distance[index])
    room, width = abs(limit - distance), upper - distance
    if not math.isfinite(upper) or room < 1e-9:
        return "no number of rows decides a gap that lies on the limit" if room < 1e-9 else ""
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
