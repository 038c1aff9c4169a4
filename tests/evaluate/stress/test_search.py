from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gatehouse.evaluate.stress.sample import Floats, Sample, numbers
from gatehouse.evaluate.stress.search import Found, Limits, Search, worst
from tests.evaluate.stress.samples import mixed, wanted

ROWS, FEATURES = 500, 6
NAMES = tuple(f"x{n}" for n in range(FEATURES))
WEIGHTS = np.array([2.0, -1.0, 0.5, 0.0, 1.5, -0.7])


def numeric() -> Sample:
    random = np.random.default_rng(0)
    return Sample(pa.RecordBatch.from_pydict({name: random.normal(0, 1, ROWS) for name in NAMES}), wanted(*NAMES), 1)


def matrix(rows: pa.RecordBatch) -> Floats:
    return np.stack([numbers(rows.column(name)) for name in NAMES], axis=1)


def linear(rows: pa.RecordBatch) -> Floats:
    chance: Floats = 1 / (1 + np.exp(-matrix(rows) @ WEIGHTS))
    return chance


def run(sample: Sample, ask: Any, epsilon: float = 0.1, budget: int = 100, **more: Any) -> Found:
    limits = Limits(epsilon, more.get("categories", ()), budget)
    return Search(sample, limits, 0.5).run(ask, ask(sample.rows), sample.random("search"))


def test_what_is_known_to_flip_is_flipped_and_nothing_else() -> None:
    """A linear model's decision flips where its logit is less than what the corner of the ball can move it by."""
    sample = numeric()
    x = matrix(sample.rows)
    reach = np.array([0.1 * sample.spread[name] for name in NAMES])
    low, high = np.maximum(x - reach, x.min(axis=0)), np.minimum(x + reach, x.max(axis=0))
    up = np.where(WEIGHTS > 0, high, low) @ WEIGHTS
    down = np.where(WEIGHTS > 0, low, high) @ WEIGHTS
    logit = x @ WEIGHTS
    expected = np.where(logit >= 0, down < 0, up >= 0)

    found = run(sample, linear)

    assert 0.05 < expected.mean() < 0.5
    assert found.flipped.tolist() == expected.tolist()
    assert ((found.predictions >= 0.5) != (linear(sample.rows) >= 0.5)).tolist() == expected.tolist()


def test_the_search_stays_inside_the_ball_and_the_table() -> None:
    sample, asked = numeric(), []

    def ask(rows: pa.RecordBatch) -> Floats:
        asked.append(rows)
        return np.full(rows.num_rows, 0.9)

    run(sample, ask, epsilon=0.3, budget=40)

    start = matrix(sample.rows)
    for rows in asked:
        for column, name in enumerate(NAMES):
            values = numbers(rows.column(name))
            assert np.abs(values - start[:, column]).max() <= 0.3 * sample.spread[name] + 1e-9
            assert values.min() >= sample.bounds(name)[0]
            assert values.max() <= sample.bounds(name)[1]


@pytest.mark.parametrize("budget", [1, 7, 12, 13, 100])
def test_a_row_is_asked_about_as_often_as_the_budget_says(budget: int) -> None:
    questions = []

    def ask(rows: pa.RecordBatch) -> Floats:
        questions.append(rows.num_rows)
        return np.full(rows.num_rows, 0.9)

    found = run(numeric(), ask, budget=budget)

    # The first question is the clean one.
    assert len(questions) - 1 == found.asked == budget
    assert not found.flipped.any()


def test_rows_that_have_flipped_are_asked_about_no_more() -> None:
    questions: list[int] = []

    def ask(rows: pa.RecordBatch) -> Floats:
        questions.append(rows.num_rows)
        return linear(rows)

    found = run(numeric(), ask, epsilon=0.2)

    assert questions[-1] == ROWS - found.flipped.sum()
    assert sorted(questions, reverse=True) == questions


