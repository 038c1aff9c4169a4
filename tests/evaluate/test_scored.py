from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.scored import Beside, Scored, predictions
from gatehouse.evaluate.statistics import metrics
from gatehouse.evaluate.table import Streamed
from gatehouse.runtime.answer import Answer

BINARY = ("good", "bad")
COUNTED = ("0", "1")
THREE = ("a", "b", "c")
NUMBERS: tuple[str, ...] = ()


def answer(kind: Any, array: Any, classes: Any = None) -> Answer:
    return Answer(kind, np.asarray(array), classes)


@pytest.mark.parametrize(
    ("said", "classes", "task", "expected"),
    [
        (answer("scores", [0.2, 0.9], ("good", "bad")), BINARY, "binary", [0.2, 0.9]),
        # The model's positive class is the table's negative one.
        (answer("scores", [0.2, 0.9], ("bad", "good")), BINARY, "binary", [0.8, 0.1]),
        (answer("scores", [0.2, 0.9], (0, 1)), COUNTED, "binary", [0.2, 0.9]),
        (answer("scores", [0.2, 0.9]), BINARY, "binary", [0.2, 0.9]),
        (answer("probabilities", [[0.7, 0.3], [0.2, 0.8]], ("bad", "good")), BINARY, "binary", [0.7, 0.2]),
        (answer("values", [0.4, 0.6]), BINARY, "binary", [0.4, 0.6]),
        (answer("labels", ["bad", "good"]), BINARY, "binary", [1, 0]),
        (answer("labels", [True, False]), COUNTED, "binary", [1, 0]),
        (answer("labels", [3, 4]), NUMBERS, "regression", [3, 4]),
        (answer("values", [3.5, 4]), NUMBERS, "regression", [3.5, 4]),
        (answer("labels", ["c", "a"]), THREE, "multiclass", [[0, 0, 1], [1, 0, 0]]),
        (answer("probabilities", [[0.1, 0.2, 0.7]], ("c", "a", "b")), THREE, "multiclass", [[0.2, 0.7, 0.1]]),
    ],
)
def test_an_answer_becomes_what_the_statistics_read(
    said: Answer, classes: tuple[str, ...], task: str, expected: Any
) -> None:
    assert predictions(said, classes, task) == pytest.approx(np.array(expected))


def test_numbers_that_are_none_are_passed_on_to_be_counted() -> None:
    assert np.isnan(predictions(answer("scores", [np.nan, 0.5], (0, 1)), COUNTED, "binary")[0])


@pytest.mark.parametrize(
    ("said", "classes", "task", "why"),
    [
        (
            answer("scores", [0.5], (0, 2)),
            COUNTED,
            "binary",
            "the model's classes are 0, 2, the evaluation table's 0, 1",
        ),
        (answer("labels", ["ugly", "bad"]), BINARY, "binary", "the model's classes are ugly"),
        (answer("labels", ["a", "z"]), THREE, "multiclass", "the model's classes are z"),
        (answer("labels", np.array([None, "a"], dtype=object)), THREE, "multiclass", "the model's classes are None"),
        # A class that only the model knows would be counted for another.
        (answer("probabilities", [[0.1] * 4], ("a", "b", "c", "d")), THREE, "multiclass", "a, b, c, d"),
        (answer("probabilities", [[0.1] * 4]), THREE, "multiclass", "4 unnamed classes"),
        (answer("probabilities", [[0.1, 0.9]]), NUMBERS, "regression", "the model answers probabilities"),
        (answer("labels", np.array(["x"], dtype=object)), NUMBERS, "regression", "the task wants numbers"),
        (answer("values", [0.1]), THREE, "multiclass", "the task wants one probability a class"),
    ],
)
def test_an_answer_that_does_not_suit_is_refused(said: Answer, classes: tuple[str, ...], task: str, why: str) -> None:
    with pytest.raises(GatehouseError) as raised:
        predictions(said, classes, task)
    assert why in raised.value.message
    assert raised.value.fix


def test_a_metric_of_scores_needs_scores_from_both_models() -> None:
    scored = Scored(Beside(Two(), (), {}), 3, BINARY, frozenset({"champion"}))

    scored.suits(metrics.get("accuracy", "binary"))
    with pytest.raises(GatehouseError, match="roc_auc needs scores, and the champion answers labels"):
        scored.suits(metrics.get("roc_auc", "binary"))
    with pytest.raises(GatehouseError, match="brier needs scores"):
        scored.suits(metrics.get("brier", "binary"))


class Two(Streamed):
    """Three rows in two batches."""

    schema = pa.schema([("sex", pa.string())])

    def count(self) -> int:
        return 3

    def batches(self, columns: Any = None) -> Any:
        for rows in (["f", "m"], ["x"]):
            yield pa.RecordBatch.from_pydict({"sex": rows})


def test_rows_are_joined_by_position_across_batches() -> None:
    table = Beside(Two(), ["sex"], {"label": np.arange(3.0), "candidate": np.eye(3)})

    first, last = table.batches()
    assert last.to_pydict() == {"label": [2.0], "candidate": [[0, 0, 1]], "sex": ["x"]}
    assert first.num_rows == 2
    assert first.schema == table.schema
    assert table.count() == 3
    assert [batch.to_pydict() for batch in table.batches(["label"])] == [{"label": [0, 1]}, {"label": [2]}]
    assert [batch.schema.names for batch in table.batches(["sex", "label"])] == [["sex", "label"]] * 2


@pytest.mark.parametrize("rows", [[], [0], [1], [2], [0, 2], [1, 2], [0, 1, 2]])
def test_rows_are_taken_by_position_across_batches(rows: list[int]) -> None:
    table = Beside(Two(), ["sex"], {"label": np.arange(3.0)})

    assert table.take(rows, ["label", "sex"]).to_pydict() == {
        "label": [float(row) for row in rows],
        "sex": ["fmx"[row] for row in rows],
    }
