"""Disparity between groups, decided on simultaneous bounds.

The largest of many noisy gaps is biased upward, so it is never held against the limit itself. PASS when the upper
bound of *every* gap keeps the limit (an intersection-union test: no correction); FAIL when some gap's lower bound is
beyond it after Holm's correction; INSUFFICIENT between.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import numpy.typing as npt

from gatehouse.evaluate.statistics.figures import Figures
from gatehouse.evaluate.statistics.gaps import Kind as Kind
from gatehouse.evaluate.statistics.gaps import Pairs, deciding, holm, largest, p_values, smallest
from gatehouse.evaluate.statistics.intervals import one_sided, two_sided, wilson
from gatehouse.evaluate.statistics.results import Estimate
from gatehouse.evaluate.statistics.single import logit_interval
from gatehouse.verdict import Interval, Outcome, Relation, within

if TYPE_CHECKING:
    from gatehouse.evaluate.statistics.measured import Measured

# The named criteria are a metric each, or two; all are judged as gaps between groups unless the rule says otherwise.
CRITERIA: dict[str, tuple[str, ...]] = {
    "demographic_parity": ("selection_rate",),
    "equal_opportunity": ("tpr",),
    "equalized_odds": ("tpr", "fpr"),
}


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


def disparity(board: Measured, wanted: Sequence[str], model: str, rule: Rule) -> Disparity:
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
            judged = np.array([i for i, one in enumerate(of_groups) if one.status == "judged"], np.int64)
            tables.append(Pairs.of(found, judged, name, rule.kind))
    return _judged(metrics, rule, tables, tuple(groups), overall)


def _estimates(found: Figures, name: str, board: Measured, rule: Rule) -> list[GroupEstimate]:
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


def _judged(
    metrics: tuple[str, ...],
    rule: Rule,
    tables: Sequence[Pairs],
    groups: tuple[GroupEstimate, ...],
    overall: tuple[Estimate, ...],
) -> Disparity:
    limit = -math.log(rule.limit) if rule.kind is Kind.RATIO else rule.limit
    z = one_sided(rule.confidence)
    found_p = [p_values(table, limit, z) for table in tables]
    rejected = holm(np.concatenate([*found_p, []]), 1 - rule.confidence)
    beyond = np.split(rejected, np.cumsum([len(p) for p in found_p])[:-1])
    compared = len(rejected)
    gaps: list[tuple[float, Gap]] = []
    corrected = one_sided(1 - (1 - rule.confidence) / max(compared, 1))
    lows, highs = [0.0], [0.0]
    for table, fails in zip(tables, beyond, strict=False):
        gaps += _gaps(table, fails, limit, z, rule)
        lows += smallest(table.bounds(corrected)).tolist()
        highs += largest(table.bounds(z)).tolist()
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


def _gaps(table: Pairs, fails: npt.NDArray[np.bool_], limit: float, z: float, rule: Rule) -> list[tuple[float, Gap]]:
    """Each comparison with its distance, by which they are ordered."""
    lower, upper = smallest(table.bounds(z)), largest(table.bounds(z))
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
        needed = deciding(table, index, limit, float(upper[index])) if outcome is Outcome.INSUFFICIENT else ""
        names = table.name(int(table.first[index])), table.name(int(table.second[index]))
        interval = Interval(min(low, high), max(low, high), rule.confidence)
        answer.append((distance, Gap(table.metric, *names, _shown(distance, rule), interval, outcome, needed)))
    return answer


def _shown(distance: float, rule: Rule) -> float:
    """A distance as people read it: itself, or as a ratio of at most 1."""
    return math.exp(-distance) if rule.kind is Kind.RATIO else distance


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
