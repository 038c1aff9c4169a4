"""A metric by group, as arrays: values, their covariance, and the counts behind them. What fairness is judged on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from gatehouse.evaluate.statistics.clustered import covariance as covariance_of
from gatehouse.evaluate.statistics.clustered import influences
from gatehouse.evaluate.statistics.groups import Partition, sums_by_group
from gatehouse.evaluate.statistics.metric import CountMetric, Metric, RankMetric, SumMetric
from gatehouse.evaluate.statistics.parallel import each
from gatehouse.evaluate.statistics.resampling import resampled_counts, resampled_sums
from gatehouse.evaluate.statistics.rows import Floats
from gatehouse.evaluate.statistics.single import perfect_sd, perfect_share

if TYPE_CHECKING:
    from gatehouse.evaluate.statistics.kept import Kept
    from gatehouse.evaluate.statistics.ranked import Part, Ranked, Scores


@dataclass(frozen=True, slots=True)
class Figures:
    """A metric over one partition's G groups; the overall figure stands last in every array, hence G + 1.

    ``values`` is NaN where a group has none. ``covariance`` is (G + 1, G + 1). ``hits`` and ``trials`` are there for a
    plain rate of independent rows, which then gets score intervals instead of the covariance. ``positives`` is None
    in a regression and a multiclass task.
    """

    partition: Partition
    values: Floats
    covariance: Floats
    rows: npt.NDArray[np.int64]
    positives: npt.NDArray[np.int64] | None = None
    hits: Floats | None = None
    trials: Floats | None = None


def figures(board: Kept, metric: Metric, model: int, partition: Partition) -> Figures:
    """The metric of one model over one partition."""
    rows = _with_overall(sums_by_group(partition, board.rows_by_cell))
    positives = _positives(board, partition)
    if isinstance(metric, CountMetric):
        return _of_counts(board, metric, model, partition, rows, positives)
    if isinstance(metric, SumMetric):
        values, covariance = _of_sums(board, metric, model, partition)
    else:
        assert isinstance(metric, RankMetric)
        values, covariance = _of_ranks(board, metric, model, partition)
    return Figures(partition, values, covariance, rows, positives)


def _with_overall(by_group: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.append(by_group, by_group.sum())


def _positives(board: Kept, partition: Partition) -> npt.NDArray[np.int64] | None:
    if board.plan.task != "binary" or board.tally is None:
        return None
    tally = board.tally
    groups = partition.of_cell[tally.cell]
    by_group = np.bincount(groups, tally.counts * tally.label, minlength=len(partition.groups))
    return _with_overall(by_group.astype(np.int64))


def _of_counts(
    board: Kept,
    metric: CountMetric,
    model: int,
    partition: Partition,
    rows: npt.NDArray[np.int64],
    positives: npt.NDArray[np.int64] | None,
) -> Figures:
    assert board.tally is not None
    tally, groups = board.tally, len(partition.groups)
    group = partition.of_cell[tally.cell]
    tables = tally.tables(model, group, groups)
    tables = np.concatenate([tables, tables.sum(axis=0, keepdims=True)])
    values = metric.value(tables)
    if metric.rate is not None and not board.clustered:
        hits, trials = metric.rate(tables)
        with np.errstate(invalid="ignore", divide="ignore"):
            own = np.append(values[:-1] * (1 - values[:-1]) / trials[:-1], values[-1] * (1 - values[-1]) / trials[-1])
            shared = values[:-1] * (1 - values[:-1]) / trials[-1]
        return Figures(partition, values, _bordered(own, shared), rows, positives, hits, trials)
    if board.clustered:
        present, block = np.unique(tally.block, return_inverse=True)
        units = tally.tables(model, block * groups + group, len(present) * groups)
        units = units.reshape(len(present), groups, tally.classes, tally.classes)
        covariance = _replicated(metric, resampled_sums(units))
        return Figures(partition, values, _humbled(covariance, metric, units, values), rows, positives)
    drawn = resampled_counts(tables[:-1].astype(np.int64).ravel()).reshape(-1, *tables[:-1].shape)
    return Figures(partition, values, _replicated(metric, drawn), rows, positives)


def _replicated(metric: CountMetric, drawn: Floats) -> Floats:
    """The covariance of (replicates, G, classes, classes) tables' values, the overall figure's last."""
    return _covariance(metric.value(np.concatenate([drawn, drawn.sum(axis=1, keepdims=True)], axis=1)))


def _humbled(covariance: Floats, metric: CountMetric, units: Floats, values: Floats) -> Floats:
    """A bootstrap of clusters (clusters, G, classes, classes) never moves what is the same in all of them: one cluster
    tells no variance at all, and a rate of 0 or 1 in few of them is no certainty."""
    trials = units.sum(axis=(2, 3)) if metric.rate is None else metric.rate(units)[1]
    there: npt.NDArray[np.bool_] = np.append(trials, trials.sum(axis=1, keepdims=True), axis=1) > 0
    clusters = there.sum(axis=0)
    covariance[clusters < 2, :] = covariance[:, clusters < 2] = np.nan
    if metric.rate is not None:
        still = (np.diag(covariance) == 0) & np.isin(values, (0.0, 1.0))
        covariance[still, still] = np.square([perfect_share(count) for count in clusters[still].tolist()])
    return covariance


def _covariance(replicates: Floats) -> Floats:
    """(G + 1, G + 1) from (replicates, G + 1); a replicate without some group's value says nothing of that group."""
    there = np.isfinite(replicates)
    away = np.where(there, replicates, 0.0)
    count = np.maximum(there.sum(axis=0), 1)
    away = np.where(there, away - away.sum(axis=0) / count, 0.0)
    covariance: Floats = (away.T @ away) / np.maximum(there.T.astype(float) @ there - 1, 1)
    return covariance


