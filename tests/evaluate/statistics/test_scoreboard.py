from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.errors import GatehouseError, NotFound
from gatehouse.evaluate.statistics import ranks
from gatehouse.evaluate.statistics.board import Board
from gatehouse.evaluate.statistics.fairness import Rule
from gatehouse.evaluate.statistics.metrics import names
from gatehouse.evaluate.statistics.rows import Plan
from gatehouse.evaluate.statistics.scoreboard import Scoreboard, batch_of
from tests.evaluate.statistics.cases import cut

ROWS = 300


def _columns(task: str) -> dict[str, Any]:
    random = np.random.default_rng(5)
    n = ROWS
    columns: dict[str, Any] = {
        "sex": [["f", "m", None][code] for code in random.integers(0, 3, n)],
        "old": random.choice([True, False], n),
        "customer": random.integers(0, 60, n),
    }
    if task == "regression":
        truth = random.normal(100, 1, n)
        return columns | {"label": truth, "candidate": truth + random.normal(size=n), "champion": truth * 1.01}
    if task == "binary":
        label = random.integers(0, 2, n)
        score = np.round(np.clip(random.normal(0.3 + 0.3 * label, 0.2), 0, 1), 2)
        return columns | {"label": label, "candidate": score, "champion": random.random(n)}
    label = random.integers(0, 3, n)
    return columns | {
        "label": label,
        "candidate": random.dirichlet(np.ones(3), n),
        "champion": random.dirichlet(np.ones(3), n),
    }


def _answers(board: Board) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in board.plan.metrics:
        found[name] = board.estimate(name)
        found[f"{name} by group"] = board.disparity(
            name, Rule(0.1, depth=2, min_rows=10, min_positives=2, min_negatives=2)
        )
        if name != "expected_calibration_error":
            found[f"{name} compared"] = board.compare(name, 0.01)
    return found


def _same(one: Any, other: Any) -> bool:
    """Equal, numbers to 1e-9."""
    if isinstance(one, float) and isinstance(other, float):
        return one == pytest.approx(other, rel=1e-9, abs=1e-9, nan_ok=True)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(_same(a, b) for a, b in zip(one, other, strict=True))
    if hasattr(one, "__struct_fields__"):
        return type(one) is type(other) and all(
            _same(getattr(one, k), getattr(other, k)) for k in one.__struct_fields__
        )
    return bool(one == other)


@functools.cache
def _whole(task: Any, cluster: str | None) -> tuple[Plan, dict[str, Any]]:
    plan = Plan(
        task,
        names(task),
        models=("candidate", "champion"),
        groups=("sex", "old"),
        cluster=cluster,
        classes=3 if task == "multiclass" else 2,
    )
    scoreboard = Scoreboard(plan)
    scoreboard.update(batch_of(_columns(task)))
    return plan, _answers(scoreboard.finish())


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize("cluster", [None, "customer"])
@settings(deadline=None, max_examples=5)
@given(places=st.lists(st.integers(0, ROWS), min_size=1, max_size=5), travel=st.booleans(), deep=st.booleans())
def test_any_cut_into_batches_and_partitions_gives_the_same_answers(
    task: str, cluster: str | None, places: list[int], travel: bool, deep: bool
) -> None:
    plan, expected = _whole(task, cluster)
    parts = []
    for batch in cut(batch_of(_columns(task)), *places):
        part = Scoreboard(plan)
        for half in cut(batch, batch.num_rows // 2):
            part.update(half)
        parts.append(Scoreboard.from_bytes(plan, part.to_bytes()) if travel else part)
    while len(parts) > 1:
        # Merging from the left, or from the right: merging is associative.
        first, second = (parts[-2], parts.pop()) if deep else (parts[0], parts.pop(1))
        first.merge(second)
    found = _answers(parts[0].finish())
    for name, answer in expected.items():
        assert _same(found[name], answer), f"{name}: {found[name]} is not {answer}"


def test_partitions_of_different_plans_do_not_add_up() -> None:
    one, other = Scoreboard(Plan("binary", ("roc_auc",))), Scoreboard(Plan("binary", ("brier",)))
    with pytest.raises(GatehouseError, match="different plans"):
        one.merge(other)


def test_a_metric_that_was_not_planned_is_refused_unless_counts_will_do() -> None:
    scoreboard = Scoreboard(Plan("binary", ("roc_auc",)))
    scoreboard.update(batch_of({"label": [0, 1], "candidate": [0.2, 0.7]}))
    board = scoreboard.finish()
    assert board.estimate("accuracy").value == 1.0
    with pytest.raises(GatehouseError, match="'brier' was not planned"):
        board.estimate("brier")
    with pytest.raises(NotFound, match="no binary metric 'roc_auk'") as caught:
        board.estimate("roc_auk")
    assert "roc_auc" in caught.value.fix
    with pytest.raises(GatehouseError, match="no predictions of 'champion' here"):
        board.compare("roc_auc")


@pytest.mark.parametrize("label", [0.5, 2.0, -1.0, np.nan])
def test_a_binary_label_is_0_or_1(label: float) -> None:
    scoreboard = Scoreboard(Plan("binary", ("roc_auc",)))
    with pytest.raises(GatehouseError, match="1 rows are not a whole number from 0 to 1"):
        scoreboard.update(batch_of({"label": [0.0, label], "candidate": [0.2, 0.7]}))


def test_the_state_of_the_count_and_sum_metrics_does_not_grow_with_the_rows() -> None:
    plan = Plan("binary", ("log_loss", "accuracy"), groups=("old",))
    batch = batch_of({name: _columns("binary")[name] for name in ("label", "candidate", "old")})
    scoreboard = Scoreboard(plan)
    scoreboard.update(batch)
    once = len(scoreboard.to_bytes())
    for _ in range(20):
        scoreboard.update(batch)
    assert len(scoreboard.to_bytes()) <= once + 100


def test_the_state_of_the_rank_metrics_stays_below_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranks, "RANK_LIMIT", 1000)
    monkeypatch.setattr("gatehouse.evaluate.statistics.scoreboard.RANK_LIMIT", 1000)
    random = np.random.default_rng(3)
    scoreboard = Scoreboard(Plan("binary", ("roc_auc",)))
    for _ in range(5):
        label = random.integers(0, 2, 1000)
        score = random.random(1000) * 0.9 + 0.05 * label
        scoreboard.update(batch_of({"label": label, "candidate": score}))
    board = scoreboard.finish()
    found = board.estimate("roc_auc")
    assert board.scores[0].models[0].rounded
    assert found.error > 0
    assert found.note.startswith("scores rounded to a grid, which moves the value by")
