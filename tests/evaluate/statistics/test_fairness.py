from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as peer

from gatehouse.evaluate.statistics.fairness import Disparity, Kind, Rule
from gatehouse.evaluate.statistics.gaps import holm
from gatehouse.verdict import Outcome
from tests.evaluate.statistics.cases import boarded

LOOSE = Rule(0.1, min_rows=1, min_positives=0, min_negatives=0)


def _world(n: int, seed: int = 0, groups: int = 3) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    label = (random.random(n) < 0.4).astype(float)
    score = np.round(1 / (1 + np.exp(-random.normal(label, 1))), 2)
    return {"label": label, "candidate": score, "group": random.integers(0, groups, n).astype(str).tolist()}


def _values(found: Disparity, metric: str) -> dict[str, float | None]:
    return {one.group: one.estimate.value for one in found.groups if one.metric == metric}


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 200), st.integers(0, 9999))
def test_every_group_has_the_metric_of_its_own_rows(n: int, seed: int) -> None:
    columns = _world(n, seed)
    names = ("roc_auc", "average_precision", "log_loss", "tpr", "fpr", "selection_rate", "precision", "f1")
    board = boarded("binary", names, columns, groups=("group",))
    for name in names:
        found = _values(board.disparity(name, LOOSE), name)
        for group in set(columns["group"]):
            mine = np.array(columns["group"]) == group
            alone = boarded(
                "binary", (name,), {"label": columns["label"][mine], "candidate": columns["candidate"][mine]}
            ).estimate(name)
            if found:  # nothing is compared where even all rows together have no value
                assert found[f"group={group}"] == pytest.approx(alone.value, abs=1e-9), name


def _reference(columns: dict[str, Any], rate: Any) -> list[float]:
    """fairlearn's MetricFrame in four lines: the rate of each group."""
    group = np.array(columns["group"])
    decided = (columns["candidate"] >= 0.5).astype(float)
    return [rate(columns["label"][group == name], decided[group == name]) for name in sorted(set(group))]


@settings(deadline=None, max_examples=30)
@given(st.integers(30, 400), st.integers(0, 9999))
def test_criteria_are_the_known_definitions(n: int, seed: int) -> None:
    columns = _world(n, seed)
    board = boarded("binary", (), columns, groups=("group",))
    selection = _reference(columns, lambda label, decided: float(decided.mean()))
    tpr = _reference(columns, lambda label, decided: peer.recall_score(label, decided, zero_division=np.nan))
    fpr = _reference(
        columns, lambda label, decided: 1 - peer.recall_score(1 - label, 1 - decided, zero_division=np.nan)
    )
    found = board.disparity("demographic_parity", LOOSE)
    assert found.value == pytest.approx(max(selection) - min(selection), abs=1e-9)
    ratio = board.disparity("demographic_parity", msgspec.structs.replace(LOOSE, kind=Kind.RATIO, limit=0.8))
    if min(selection) > 0:
        assert ratio.value == pytest.approx(min(selection) / max(selection), abs=1e-9)
    if not np.isnan([*tpr, *fpr]).any():
        gaps = max(tpr) - min(tpr), max(fpr) - min(fpr)
        assert board.disparity("equal_opportunity", LOOSE).value == pytest.approx(gaps[0], abs=1e-9)
        assert board.disparity("equalized_odds", LOOSE).value == pytest.approx(max(gaps), abs=1e-9)
    overall = board.disparity("selection_rate", msgspec.structs.replace(LOOSE, kind=Kind.OVERALL))
    mean = float((columns["candidate"] >= 0.5).mean())
    assert overall.value == pytest.approx(max(abs(one - mean) for one in selection), abs=1e-9)


def _two(n: int, rates: tuple[float, float]) -> Disparity:
    """Two groups of n rows each with exactly these selection rates."""
    decided = np.concatenate([(np.arange(n) < round(rate * n)) for rate in rates]).astype(float)
    columns = {"label": np.tile([0.0, 1.0], n), "candidate": decided, "g": ["a"] * n + ["b"] * n}
    return boarded("binary", (), columns, groups=("g",)).disparity("demographic_parity", Rule(0.1))


def test_a_gap_passes_fails_or_is_left_open_by_its_bounds() -> None:
    assert _two(10_000, (0.50, 0.55)).outcome is Outcome.PASS
    assert _two(10_000, (0.50, 0.65)).outcome is Outcome.FAIL
    open_one = _two(200, (0.50, 0.55))
    assert open_one.outcome is Outcome.INSUFFICIENT
    assert open_one.worst is not None
    assert open_one.worst.needed.startswith("g=a needs about ")
    # The gap itself is over the limit, and still nothing is proven on so few rows.
    assert _two(200, (0.50, 0.62)).outcome is Outcome.INSUFFICIENT


def test_the_rows_that_are_asked_for_decide() -> None:
    found = _two(200, (0.50, 0.55)).worst
    assert found is not None
    rows = int(found.needed.split("about ")[1].split(" ")[0].replace(",", ""))
    assert _two(200 + rows, (0.50, 0.55)).outcome is Outcome.PASS


