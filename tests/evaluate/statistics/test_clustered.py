from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gatehouse.evaluate.statistics.clustered import ByCluster
from gatehouse.evaluate.statistics.rows import Plan
from gatehouse.evaluate.statistics.scoreboard import Scoreboard, batch_of
from tests.evaluate.statistics.cases import boarded, cut

PLAN = Plan("regression", ("rmse", "r2"), models=("candidate", "champion"), groups=("group",), cluster="who")


def _world(n: int, seed: int = 0) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    who = random.integers(0, 40, n)
    label = 1e6 + random.normal(50, 10, n)
    return {
        "label": label,
        "candidate": label + random.normal(0, 1, n) + who / 20,
        "champion": label + random.normal(0, 2, n),
        "group": random.choice(["a", "b", "c"], n),
        "who": who,
    }


@pytest.mark.parametrize("travel", [False, True])
def test_any_cut_gives_the_same_figures_of_groups(travel: bool) -> None:
    batch = batch_of(_world(900))
    whole = boarded("regression", PLAN.metrics, _world(900), models=PLAN.models, groups=PLAN.groups, cluster="who")
    parts = []
    for piece in cut(batch, 1, 200, 200, 899):
        part = Scoreboard(PLAN)
        part.update(piece)
        parts.append(Scoreboard.from_bytes(PLAN, part.to_bytes()) if travel else part)
    for part in parts[1:]:
        parts[0].merge(part)
    again = parts[0].finish()
    for metric in PLAN.metrics:
        (one,), (other,) = whole.coder.partitions(), again.coder.partitions()
        ours, theirs = whole.figures(metric, "champion", one), again.figures(metric, "champion", other)
        assert theirs.values == pytest.approx(ours.values, abs=1e-9)
        assert theirs.covariance == pytest.approx(ours.covariance, rel=1e-6, abs=1e-12)
        assert again.compare(metric).p_value == whole.compare(metric).p_value


def test_the_covariance_is_that_of_cluster_totals() -> None:
    columns = _world(600, 1)
    board = boarded("regression", ("mae",), columns, groups=("group",), cluster="who")
    (partition,) = board.coder.partitions()
    found = board.figures("mae", "candidate", partition)
    error, group, who = np.abs(columns["label"] - columns["candidate"]), columns["group"], columns["who"]
    moved = np.zeros((4, 40))
    for index, mine in enumerate([group == "a", group == "b", group == "c", group != ""]):
        away = np.where(mine, error - error[mine].mean(), 0.0)
        clusters = len(np.unique(who[mine]))
        moved[index] = np.bincount(who, away, minlength=40) / mine.sum() * np.sqrt(clusters / (clusters - 1))
    assert found.covariance == pytest.approx(moved @ moved.T, abs=1e-12)


def test_one_row_a_cluster_is_what_independent_rows_are() -> None:
    columns = _world(60, 2)
    columns["who"] = np.arange(60)
    alone = boarded("regression", ("mae",), columns, groups=("group",))
    aware = boarded("regression", ("mae",), columns, groups=("group",), cluster="who")
    (one,), (other,) = alone.coder.partitions(), aware.coder.partitions()
    ours, theirs = alone.figures("mae", "candidate", one), aware.figures("mae", "candidate", other)
    assert np.diag(theirs.covariance) == pytest.approx(np.diag(ours.covariance), rel=1e-9)
    assert alone.estimate("mae").value == pytest.approx(aware.estimate("mae").value, abs=1e-12)


def test_more_rows_than_wait_are_added_up_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatehouse.evaluate.statistics.clustered._WAITING", 10)
    random = np.random.default_rng(3)
    kernel, total = ByCluster(1, 1), np.zeros((3, 7))
    for _ in range(20):
        cells, blocks, figures = random.integers(0, 3, 8), random.integers(0, 7, 8), random.random((1, 8, 1))
        kernel.update(cells, blocks, figures)
        np.add.at(total, (cells, blocks), figures[0, :, 0])
    found = kernel.finish()
    assert found.by_group(0, np.arange(3), 3)[..., 0] == pytest.approx(total)
    assert len(kernel.keys) <= 21


@pytest.mark.parametrize("metric", ["roc_auc", "accuracy", "brier", "f1"])
def test_two_models_on_one_cluster_cannot_be_compared(metric: str) -> None:
    random = np.random.default_rng(4)
    label = random.integers(0, 2, 200).astype(float)
    columns = {"label": label, "candidate": label, "champion": random.random(200), "who": [7] * 200}
    found = boarded("binary", (metric,), columns, models=("candidate", "champion"), cluster="who").compare(metric)
    assert found.conclusion == "unknown"
    assert found.difference.note == "too few rows or clusters for a test"


def test_a_rate_of_1_in_few_clusters_has_an_interval_of_as_many_trials() -> None:
    columns = {"label": [1.0] * 300, "candidate": [0.9] * 300, "who": np.repeat([1, 2, 3], 100)}
    found = boarded("binary", (), columns, cluster="who").estimate("tpr")
    assert (found.value, found.n) == (1.0, 300)
    assert found.interval is not None
    assert found.interval.low == pytest.approx(3 / (3 + 1.959964**2), abs=1e-6)
