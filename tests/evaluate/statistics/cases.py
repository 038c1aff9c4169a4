"""Randomised cases that every metric is tried on: ties, one class, single rows, extreme values."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from hypothesis import strategies as st

from gatehouse.evaluate.statistics.board import Board
from gatehouse.evaluate.statistics.rows import Plan
from gatehouse.evaluate.statistics.scoreboard import batch_of, score

Floats = npt.NDArray[np.float64]

# Few different values make ties; the ends make certain and wrong predictions.
PROBABILITIES = st.one_of(
    st.sampled_from([0.0, 0.25, 0.5, 0.5000001, 0.75, 1.0]), st.floats(0, 1, allow_nan=False, width=64)
)
NUMBERS = st.one_of(
    st.sampled_from([-1.0, 0.5, 1.0, 3.0]), st.floats(-1e6, 1e6, allow_nan=False).filter(lambda x: abs(x) > 1e-6)
)


@st.composite
def binary(draw: st.DrawFn, least: int = 1) -> tuple[Floats, Floats]:
    """(n,) labels of 0 and 1, and probabilities; sometimes of one class only."""
    pairs = draw(st.lists(st.tuples(st.integers(0, 1), PROBABILITIES), min_size=least, max_size=60))
    label, score_ = zip(*pairs, strict=True)
    return np.array(label, float), np.array(score_, float)


@st.composite
def multiclass(draw: st.DrawFn, classes: int = 3) -> tuple[Floats, Floats]:
    """(n,) class codes and (n, classes) probabilities."""
    n = draw(st.integers(1, 40))
    seed = draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(np.ones(classes), n).round(draw(st.sampled_from([1, 6])))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return random.integers(0, draw(st.integers(1, classes)), n).astype(float), probabilities


@st.composite
def regression(draw: st.DrawFn) -> tuple[Floats, Floats]:
    """(n,) labels, none of them 0, and predictions."""
    pairs = draw(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=60))
    label, prediction = zip(*pairs, strict=True)
    return np.array(label), np.array(prediction)


def boarded(task: Any, metrics: tuple[str, ...], columns: dict[str, Any], **more: Any) -> Board:
    """One batch of the columns, scored."""
    return score(Plan(task, metrics, **more), [batch_of(columns)])


def cut(batch: pa.RecordBatch, *places: int) -> list[pa.RecordBatch]:
    """The batch in parts, cut before each place."""
    ends = [0, *sorted(place % (batch.num_rows + 1) for place in places), batch.num_rows]
    return [batch.slice(start, end - start) for start, end in pairwise(ends)]
