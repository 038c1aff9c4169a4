"""One model's value and interval, by the family of the metric."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gatehouse.evaluate.statistics.counts import Tally
from gatehouse.evaluate.statistics.intervals import two_sided, wilson
from gatehouse.evaluate.statistics.metric import CountMetric, Metric, RankMetric, SumMetric, Tables
from gatehouse.evaluate.statistics.ranked import Part, Ranked, Scores
from gatehouse.evaluate.statistics.resampling import percentile_interval, resampled_counts, resampled_sums
from gatehouse.evaluate.statistics.results import Estimate
from gatehouse.evaluate.statistics.rows import Floats
from gatehouse.evaluate.statistics.sums import Summed
from gatehouse.verdict import Interval

if TYPE_CHECKING:
    from gatehouse.evaluate.statistics.kept import Kept


def estimated(board: Kept, metric: Metric, model: int, confidence: float) -> Estimate:
    """See Board.estimate."""
    problem = board.problem(metric, model)
    if problem:
        return Estimate.absent(problem, board.rows)
    if isinstance(metric, CountMetric):
        assert board.tally is not None
        return _counted(board.tally, metric, model, confidence, board.clustered)
    if isinstance(metric, SumMetric):
        return _summed(board.sums[metric.name], metric, model, confidence)
    assert isinstance(metric, RankMetric)
    return _ranked(board, metric, model, confidence)


def _counted(tally: Tally, metric: CountMetric, model: int, confidence: float, clustered: bool) -> Estimate:
    table = tally.tables(model, np.zeros(len(tally.counts), np.int64), 1)
    value = float(metric.value(table)[0])
    if not math.isfinite(value):
        return Estimate.absent(metric.undefined, int(tally.counts.sum()))
    if clustered and metric.rate is not None and value in (0.0, 1.0):
        # A bootstrap never moves what is the same in every cluster, and that is no certainty.
        clusters = (metric.rate(_by_cluster(tally, (model,))[:, 0])[1] > 0).sum()
        return _of_rate(value * clusters, float(clusters), int(metric.rate(table)[1][0]), confidence)
    if metric.rate is None or clustered:
        replicates = metric.value(resampled_tables(tally, (model,), clustered)[0])
        n = int(table.sum() if metric.rate is None else metric.rate(table)[1][0])
        return Estimate(value, _interval(*percentile_interval(replicates, confidence), confidence), n)
    hits, trials = (float(figure[0]) for figure in metric.rate(table))
    return _of_rate(hits, trials, int(trials), confidence)


def _of_rate(hits: float, trials: float, n: int, confidence: float) -> Estimate:
    low, high = wilson(hits, trials, two_sided(confidence))
    return Estimate(hits / trials, Interval(float(low), float(high), confidence), n)


def _summed(summed: Summed, metric: SumMetric, model: int, confidence: float) -> Estimate:
    blocks = there(summed.blocks)[model]
    total = blocks.sum(axis=0)
    n = round(float(total[0]))
    value = float(metric.value(total[0], total[1:]))
    if not math.isfinite(value):
        return Estimate.absent(metric.undefined, n)
    replicates = resampled_sums(blocks)
    bounds = percentile_interval(metric.value(replicates[:, 0], replicates[:, 1:]), confidence)
    return Estimate(value, _interval(*bounds, confidence) if len(blocks) > 1 else None, n)


def there(blocks: Floats) -> Floats:
    """(models, blocks, …) without the blocks that hold no rows."""
    return blocks[:, blocks[0, :, 0] > 0]


def resampled_tables(tally: Tally, models: tuple[int, ...], clustered: bool) -> list[Tables]:
    """(replicates, classes, classes) tables for each model from the same draws: of rows, or of whole clusters."""
    if clustered:
        replicates = resampled_sums(_by_cluster(tally, models))
        return [replicates[:, index] for index in range(len(models))]
    tally = tally.without_groups()
    drawn = resampled_counts(tally.counts)
    return [_tables_of(drawn, tally, model) for model in models]


def _by_cluster(tally: Tally, models: tuple[int, ...]) -> Floats:
    """(clusters, models, classes, classes) tables."""
    present, block = np.unique(tally.block, return_inverse=True)
    return np.stack([tally.tables(model, block, len(present)) for model in models], axis=1)


def _tables_of(drawn: Floats, tally: Tally, model: int) -> Tables:
    """(replicates, cells) counts as (replicates, classes, classes) tables."""
    k = tally.classes
    pair = tally.label * k + tally.decisions[model]
    order = np.argsort(pair, kind="stable")
    present, starts = np.unique(pair[order], return_index=True)
    tables = np.zeros((len(drawn), k * k))
    tables[:, present] = np.add.reduceat(drawn[:, order], starts, axis=1)
    return tables.reshape(-1, k, k)


def rank_parts(board: Kept, metric: RankMetric, model: int) -> list[Part]:
    """The metric's part over all rows: one in a binary task, one a class in a multiclass one."""
    return [scores.models[model].measured(metric.part) for scores in board.scores]


