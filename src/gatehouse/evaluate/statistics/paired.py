"""Is the candidate better than the champion by the margin? Paired on the same rows, one-sided.

DeLong for rank metrics, exact McNemar and Tango's score interval for rates over the same trials, a bootstrap with a
fixed seed for the rest, whole clusters at a time where the plan names a cluster column. A margin of -0.01 asks for
non-inferiority, one of 0.005 for superiority.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.statistics.counts import Tally
from gatehouse.evaluate.statistics.intervals import one_sided, two_sided, upper_tail
from gatehouse.evaluate.statistics.metric import CountMetric, Metric, RankMetric, SumMetric
from gatehouse.evaluate.statistics.resampling import percentile_interval, resampled_sums
from gatehouse.evaluate.statistics.results import Comparison, Conclusion, Estimate
from gatehouse.evaluate.statistics.rows import Floats
from gatehouse.evaluate.statistics.single import perfect_sd, rank_parts, resampled_tables, spread, there
from gatehouse.verdict import Interval, Relation, within

if TYPE_CHECKING:
    from gatehouse.evaluate.statistics.measured import Measured

# The chance of a decision that the needed rows are to give.
POWER = 0.8


@dataclass(frozen=True, slots=True)
class Question:
    """The improvement is at least ``margin``: asked of a difference whose better direction is ``sign``."""

    margin: float
    confidence: float
    sign: int


@dataclass(frozen=True, slots=True)
class Test:
    """What one test found. ``difference`` and its two-sided interval are candidate minus champion; ``bound`` and
    ``ceiling`` are the one-sided limits of the improvement. ``sd`` is the difference's, for planning."""

    name: str
    difference: float
    low: float
    high: float
    bound: float
    ceiling: float
    p_value: float
    sd: float

    def turned(self, sign: int) -> float:
        return sign * self.difference


def compared(board: Measured, metric: Metric, models: tuple[int, int], margin: float, confidence: float) -> Comparison:
    """See Board.compare. Raises GatehouseError for a metric by which models must not be compared."""
    if isinstance(metric, RankMetric) and not metric.paired:
        raise GatehouseError(
            f"models are not compared by {metric.name}, which a worse model can win",
            "compare them by brier or log_loss, and hold the calibration error against a limit",
        )
    names = [board.plan.models[model] for model in models]
    candidate, champion = (board.estimate(metric.name, name, confidence) for name in names)
    question = Question(margin, confidence, metric.better.sign)
    if candidate.value is None or champion.value is None:
        return _unknown(metric, candidate, champion, margin)
    test = _test(board, metric, models, question)
    if test is None:
        return _unknown(metric, candidate, champion, margin)
    return _comparison(metric.name, candidate, champion, test, question)


def _unknown(metric: Metric, candidate: Estimate, champion: Estimate, margin: float) -> Comparison:
    why = candidate.note or champion.note or "too few rows or clusters for a test"
    absent = Estimate.absent(why, candidate.n)
    return Comparison(metric.name, candidate, champion, absent, None, None, margin, None, Conclusion.UNKNOWN)


def _comparison(metric: str, candidate: Estimate, champion: Estimate, test: Test, question: Question) -> Comparison:
    conclusion = _concluded(test, question)
    n, error = max(candidate.n, champion.n), candidate.error + champion.error
    interval = Interval(test.low, test.high, question.confidence)
    return Comparison(
        metric,
        candidate,
        champion,
        Estimate(test.difference, interval, n, candidate.note, error),
        test.turned(question.sign),
        test.bound,
        question.margin,
        test.p_value,
        conclusion,
        needed_rows(test, question, n) if conclusion is Conclusion.UNDECIDED else None,
        test.name,
    )


def _concluded(test: Test, question: Question) -> Conclusion:
    if test.p_value <= 1 - question.confidence:
        return Conclusion.PROVEN
    return Conclusion.UNDECIDED if within(test.ceiling, question.margin, Relation.AT_LEAST) else Conclusion.REFUTED