def test_the_interval_runs_from_the_bound_that_fails_to_the_bound_that_passes() -> None:
    found = _two(1000, (0.5, 0.7))
    assert found.interval is not None
    assert found.value == pytest.approx(0.2)
    assert 0.1 < found.interval.low < 0.2 < found.interval.high < 0.3


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("metric", ["tpr", "roc_auc", "log_loss", "f1"])
def test_one_group_is_nothing_to_compare(kind: Kind, metric: str) -> None:
    columns = _world(300) | {"group": ["x"] * 300}
    board = boarded("binary", ("roc_auc", "log_loss"), columns, groups=("group",))
    found = board.disparity(metric, Rule(0.5, kind))
    if kind is Kind.OVERALL:
        assert found.value == pytest.approx(0, abs=1e-9)
        assert found.outcome is Outcome.PASS
    else:
        assert found.value is None
        assert found.outcome is Outcome.INSUFFICIENT
        assert "fewer than two groups can be judged" in found.notes


def test_small_and_one_class_groups_are_reported_and_block_only_by_policy() -> None:
    columns = _world(3000, groups=2)
    columns["group"][:5] = ["tiny"] * 5
    columns["group"][5:105] = ["ones"] * 100
    columns["label"][5:105] = 1.0
    board = boarded("binary", ("roc_auc",), columns, groups=("group",))
    found = board.disparity("roc_auc", Rule(0.2, min_positives=1, min_negatives=0))
    status = {one.group: one.status for one in found.groups}
    assert status == {"group=0": "judged", "group=1": "judged", "group=ones": "undefined", "group=tiny": "small"}
    assert len(found.gaps) == 1
    assert found.outcome is Outcome.PASS
    assert any(note.startswith("group=ones: roc_auc has no value: one class only") for note in found.notes)
    assert any(note.startswith("group=tiny: too small to be judged by roc_auc (5 rows") for note in found.notes)
    strict = board.disparity("roc_auc", Rule(0.2, min_positives=1, min_negatives=0, small="insufficient"))
    assert strict.outcome is Outcome.INSUFFICIENT


def test_a_group_without_positives_has_no_tpr_rather_than_one_of_0() -> None:
    columns = _world(400, groups=2)
    columns["label"][np.array(columns["group"]) == "0"] = 0.0
    found = boarded("binary", (), columns, groups=("group",)).disparity("tpr", LOOSE)
    zero = next(one for one in found.groups if one.group == "group=0")
    assert zero.estimate.value is None
    assert zero.estimate.note == "no positives"
    assert zero.status == "undefined"


def test_the_minimums_hold_at_the_edge() -> None:
    columns = {"label": [0, 1] * 50, "candidate": [0.2, 0.8] * 50, "g": ["a"] * 50 + ["b"] * 50}
    board = boarded("binary", (), columns, groups=("g",))
    for rule, status in [
        (Rule(0.1, min_rows=50, min_positives=25, min_negatives=25), "judged"),
        (Rule(0.1, min_rows=51, min_positives=25, min_negatives=25), "small"),
        (Rule(0.1, min_rows=50, min_positives=26, min_negatives=25), "small"),
        (Rule(0.1, min_rows=50, min_positives=25, min_negatives=26), "small"),
    ]:
        assert {one.status for one in board.disparity("tpr", rule).groups} == {status}


def test_a_model_that_answers_nan_fails_whatever_the_groups() -> None:
    columns = _world(300)
    columns["candidate"][7] = np.nan
    found = boarded("binary", ("roc_auc",), columns, groups=("group",)).disparity("roc_auc", LOOSE)
    assert found.outcome is Outcome.FAIL
    assert found.notes == ("roc_auc: 1 of 300 predictions are not finite numbers",)


def test_a_table_of_one_class_cannot_be_judged() -> None:
    columns = _world(300) | {"label": np.ones(300)}
    found = boarded("binary", ("roc_auc",), columns, groups=("group",)).disparity("roc_auc", LOOSE)
    assert found.outcome is Outcome.INSUFFICIENT