def spread(influences: Sequence[Floats], scores: Sequence[Scores]) -> float:
    """The variance of the mean of several classes' values, from the influence of the rows on each.

    Classes whose scores were rounded do not share their entries; the sd of a mean is then at most the mean of the sds.
    """
    if len(influences) > 1 and not scores[0].models[0].rounded:
        return variance(np.mean(influences, axis=0), scores[0])
    sds = [math.sqrt(variance(one, its)) for one, its in zip(influences, scores, strict=True)]
    return float(np.mean(sds)) ** 2


def variance(influence: Floats, scores: Scores) -> float:
    """The variance that rows of this influence make; rows of one cluster move together (Obuchowski 1997)."""
    weight = scores.models[0].weight
    if scores.blocks is None:
        squares = np.square(influence) if weight is None else weight * np.square(influence)
        return float(squares.sum())
    moved = influence if weight is None else weight * influence
    by_cluster = np.bincount(scores.blocks, moved)
    clusters = len(np.unique(scores.blocks))
    return float(np.square(by_cluster).sum()) * clusters / max(clusters - 1, 1)


def _ranked(board: Kept, metric: RankMetric, model: int, confidence: float) -> Estimate:
    parts = rank_parts(board, metric, model)
    value, error, n = _mean([p.value for p in parts]), _mean([p.error for p in parts]), parts[0].n
    if not math.isfinite(value):
        return Estimate.absent(metric.undefined, n)
    squares = spread([part.influence for part in parts], board.scores)
    if not math.isfinite(squares):
        return Estimate(value, None, n, "too few rows of one class for an interval", error)
    sd = math.sqrt(squares) or perfect_sd(board.scores[0].models[model], confidence)
    low, high = logit_interval(value, sd, two_sided(confidence))
    note = f"scores rounded to a grid, which moves the value by {error:.1g} at most" if error else ""
    return Estimate(value, Interval(low, high, confidence), n, note, error)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def perfect_sd(ranked: Ranked, confidence: float) -> float:
    """What stands in for a standard deviation of 0: a perfect order of few rows is no proof of a perfect model.

    Wilson's bound for as many hits in as many trials as the smaller class has rows.
    """
    return perfect_share(min(ranked.runs.totals), confidence)


def perfect_share(trials: float, confidence: float = 0.95) -> float:
    """The standard deviation that Wilson's bound gives a share of 0 or 1 of so many trials."""
    z = two_sided(confidence)
    return float(1 - wilson(trials, trials, z)[0]) / z


def logit_interval(value: float, sd: float, z: float) -> tuple[float, float]:
    """A symmetric interval on the logit scale, which keeps it inside 0 to 1; at the ends, the plain one, cut."""
    inside = value * (1 - value)
    if inside < 1e-12:
        return max(0.0, value - z * sd), min(1.0, value + z * sd)
    # Beyond 500 logits a bound is 0 or 1 to the last digit, and its exponential no number.
    centre, half = math.log(value / (1 - value)), min(z * sd / inside, 500.0)
    return 1 / (1 + math.exp(-centre + half)), 1 / (1 + math.exp(-centre - half))


def _interval(low: float, high: float, confidence: float) -> Interval | None:
    return Interval(low, high, confidence) if math.isfinite(low) and math.isfinite(high) else None