def needed_rows(test: Test, question: Question, n: int) -> int | None:
    """How many rows in all would decide with POWER, were the improvement what it looks like; None if none would."""
    distance = abs(test.turned(question.sign) - question.margin)
    if distance < 1e-12 or not math.isfinite(test.sd):
        return None
    z = one_sided(question.confidence) + one_sided(POWER)
    return max(n + 1, math.ceil(n * (z * test.sd / distance) ** 2))


def _test(board: Measured, metric: Metric, models: tuple[int, int], question: Question) -> Test | None:
    if board.clustered and board.clusters < 2:
        return None  # nothing tells how far one cluster is from the next
    if isinstance(metric, RankMetric):
        return _rank_test(board, metric, models, question)
    if isinstance(metric, SumMetric):
        blocks = there(board.sums[metric.name].blocks)[list(models)]
        return _sum_test(metric, blocks, question, board.clustered)
    assert isinstance(metric, CountMetric)
    assert board.tally is not None
    discordant = None if board.clustered else _discordant(board.tally, metric, models)
    if discordant is not None:
        return proportions_test(*discordant, question)
    return _table_test(board.tally, metric, models, question, board.clustered)


def normal_test(name: str, difference: float, sd: float, question: Question) -> Test:
    """The z test. With an sd of 0 the improvement is known, and is simply held against the margin."""
    improvement = question.sign * difference
    if sd == 0:
        kept = within(improvement, question.margin, Relation.AT_LEAST)
        p = 0.0 if kept else 1.0
        return Test(name, difference, difference, difference, improvement, improvement, p, 0.0)
    p = upper_tail((improvement - question.margin) / sd)
    two, one = two_sided(question.confidence) * sd, one_sided(question.confidence) * sd
    return Test(name, difference, difference - two, difference + two, improvement - one, improvement + one, p, sd)


def _rank_test(board: Measured, metric: RankMetric, models: tuple[int, int], question: Question) -> Test | None:
    ours, theirs = (rank_parts(board, metric, model) for model in models)
    influences = [one.influence - other.influence for one, other in zip(ours, theirs, strict=True)]
    squares = spread(influences, board.scores)
    if not math.isfinite(squares):
        return None
    difference = float(np.mean([a.value - b.value for a, b in zip(ours, theirs, strict=True)]))
    # Two perfect orders have no influence at all: that is too few rows, not two equal models.
    perfect = not any(part.influence.any() for part in ours + theirs)
    sd = perfect_sd(board.scores[0].models[models[0]], question.confidence) if perfect else math.sqrt(squares)
    name = "paired DeLong" if metric.name.startswith("roc_auc") else "paired, linearised"
    return normal_test(name + (", by cluster" if board.clustered else ""), difference, sd, question)


def _sum_test(metric: SumMetric, blocks: Floats, question: Question, clustered: bool) -> Test | None:
    """``blocks`` is (2, blocks, 1 + width); the figures of both models in a block move together."""
    units = np.moveaxis(blocks, 0, 1)
    name = "paired cluster bootstrap" if clustered else "paired bootstrap"
    total = units.sum(axis=0)
    values = metric.value(total[:, 0], total[:, 1:])
    difference = float(values[0] - values[1])
    if np.array_equal(units[:, 0], units[:, 1]):
        return normal_test(name, difference, 0.0, question)
    if len(units) < 2:
        return None
    replicates = resampled_sums(units)
    by_model = metric.value(replicates[..., 0], replicates[..., 1:])
    return bootstrap_test(name, difference, by_model[:, 0] - by_model[:, 1], question)


def _table_test(
    tally: Tally, metric: CountMetric, models: tuple[int, int], question: Question, clustered: bool
) -> Test | None:
    whole = np.zeros(len(tally.counts), np.int64)
    ours, theirs = (float(metric.value(tally.tables(model, whole, 1))[0]) for model in models)
    tables = resampled_tables(tally, models, clustered)
    replicates = metric.value(tables[0]) - metric.value(tables[1])
    name = "paired cluster bootstrap" if clustered else "paired bootstrap"
    finite = replicates[np.isfinite(replicates)]
    if not len(finite) or finite.min() == finite.max():
        return None if clustered else proportions_test(0, 0, int(tally.counts.sum()), question)
    return bootstrap_test(name, ours - theirs, replicates, question)