def test_intersections_find_what_single_columns_hide() -> None:
    n = 8000
    a, b = np.tile([0, 1], n // 2), np.repeat([0, 1], n // 2)
    # Both groups of either column are selected half the time; their intersections are not.
    decided = np.where((a == b), np.arange(n) % 10 < 8, np.arange(n) % 10 < 2).astype(float)
    columns = {"label": np.zeros(n), "candidate": decided, "a": a.astype(str), "b": b.astype(str)}
    columns["label"][::3] = 1
    board = boarded("binary", (), columns, groups=("a", "b"))
    assert board.disparity("selection_rate", Rule(0.1)).outcome is Outcome.PASS
    deep = board.disparity("selection_rate", Rule(0.1, depth=2))
    assert deep.outcome is Outcome.FAIL
    assert deep.worst is not None
    assert deep.worst.value == pytest.approx(0.6, abs=0.01)


def test_the_four_fifths_rule_at_its_edge() -> None:
    def judged(low: float) -> Disparity:
        n = 100_000
        decided = np.concatenate([(np.arange(n) < round(rate * n)) for rate in (0.5, low)]).astype(float)
        columns = {"label": np.tile([0.0, 1.0], n), "candidate": decided, "g": ["a"] * n + ["b"] * n}
        return boarded("binary", (), columns, groups=("g",)).disparity("selection_rate", Rule(0.8, Kind.RATIO))

    assert judged(0.41).outcome is Outcome.PASS
    assert judged(0.40).outcome is Outcome.INSUFFICIENT
    assert judged(0.39).outcome is Outcome.FAIL
    assert judged(0.40).value == pytest.approx(0.8)
    interval = judged(0.40).interval
    assert interval is not None
    assert interval.low < 0.8 < interval.high


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_rejects_step_by_step(p_values: list[float]) -> None:
    found = holm(np.array(p_values), 0.05)
    expected = [False] * len(p_values)
    for step, index in enumerate(np.argsort(p_values, kind="stable")):
        if p_values[index] > 0.05 / (len(p_values) - step):
            break
        expected[index] = True
    assert found.tolist() == expected


def test_regression_groups_are_judged_by_their_errors() -> None:
    random = np.random.default_rng(2)
    n = 4000
    label = random.normal(50, 10, n)
    group = np.where(np.arange(n) < n // 2, "a", "b")
    prediction = label + random.normal(0, 1, n) * np.where(group == "b", 2.0, 1.0)
    columns = {"label": label, "candidate": prediction, "g": group}
    board = boarded("regression", ("rmse", "mae", "r2"), columns, groups=("g",))
    found = board.disparity("rmse", Rule(0.5))
    assert found.outcome is Outcome.FAIL
    assert found.groups[0].positives is None
    gap = found.worst
    assert gap is not None
    residual = np.square(label - prediction)
    sds = [
        np.sqrt(residual[group == name].var(ddof=1) / (n // 2)) / 2 / np.sqrt(residual[group == name].mean())
        for name in ("a", "b")
    ]
    half = stats.norm.ppf(0.95) * math.hypot(*sds)
    assert gap.interval.high - gap.value == pytest.approx(half, rel=1e-4)
    assert board.disparity("r2", Rule(0.5)).outcome is Outcome.PASS


def test_clusters_count_in_the_bounds_of_groups_whatever_the_metric() -> None:
    columns = _world(600, groups=2)
    repeated = {name: np.repeat(values, 8) for name, values in columns.items()} | {"who": np.repeat(np.arange(600), 8)}
    names = ("roc_auc", "brier", "log_loss")
    alone = boarded("binary", names, columns, groups=("group",))
    aware = boarded("binary", names, repeated, groups=("group",), cluster="who")
    for metric in ("roc_auc", "brier", "log_loss", "tpr", "f1"):
        widths = []
        for board in (alone, aware):
            worst = board.disparity(metric, LOOSE).worst
            assert worst is not None
            widths.append(worst.interval.high - worst.value)
        assert widths[1] == pytest.approx(widths[0], rel=0.15), metric
        assert aware.disparity(metric, LOOSE).notes == ()
    assert aware.estimate("tpr").n == int(repeated["label"].sum())


@pytest.mark.parametrize("metric", ["roc_auc", "brier", "tpr", "f1"])
def test_a_group_whose_rows_lie_in_one_cluster_proves_nothing(metric: str) -> None:
    columns = _world(2000, groups=2)
    group = np.array(columns["group"])
    columns["who"] = np.where(group == "1", -1, np.arange(2000))
    columns["candidate"] = np.where(group == "1", 1 - columns["label"], columns["candidate"])
    found = boarded("binary", ("roc_auc", "brier"), columns, groups=("group",), cluster="who").disparity(metric, LOOSE)
    assert found.value is not None
    assert found.value > 0.1
    assert found.outcome is Outcome.INSUFFICIENT
    assert next(one for one in found.groups if one.group == "group=1").estimate.interval is None


def test_a_rate_that_is_the_same_in_a_few_clusters_is_no_certainty() -> None:
    def gap(clusters: int) -> Disparity:
        rows = 100 * clusters
        columns = {"label": np.tile([0.0, 1.0], rows), "candidate": np.tile([0.0, 1.0], rows)}
        columns |= {"g": np.repeat(["a", "b"], rows), "who": np.repeat(np.arange(2 * clusters), 100)}
        return boarded("binary", ("roc_auc",), columns, groups=("g",), cluster="who").disparity("tpr", Rule(0.05))

    assert gap(10).outcome is Outcome.INSUFFICIENT
    assert gap(400).outcome is Outcome.PASS


def test_a_gap_on_the_limit_asks_for_no_fantastic_number_of_rows() -> None:
    found = _two(1000, (0.5, 0.5999)).worst
    assert found is not None
    assert found.needed == "the gap lies on the limit: no number of rows that can be had decides it"
