from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as peer

from gatehouse.evaluate.statistics.calibration import debiased, expected_calibration_error
from gatehouse.evaluate.statistics.grid import grid_code
from gatehouse.evaluate.statistics.ranked import Ranked, Scores
from gatehouse.evaluate.statistics.ranking import average_precision, roc_auc, roc_points
from gatehouse.evaluate.statistics.ranks import Ranks
from gatehouse.evaluate.statistics.rows import Plan, Rows
from tests.evaluate.statistics.cases import Floats, binary

ONE_CELL = np.zeros(1, np.int64)


def _rows(label: Floats, *scores: Floats, cells: int = 2) -> Rows:
    n = len(label)
    none = np.zeros(len(scores), np.int64)
    return Rows(label, scores, np.arange(n) % cells, None, none, none)


def _made(n: int, seed: int = 0) -> tuple[Floats, Floats, Floats]:
    random = np.random.default_rng(seed)
    label = (random.random(n) < 0.3).astype(float)
    one = 1 / (1 + np.exp(-random.normal(2 * label, 1.5)))
    return label, one, np.clip(one + random.normal(0, 0.1, n), 0, 1)


def _finished(parts: list[Rows], limit: int, cell_limit: int, split: int) -> Scores:
    plan = Plan("binary", (), models=("a", "b"))
    kernels = []
    for start in range(0, len(parts), split):
        kernel = Ranks(plan, 1, limit, cell_limit)
        for rows in parts[start : start + split]:
            kernel.update(rows)
        again = Ranks(plan, 1, limit, cell_limit)
        again.load(kernel.to_bytes())
        kernels.append(again)
    while len(kernels) > 1:
        last = kernels.pop()
        kernels[-1].merge(last, np.arange(2))
    return kernels[0].finish()


@pytest.mark.parametrize("cell_limit", [300, 1_000_000])
def test_above_the_limit_what_is_kept_depends_on_the_rows_alone(cell_limit: int) -> None:
    label, one, other = _made(4000)
    parts = [_rows(label[i : i + 400], one[i : i + 400], other[i : i + 400]) for i in range(0, 4000, 400)]
    whole = _finished([_rows(label, one, other)], 1000, cell_limit, 1)
    assert whole.models[0].rounded
    assert len(whole.cells) <= cell_limit
    for split in (1, 3, 10):
        found = _finished(parts, 1000, cell_limit, split)
        for ours, theirs in zip(found.models, whole.models, strict=True):
            assert ours.score.tolist() == theirs.score.tolist()
            assert ours.label.tolist() == theirs.label.tolist()
            assert ours.weight is not None
            assert theirs.weight is not None
            assert ours.weight.tolist() == theirs.weight.tolist()


@pytest.mark.parametrize("cell_limit", [200, 2000, 1_000_000])
def test_rounding_moves_no_figure_further_than_its_bound(cell_limit: int) -> None:
    label, one, other = _made(6000, 1)
    found = _finished([_rows(label, one, other)], 100, cell_limit, 1)
    for ranked, score in zip(found.models, (one, other), strict=True):
        for part, exact in (
            (roc_auc(ranked), peer.roc_auc_score(label, score)),
            (average_precision(ranked), peer.average_precision_score(label, score)),
        ):
            assert part.n == 6000
            assert 0 < part.error < {200: 0.3, 2000: 0.1, 1_000_000: 0.01}[cell_limit]
            assert abs(part.value - exact) <= part.error
    exactly = roc_auc(Ranked(label.astype(np.uint8), one))
    rounded = roc_auc(found.models[0])
    weight = found.models[0].weight
    assert weight is not None
    variance = (weight * np.square(rounded.influence)).sum()
    assert variance == pytest.approx(np.square(exactly.influence).sum(), rel=0.05)


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=50))
def test_the_grid_keeps_the_order(values: list[float]) -> None:
    ordered = np.sort(np.array(values))
    codes = grid_code(ordered).astype(np.int64)
    assert (np.diff(codes) >= 0).all()
    assert codes.min() >= 0
    assert codes.max() <= 65_535


