"""The demo's story holds by a wide margin, measured here with plain numpy and nothing of gatehouse's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri

from tests.world import data
from tests.world.recipes import CREDIT_RISK, Fitted, fit

Array = np.ndarray[Any, Any]
Measure = Callable[[Array, Array], tuple[float, float]]
THRESHOLD = 0.3
LIMIT = 0.05


@cache
def rows() -> pd.DataFrame:
    return data.evaluation()


@cache
def fitted(version: int) -> Fitted:
    return fit(CREDIT_RISK[version - 1])


@cache
def scores(version: int) -> Array:
    return fitted(version).score(rows())


def placements(score: Array, label: Array) -> tuple[Array, Array]:
    """For each positive the share of negatives below it, and the reverse; ties count one half (DeLong 1988)."""
    good, bad = np.sort(score[label == 0]), np.sort(score[label == 1])

    def below(among: Array, values: Array) -> Array:
        both = np.searchsorted(among, values, "left") + np.searchsorted(among, values, "right")
        share: Array = both / 2 / len(among)
        return share

    return below(good, score[label == 1]), 1 - below(bad, score[label == 0])


def auc(score: Array, label: Array) -> tuple[float, float]:
    """The AUC and its standard error (DeLong)."""
    positive, negative = placements(score, label)
    return float(positive.mean()), float(np.sqrt(positive.var() / len(positive) + negative.var() / len(negative)))


def gain(candidate: int, champion: int) -> tuple[float, float]:
    """The paired difference of two versions' AUC on the same rows, and its standard error."""
    label = rows()[data.LABEL].to_numpy()
    pairs = zip(placements(scores(candidate), label), placements(scores(champion), label), strict=True)
    positive, negative = (one - other for one, other in pairs)
    error = np.sqrt(positive.var() / len(positive) + negative.var() / len(negative))
    return float(positive.mean()), float(error)


def decision(answer: int | None) -> Measure:
    """The rate of declines among the rows with this label (None: among all), with its standard error."""

    def rate(score: Array, label: Array) -> tuple[float, float]:
        said = score[label == answer] >= THRESHOLD if answer is not None else score >= THRESHOLD
        return float(said.mean()), float(said.std() / np.sqrt(len(said)))

    return rate


def gaps(version: int, column: str, measure: Measure = auc) -> dict[tuple[str, str], tuple[float, float, float]]:
    """Each pair of groups: the gap, and its bounds simultaneous over all pairs (Bonferroni, 95 % one-sided)."""
    label, groups = rows()[data.LABEL].to_numpy(), rows()[column].to_numpy()
    measured = {name: measure(scores(version)[groups == name], label[groups == name]) for name in np.unique(groups)}
    pairs = list(combinations(measured, 2))
    z = float(-ndtri(0.05 / len(pairs)))
    found = {}
    for one, other in pairs:
        gap = abs(measured[one][0] - measured[other][0])
        error = float(np.hypot(measured[one][1], measured[other][1]))
        found[one, other] = (gap, gap - z * error, gap + z * error)
    return found


def declined(version: int) -> dict[str, float]:
    """The share of each size of business that would be declined."""
    return dict((rows().assign(no=scores(version) >= THRESHOLD)).groupby("business_size")["no"].mean())


def psi(before: pd.Series[Any], after: pd.Series[Any]) -> float:
    """The population stability index over the deciles of ``before``, or over categories; missing is a bin."""
    if before.dtype.kind in "fi":
        edges = np.unique(np.nanquantile(before, np.linspace(0.1, 0.9, 9)))
        kinds = [np.where(s.isna(), -1, np.searchsorted(edges, s.to_numpy(float))) for s in (before, after)]
    else:
        kinds = [s.astype(str).to_numpy() for s in (before, after)]
    bins = np.unique(np.concatenate(kinds))
    p, q = (np.array([(kind == b).sum() + 0.5 for b in bins]) for kind in kinds)
    p, q = p / p.sum(), q / q.sum()
    return float(((p - q) * np.log(p / q)).sum())


@pytest.mark.parametrize("version", [2, 3])
def test_later_versions_beat_the_first_by_far_more_than_the_margin(version: int) -> None:
    difference, error = gain(version, 1)
    assert difference - float(ndtri(0.95)) * error > 0.005 + 0.02


def test_the_trap_looks_best_on_its_own_hold_out() -> None:
    own = {version: fitted(version).metrics["roc_auc"] for version in (1, 2, 3)}
    assert own[2] > own[3] + 0.02 > own[1]


@pytest.mark.parametrize("version", [1, 3])
@pytest.mark.parametrize("column", data.GROUPS)
def test_honest_versions_serve_every_group_alike(version: int, column: str) -> None:
    for measure in (auc, decision(None), decision(1), decision(0)):
        assert max(high for _, _, high in gaps(version, column, measure).values()) < LIMIT


def test_the_trap_is_worse_for_small_businesses_beyond_doubt() -> None:
    beyond = {pair for pair, (_, low, _) in gaps(2, "business_size").items() if low > 2 * LIMIT}
    assert beyond == {pair for pair in gaps(2, "business_size") if "small" in pair}


def test_the_trap_declines_small_businesses_twice_as_often_as_anyone_else() -> None:
    shares = declined(2)
    assert shares["small"] > 2 * max(share for size, share in shares.items() if size != "small")


def test_drift_shows_inflation_mildly_and_the_trap_not_at_all() -> None:
    now = data.production()
    features = sorted({name for recipe in CREDIT_RISK for name in recipe.features})
    for version in (1, 2, 3):
        training = fitted(version).training
        shifted = {name for name in features if psi(training[name], now[name]) > 0.05}
        assert shifted == {"annual_revenue"}
        assert psi(training["annual_revenue"], now["annual_revenue"]) < 0.15
    assert psi(fitted(2).training["account_package"], now["account_package"]) < 0.005


def test_the_same_seed_gives_the_same_applications() -> None:
    once = data.applications(500, seed=7)
    pd.testing.assert_frame_equal(once, data.applications(500, seed=7))
    assert not once["amount"].equals(data.applications(500, seed=8)["amount"])


def test_groups_are_equally_risky_so_that_a_gap_is_the_models_doing() -> None:
    for column in data.GROUPS:
        rates = rows().groupby(column)[data.LABEL].mean()
        assert rates.max() - rates.min() < 0.015