def _bordered(own: Floats, shared: Floats) -> Floats:
    """A diagonal of variances, and each group's covariance with the overall figure in the last row and column."""
    covariance = np.diag(own)
    covariance[-1, :-1] = covariance[:-1, -1] = shared
    return covariance


def _of_sums(board: Kept, metric: SumMetric, model: int, partition: Partition) -> tuple[Floats, Floats]:
    summed = board.sums[metric.name]
    if summed.clusters is not None:
        return _of_clusters(metric, summed.clusters.by_group(model, partition.of_cell, len(partition.groups)))
    products = summed.products[model]
    missing = np.zeros((board.coder.cells - len(products), *products.shape[1:]))
    return _of_products(metric, sums_by_group(partition, np.concatenate([products, missing])))


def _of_products(metric: SumMetric, by_group: Floats) -> tuple[Floats, Floats]:
    """Values and covariance by the delta method, from (G, 1 + width, 1 + width) sums of products."""
    every = np.concatenate([by_group, by_group.sum(axis=0, keepdims=True)])
    n = every[:, 0, 0]
    values = metric.value(n, every[:, 0, 1:])
    with np.errstate(invalid="ignore", divide="ignore"):
        means = every[:, 0, 1:] / n[:, None]
        second = every[:, 1:, 1:] / n[:, None, None]
        spread = (second - means[:, :, None] * means[:, None, :]) * (n / (n - 1))[:, None, None]
        slope = _gradient(metric, means)
        own = np.einsum("gi,gij,gj->g", slope, spread, slope) / n
        shared = np.einsum("gi,gij,j->g", slope[:-1], spread[:-1], slope[-1]) / n[-1]
    return values, _bordered(np.maximum(own, 0), shared)