def test_scores_that_repeat_stay_exact_at_any_number_of_rows() -> None:
    label, one, other = _made(6000, 2)
    found = _finished([_rows(label, one.round(2), other.round(1))], 100, 1_000_000, 1)
    for ranked, score in zip(found.models, (one.round(2), other.round(1)), strict=True):
        for metric in (roc_auc, average_precision, expected_calibration_error):
            rounded, exact = metric(ranked), metric(Ranked(label.astype(np.uint8), score))
            assert rounded.value == pytest.approx(exact.value, abs=1e-12)
            assert rounded.error == 0.0


@settings(deadline=None, max_examples=60)
@given(binary(least=2))
def test_the_influences_add_up_to_nothing(case: tuple[Floats, Floats]) -> None:
    label, score = case
    ranked = Ranked(label.astype(np.uint8), score)
    for metric in (roc_auc, average_precision):
        part = metric(ranked)
        if np.isfinite(part.value) and np.isfinite(part.influence).all():
            assert part.influence.sum() == pytest.approx(0, abs=1e-9)


@settings(deadline=None, max_examples=40)
@given(binary(least=3), st.integers(0, 59))
def test_the_influence_of_a_row_is_the_derivative_by_its_weight(case: tuple[Floats, Floats], row: int) -> None:
    label, score = case
    row %= len(label)
    one = np.ones(len(label))
    more = one.copy()
    more[row] += 1e-6
    base = average_precision(Ranked(label.astype(np.uint8), score, one))
    if np.isfinite(base.value):
        moved = average_precision(Ranked(label.astype(np.uint8), score, more))
        assert (moved.value - base.value) / 1e-6 == pytest.approx(base.influence[row], abs=1e-4)


def test_a_split_shares_the_sort_and_gives_every_group_its_rows() -> None:
    label, score, _ = _made(500)
    group = np.arange(500) % 7
    ranked = Ranked(label.astype(np.uint8), score)
    for number, (part, where) in enumerate(ranked.split(group, 7)):
        assert sorted(where.tolist()) == np.flatnonzero(group == number).tolist()
        assert roc_auc(part).value == pytest.approx(
            peer.roc_auc_score(label[group == number], score[group == number]), abs=1e-12
        )


def test_the_roc_curve_runs_from_corner_to_corner_and_holds_its_area() -> None:
    label, score, _ = _made(5000)
    points = roc_points(Ranked(label.astype(np.uint8), score), 500)
    x, y = np.array(points).T
    assert points[0] == (0.0, 0.0)
    assert points[-1] == (1.0, 1.0)
    assert (np.diff(x) >= 0).all()
    assert np.trapezoid(y, x) == pytest.approx(peer.roc_auc_score(label, score), abs=1e-3)
    assert roc_points(Ranked(np.zeros(3, np.uint8), np.arange(3.0))) == []


def test_a_calibrated_model_has_hardly_any_calibration_error() -> None:
    random = np.random.default_rng(0)
    plain, corrected = [], []
    for _ in range(60):
        p = random.random(500)
        label = (random.random(500) < p).astype(np.uint8)
        corrected.append(expected_calibration_error(Ranked(label, p)).value)
        bins = np.argsort(np.argsort(p)) * 15 // 500
        gaps = [abs((p - label)[bins == b].mean()) * (bins == b).mean() for b in range(15)]
        plain.append(sum(gaps))
    assert np.mean(plain) > 0.04
    assert np.mean(corrected) < 0.6 * np.mean(plain)


def test_a_miscalibrated_model_keeps_its_error() -> None:
    random = np.random.default_rng(1)
    p = random.random(20_000)
    label = (random.random(20_000) < p**2).astype(np.uint8)
    truth = float(np.abs(p - p**2).mean())
    assert expected_calibration_error(Ranked(label, p)).value == pytest.approx(truth, abs=0.01)


def test_without_noise_nothing_is_subtracted() -> None:
    assert debiased(np.array([0.2, -0.1]), np.zeros(2), np.array([0.5, 0.5])) == pytest.approx(0.15)