def bootstrap_test(name: str, difference: float, replicates: Floats, question: Question) -> Test | None:
    """Percentile limits from (replicates,) differences; p counts the replicates at or below the margin, plus one."""
    there = replicates[np.isfinite(replicates)]
    if len(there) < 2:
        return None
    turned = question.sign * there
    bound, ceiling = np.quantile(turned, [1 - question.confidence, question.confidence])
    p = (1 + int((turned <= question.margin).sum())) / (len(there) + 1)
    low, high = percentile_interval(there, question.confidence)
    return Test(name, difference, low, high, float(bound), float(ceiling), p, float(there.std()))


def _discordant(tally: Tally, metric: CountMetric, models: tuple[int, int]) -> tuple[int, int, int] | None:
    """Trials that only the candidate hits, that only the champion hits, and all trials, for a rate over the same
    trials whatever the model; None for any other metric."""
    if metric.rate is None:
        return None
    k = tally.classes
    # One row of each kind, asked whether it is a hit and whether it counts at all.
    pairs = np.arange(k * k)
    hit, trial = np.zeros(k * k), np.zeros(k * k)
    for pair in pairs.tolist():
        table = np.zeros((k, k))
        table[divmod(pair, k)] = 1
        hit[pair], trial[pair] = metric.rate(table)
    ours, theirs = (tally.label * k + tally.decisions[model] for model in models)
    if not np.array_equal(trial[ours], trial[theirs]) or not np.array_equal(
        trial.reshape(k, k), trial.reshape(k, k)[:, :1].repeat(k, 1)
    ):
        return None
    only_ours = int((tally.counts * (hit[ours] > hit[theirs])).sum())
    only_theirs = int((tally.counts * (hit[ours] < hit[theirs])).sum())
    return only_ours, only_theirs, int((tally.counts * trial[ours]).sum())


def mcnemar(only_candidate: int, only_champion: int) -> float:
    """The exact one-sided p-value of "the candidate is no better" from the discordant pairs (McNemar 1947)."""
    from scipy.special import bdtr

    pairs = only_candidate + only_champion
    # P(X >= b) = P(Y <= pairs - b) by symmetry.
    return float(bdtr(only_champion, pairs, 0.5)) if pairs else 1.0


def proportions_test(only_candidate: int, only_champion: int, n: int, question: Question) -> Test:
    """Paired proportions: exact McNemar at a margin of 0, Tango's score test (1998) at any other; his interval."""
    b, c = (only_candidate, only_champion) if question.sign > 0 else (only_champion, only_candidate)
    exact = question.margin == 0
    p = mcnemar(b, c) if exact else upper_tail(tango(b, c, n, question.margin))
    bound, ceiling = tango_interval(b, c, n, one_sided(question.confidence))
    low, high = tango_interval(only_candidate, only_champion, n, two_sided(question.confidence))
    difference = (only_candidate - only_champion) / n
    # Agresti's variance with half a pair added, so that no discordant pair is not certainty.
    sd = math.sqrt((b + c + 1) - (b - c) ** 2 / n) / n
    name = "exact McNemar" if exact else "Tango's paired score test"
    return Test(name, difference, low, high, bound, ceiling, p, sd)


def tango(b: float, c: float, n: int, delta: float) -> float:
    """Tango's score statistic for "the paired difference (b - c) / n is delta"; falls as delta rises."""
    if abs(delta) >= 1:
        return math.copysign(math.inf, -delta)
    linear = -b - c + (2 * n - b + c) * delta
    constant = -c * delta * (1 - delta)
    q = (math.sqrt(max(linear * linear - 8 * n * constant, 0.0)) - linear) / (4 * n)
    spread = n * (2 * q + delta * (1 - delta))
    away = b - c - n * delta
    if spread <= 0:
        return 0.0 if away == 0 else math.copysign(math.inf, away)
    return away / math.sqrt(spread)


def tango_interval(b: int, c: int, n: int, z: float) -> tuple[float, float]:
    """The differences that Tango's statistic does not reject at ``z``."""

    def crossing(level: float) -> float:
        low, high = -1.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if tango(b, c, n, middle) > level else (low, middle)
        return (low + high) / 2

    return crossing(z), crossing(-z)