def test_a_model_that_always_flips_ends_the_search_at_once() -> None:
    answers = iter([0.9, 0.1])

    found = run(numeric(), lambda rows: np.full(rows.num_rows, next(answers)))

    assert found.flipped.all()
    assert found.asked == 1


def test_whole_numbers_are_moved_by_whole_steps_inside_the_ball() -> None:
    sample, asked = mixed(200), []

    def ask(rows: pa.RecordBatch) -> Floats:
        asked.append(rows)
        return np.full(rows.num_rows, 0.9)

    run(sample, ask, epsilon=0.8, budget=60)

    before = np.array(sample.rows.column("children").to_pylist())
    for rows in asked:
        after = np.array(rows.column("children").to_pylist())
        assert np.abs(after - before).max() <= 0.8 * sample.spread["children"]
        assert rows.schema == sample.rows.schema
        assert rows.column("income").null_count == sample.rows.column("income").null_count
        assert rows.column("region").equals(sample.rows.column("region"))
    assert any((np.array(rows.column("children").to_pylist()) != before).any() for rows in asked)


def test_categories_change_where_that_is_allowed_and_only_there() -> None:
    sample = mixed(300)

    def south_is_bad(rows: pa.RecordBatch) -> Floats:
        return np.array([0.9 if region == "south" else 0.1 for region in rows.column("region").to_pylist()])

    allowed = run(sample, south_is_bad, epsilon=0.01, categories=("region",))
    forbidden = run(sample, south_is_bad, epsilon=0.01)

    regions = sample.rows.column("region").to_pylist()
    assert allowed.flipped.tolist() == [region is not None for region in regions]
    assert not forbidden.flipped.any()


def test_several_classes_flip_to_whichever_is_nearest() -> None:
    sample = numeric()

    def three(rows: pa.RecordBatch) -> Floats:
        scores = np.stack([matrix(rows) @ WEIGHTS, matrix(rows) @ WEIGHTS[::-1], np.zeros(rows.num_rows)], axis=1)
        weights = np.exp(scores)
        chances: Floats = weights / weights.sum(axis=1, keepdims=True)
        return chances

    clean, found = three(sample.rows), run(sample, three)

    flips = found.predictions.argmax(axis=1) != clean.argmax(axis=1)
    assert found.flipped.tolist() == flips.tolist()
    assert 0.05 < flips.mean() < 0.7


def test_answers_that_are_no_numbers_flip_nothing() -> None:
    clean = iter([np.full(ROWS, 0.9)])

    found = run(numeric(), lambda rows: next(clean, np.full(rows.num_rows, np.nan)), budget=5)

    assert not found.flipped.any()
    assert found.predictions.tolist() == [0.9] * ROWS


def test_without_numbers_and_categories_there_is_nothing_to_ask() -> None:
    sample = Sample(pa.RecordBatch.from_pydict({"since": pa.array([0, 1], pa.date32())}), wanted("since"), 0)

    found = run(sample, lambda rows: np.array([0.9, 0.1]))

    assert (found.asked, found.flipped.tolist()) == (0, [False, False])


def test_the_worst_answers_leave_wrong_decisions_as_they_are() -> None:
    clean, label = np.array([0.6, 0.6, 0.4]), np.array([1.0, 0.0, 0.0])
    found = Found(np.array([True, True, False]), np.array([0.4, 0.4, 0.45]), 1)

    assert worst(found, clean, label, 0.5).tolist() == [0.4, 0.6, 0.45]


def test_the_worst_answers_of_several_classes_are_whole_rows() -> None:
    clean, label = np.array([[0.6, 0.4], [0.6, 0.4]]), np.array([0.0, 1.0])
    found = Found(np.array([True, True]), np.array([[0.3, 0.7], [0.3, 0.7]]), 1)

    assert worst(found, clean, label, 0.5).tolist() == [[0.3, 0.7], [0.6, 0.4]]
