"""However a table is cut into partitions and batches, what comes out of a kernel is what one pass says."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from gatehouse.declare.types import Banding
from gatehouse.evaluate.labels import Survey
from gatehouse.evaluate.missing import Missing
from gatehouse.evaluate.statistics.drift import Binner
from gatehouse.evaluate.statistics.profile import Profile, Profiler
from gatehouse.evaluate.statistics.rows import Plan
from gatehouse.evaluate.statistics.scoreboard import Scoreboard, batch_of
from gatehouse.evaluate.table import Recipe
from tests.evaluate.alike import differences
from tests.evaluate.made import EVALUATION

ROWS = 600
CUTS = some.lists(some.integers(0, ROWS), max_size=6).map(sorted)
GROUPS: tuple[str | Banding, ...] = ("region", Banding("age_band", "age", (30.0, 60.0)))


def table(task: str) -> pa.RecordBatch:
    """Rows with ties, groups that are missing for some, clusters of unequal size, and two models."""
    rng = np.random.default_rng(11)
    names = np.array(["north", "south", "west", None], object)
    region = rng.choice(names, ROWS, p=[0.5, 0.3, 0.1, 0.1])
    columns: dict[str, Any] = {
        "region": region.tolist(),
        "age": np.where(rng.uniform(size=ROWS) < 0.1, np.nan, rng.integers(18, 90, ROWS)),
        "customer": rng.integers(0, 80, ROWS),
    }
    if task == "regression":
        columns["label"] = rng.normal(1e6, 3.0, ROWS)
        columns |= {who: columns["label"] + rng.normal(0, size, ROWS) for who, size in MODELS.items()}
    elif task == "binary":
        columns["label"] = (rng.uniform(size=ROWS) < 0.3).astype(float)
        # Rounded, so that many rows tie.
        columns |= {who: (rng.beta(2, 3, ROWS) * 40).round() / 40 for who in MODELS}
    else:
        columns["label"] = rng.integers(0, 3, ROWS).astype(float)
        columns |= {who: rng.dirichlet([1, 1, 1], ROWS).round(2) for who in MODELS}
    return batch_of(columns)


MODELS = {"candidate": 1.0, "champion": 1.3}
TASKS = {
    "binary": ("roc_auc", "log_loss", "tpr"),
    "multiclass": ("macro_f1", "log_loss"),
    "regression": ("rmse", "r2"),
}
TABLES = {task: table(task) for task in TASKS}


def parted(recipe: Recipe[Any], batch: pa.RecordBatch, cuts: Sequence[int], size: int) -> Any:
    """The kernel of the parts between the cuts, each fed in batches of ``size`` rows, carried as bytes and merged."""
    states = []
    for low, high in zip([0, *cuts], [*cuts, batch.num_rows], strict=True):
        part = pa.Table.from_batches([batch.slice(low, high - low)])
        states.append(recipe.fed(part.to_batches(max_chunksize=size)).to_bytes())
    return recipe.merged(states)


def plan(task: Any, cluster: str | None) -> Plan:
    return Plan(
        task, TASKS[task], tuple(MODELS), groups=GROUPS, cluster=cluster, classes=3 if task == "multiclass" else 2
    )


@cache
def whole(task: str) -> tuple[Any, Any]:
    """The board of one pass over all rows, and what it says: intervals and tests by bootstrap take the time here."""
    board = Recipe(Scoreboard, (plan(task, None),)).fed([TABLES[task]]).finish()
    return board, said(board, task)


def said(board: Any, task: str) -> list[Any]:
    found: list[Any] = [board.estimate(name) for name in TASKS[task]]
    return [*found, *(board.compare(name, margin=0.0) for name in TASKS[task])]


@pytest.mark.parametrize("task", list(TASKS))
@settings(max_examples=3, deadline=None)
@given(cuts=CUTS, size=some.integers(1, ROWS))
def test_a_scoreboard_of_parts_is_the_scoreboard_of_the_whole(task: str, cuts: list[int], size: int) -> None:
    board = parted(Recipe(Scoreboard, (plan(task, None),)), TABLES[task], cuts, size).finish()

    assert differences(whole(task)[1], said(board, task)) == []


@pytest.mark.parametrize("task", list(TASKS))
@settings(max_examples=5, deadline=None)
@given(cuts=CUTS, size=some.integers(1, ROWS))
def test_clusters_stay_whole_however_rows_are_parted(task: str, cuts: list[int], size: int) -> None:
    recipe = Recipe(Scoreboard, (plan(task, "customer"),))
    one, other = recipe.fed([TABLES[task]]).finish(), parted(recipe, TABLES[task], cuts, size).finish()

    if task == "regression":
        # Sums are kept around the first label seen, so that only what is made of them can be compared.
        assert differences(one.estimate("rmse"), other.estimate("rmse")) == []
        return
    # What every resampling of clusters draws from.
    for name, sums in one.sums.items():
        assert np.allclose(sums.blocks, other.sums[name].blocks, rtol=1e-9, atol=1e-9)
    for ours, theirs in zip(one.scores, other.scores, strict=True):
        assert ours.blocks is not None
        assert theirs.blocks is not None
        assert np.array_equal(ours.blocks, theirs.blocks)
        assert [np.array_equal(a.score, b.score) for a, b in zip(ours.models, theirs.models, strict=True)] == [True] * 2
    if one.tally is not None:
        assert np.array_equal(one.tally.without_groups().counts, other.tally.without_groups().counts)


@settings(max_examples=20, deadline=None)
@given(cuts=CUTS, size=some.integers(1, ROWS))
def test_a_profile_and_the_drift_from_it_do_not_depend_on_the_parts(cuts: list[int], size: int) -> None:
    batch = TABLES["binary"].select(["region", "age", "customer", "candidate"])
    now = TABLES["binary"].slice(100, 400).select(["region", "age", "candidate"])
    profile = Profile.of([batch])

    assert differences(profile, parted(Recipe(Profiler), batch, cuts, size).finish()) == []
    binned = Recipe(Binner, (profile,))
    within = [min(cut, now.num_rows) for cut in cuts]
    assert differences(binned.fed([now]).finish(), parted(binned, now, within, size).finish()) == []


@settings(max_examples=20, deadline=None)
@given(cuts=CUTS, size=some.integers(1, ROWS))
def test_missing_values_and_labels_are_found_in_whatever_part_they_are(cuts: list[int], size: int) -> None:
    batch = TABLES["multiclass"]
    labelled = batch.select(["label"]).rename_columns([EVALUATION.label])
    survey = Recipe(Survey, (EVALUATION, "multiclass"))

    assert parted(Recipe(Missing), batch, cuts, size).finish() == Recipe(Missing).fed([batch]).finish()
    assert parted(survey, labelled, cuts, size).finish() == survey.fed([labelled]).finish()


def test_no_part_at_all_is_a_kernel_that_has_seen_nothing() -> None:
    assert Recipe(Missing).merged([]).finish() == {}


def test_a_difference_is_seen() -> None:
    assert differences({"a": [1.0, float("nan")]}, {"a": [1.0 + 1e-12, float("nan")]}) == []
    assert differences([1.0], [1.0 + 1e-6]) != []
    assert differences({"a": 1}, {"a": 1, "b": 2}) != []
    assert differences([1.0], [1.0, 2.0]) != []