def _of_clusters(metric: SumMetric, by_group: Floats) -> tuple[Floats, Floats]:
    """The same from (G, clusters, 1 + width) sums: rows of one cluster move together, whatever group they are in."""
    every = np.concatenate([by_group, by_group.sum(axis=0, keepdims=True)])
    total = every.sum(axis=1)
    n = total[:, 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        means = total[:, 1:] / n[:, None]
        slope = _gradient(metric, means)
    moved = influences(every, slope, means)
    return metric.value(n, total[:, 1:]), covariance_of(moved, every[..., 0] > 0)


def _gradient(metric: SumMetric, means: Floats) -> Floats:
    """(G, width) derivatives of the metric by the means of its figures, by central differences."""
    one = np.ones(len(means))
    slope = np.empty_like(means)
    for column in range(means.shape[1]):
        step = 1e-5 * np.maximum(np.abs(means[:, column]), 1e-12)
        up, down = means.copy(), means.copy()
        up[:, column] += step
        down[:, column] -= step
        slope[:, column] = (metric.value(one, up) - metric.value(one, down)) / (2 * step)
    return slope


def _of_ranks(board: Kept, metric: RankMetric, model: int, partition: Partition) -> tuple[Floats, Floats]:
    by_class = [_of_one_class(scores, metric, scores.models[model], partition) for scores in board.scores]
    if len(by_class) == 1:
        return by_class[0]
    values = np.mean([values for values, _ in by_class], axis=0)
    # Classes share their rows. The sd of a mean is at most the mean of the sds; what groups share with the overall
    # figure is left out, which makes a gap's sd larger, never smaller.
    sds = np.mean([np.sqrt(np.diag(covariance)) for _, covariance in by_class], axis=0)
    return values, np.diag(np.square(sds))


def _of_one_class(scores: Scores, metric: RankMetric, ranked: Ranked, partition: Partition) -> tuple[Floats, Floats]:
    groups = len(partition.groups)
    group = partition.of_cell[scores.cells]
    overall = ranked.measured(metric.part)
    split = ranked.split(group, groups)
    parts = each(metric.part, [own for own, _ in split])
    values = np.array([*(part.value for part in parts), overall.value])
    if scores.blocks is not None:
        return values, _clustered_covariance(parts, overall, split, scores.blocks)
    own = np.array(
        [*(_squares(part, one) for part, (one, _) in zip(parts, split, strict=True)), _squares(overall, ranked)]
    )
    shared = [_product(part, overall.influence[where], one) for part, (one, where) in zip(parts, split, strict=True)]
    return values, _bordered(own, np.array(shared))


def _product(part: Part, other: Floats, ranked: Ranked) -> float:
    weight = 1.0 if ranked.weight is None else ranked.weight
    return float((weight * part.influence * other).sum())


def _squares(part: Part, ranked: Ranked) -> float:
    """A part's variance; a perfect order of few rows has some too."""
    squares = _product(part, part.influence, ranked)
    return squares if squares or not np.isfinite(part.value) else perfect_sd(ranked, 0.95) ** 2


def _clustered_covariance(
    parts: list[Part], overall: Part, split: list[tuple[Ranked, npt.NDArray[np.int64]]], blocks: npt.NDArray[np.int64]
) -> Floats:
    """Groups that share clusters move together: (G + 1, G + 1) products of the clusters' summed influences."""
    present, cluster = np.unique(blocks, return_inverse=True)
    weights = [np.ones(len(where)) if ranked.weight is None else ranked.weight for ranked, where in split]
    moved, there = np.zeros((len(parts) + 1, len(present))), np.zeros((len(parts) + 1, len(present)), bool)
    for index, (part, weight, (_, where)) in enumerate(zip(parts, weights, split, strict=True)):
        moved[index] = np.bincount(cluster[where], weight * part.influence, minlength=len(present))
        moved[-1] += np.bincount(cluster[where], weight * overall.influence[where], minlength=len(present))
        there[index, cluster[where]] = True
    there[-1] = True
    covariance = covariance_of(moved, there)
    for index, part in enumerate(parts):
        if not covariance[index, index] and np.isfinite(part.value):
            covariance[index, index] = perfect_share(int(there[index].sum())) ** 2
    return covariance
