"""What an evaluation table can decide before any model is asked: which groups are too small for the limit.

A gap between two groups that are in truth alike passes only when its upper bound keeps the limit, and how wide that
bound is follows from the labels alone, given a guess of the metric.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from gatehouse.evaluate.statistics.fairness import CRITERIA, Kind, Rule
from gatehouse.evaluate.statistics.groups import Partition, sums_by_group
from gatehouse.evaluate.statistics.intervals import one_sided

if TYPE_CHECKING:
    from gatehouse.evaluate.statistics.board import Board

# Guesses where nothing is known yet: the widest a rate can be, an AUC as models in practice have it, how alike the
# AUCs of two models of the same features are, and on how many rows such models decide differently.
RATE, AUC = 0.5, 0.75
ALIKE, APART = 0.8, 0.1


class Need(msgspec.Struct, frozen=True):
    """A group that cannot be decided, and about how many more rows it takes, ``positives`` of them positive."""

    group: str
    metric: str
    limit: float
    rows: int
    positives: int

    def __str__(self) -> str:
        more = f"{self.rows:,} more rows ({self.positives:,} of them positives)"
        return f"{self.group} needs about {more} to decide {self.metric} within {self.limit:g}"


def needs(board: Board, metrics: Sequence[str], rule: Rule) -> tuple[Need, ...]:
    """Groups of a binary task that the rule could not pass though all groups were alike; the neediest first.

    The board may be one without models. Metrics whose width the labels do not tell (losses, precision) need nothing,
    and neither do groups that the rule only reports since they are small.
    """
    wanted = [metric for name in metrics for metric in CRITERIA.get(name, (name,))]
    found = [
        need
        for metric in wanted
        for partition in board.coder.partitions(rule.depth)
        for need in _of_partition(board, metric, partition, rule)
    ]
    return tuple(sorted(found, key=lambda need: -need.rows))


def _of_partition(board: Board, metric: str, partition: Partition, rule: Rule) -> list[Need]:
    assert board.tally is not None
    tally = board.tally
    rows = sums_by_group(partition, board.rows_by_cell).tolist()
    positive = [0] * len(rows)
    for group, label, count in zip(partition.of_cell[tally.cell], tally.label, tally.counts, strict=True):
        positive[group] += int(label * count)
    variances = [_variance(metric, p, n - p, rule.kind) for p, n in zip(positive, rows, strict=True)]
    limit = -math.log(rule.limit) if rule.kind is Kind.RATIO else rule.limit
    room = (limit / one_sided(rule.confidence)) ** 2
    best = min((v for v in variances if v is not None), default=math.inf)
    answer = []
    for group, p, n, variance in zip(partition.groups, positive, rows, variances, strict=True):
        if variance is None or math.isinf(variance) or variance + best <= room:
            continue  # a group of one class has no AUC however many rows like these it gets
        if rule.small == "report" and (n < rule.min_rows or p < rule.min_positives or n - p < rule.min_negatives):
            continue
        # Against the best known group; where that is not known well enough either, both halve the room.
        growth = variance / (room - best if best < room / 2 else room / 2)
        if growth > 1:
            answer.append(
                Need(str(group), metric, rule.limit, math.ceil(n * (growth - 1)), math.ceil(p * (growth - 1)))
            )
    return answer


def _variance(metric: str, positives: int, negatives: int, kind: Kind) -> float | None:
    """The variance of a group's figure (of its logarithm, for a ratio); None where the labels do not tell it."""
    if metric == "roc_auc":
        return hanley_mcneil(AUC, positives, negatives) / (AUC**2 if kind is Kind.RATIO else 1)
    trials = {
        "tpr": positives,
        "recall": positives,
        "fpr": negatives,
        "accuracy": positives + negatives,
        "selection_rate": positives + negatives,
    }.get(metric)
    if not trials:
        return None
    return (1 - RATE) / (RATE * trials) if kind is Kind.RATIO else RATE * (1 - RATE) / trials


def hanley_mcneil(area: float, positives: int, negatives: int) -> float:
    """The variance of an AUC from its size alone (Hanley and McNeil 1982); infinite for one class."""
    if not positives or not negatives:
        return math.inf
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (positives - 1) * (q1 - area**2) + (negatives - 1) * (q2 - area**2)
    return spread / (positives * negatives)


def provable(metric: str, positives: int, negatives: int, confidence: float) -> float | None:
    """The gain over the champion, beyond the margin, that has an even chance of being proven; None where the labels do
    not tell it.

    For an AUC by the standard errors of two correlated areas (Hanley and McNeil 1983), for an accuracy by the rows on
    which two models decide differently (McNemar's test).
    """
    rows = positives + negatives
    if metric == "roc_auc" and positives and negatives:
        variance = 2 * hanley_mcneil(AUC, positives, negatives) * (1 - ALIKE)
    elif metric == "accuracy" and rows:
        variance = APART / rows
    else:
        return None
    return one_sided(confidence) * math.sqrt(variance)
