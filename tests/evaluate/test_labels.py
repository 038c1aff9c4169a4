from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from gatehouse.errors import GatehouseError
from gatehouse.evaluate import labels as labels_module
from gatehouse.evaluate.labels import Survey, class_name
from tests.evaluate.made import EVALUATION

POSITIVE = msgspec.structs.replace(EVALUATION, positive=3)


@dataclass
class Read:
    """What became of a column's labels."""

    values: np.ndarray[Any, Any]
    classes: tuple[str, ...]


def parts(values: Any) -> list[pa.Array]:
    return values.chunks if isinstance(values, pa.ChunkedArray) else [pa.array(values)]


def read(values: Any, task: str = "binary", **more: Any) -> Read:
    evaluation = msgspec.structs.replace(EVALUATION, **more)
    survey = Survey(evaluation, task)
    for part in parts(values):
        survey.update(pa.record_batch([part], [evaluation.label]))
    found = survey.finish()
    return Read(np.concatenate([found.numbers(part) for part in parts(values)]), found.classes)


@pytest.mark.parametrize("values", [[0, 1, 1], [0.0, 1.0, 1.0], [False, True, True]])
def test_ones_and_trues_are_positive(values: list[Any]) -> None:
    labels = read(values)

    assert labels.values.tolist() == [0, 1, 1]
    assert labels.classes == ("0", "1")


def test_the_positive_label_is_the_one_that_is_named() -> None:
    labels = read(["good", "bad", "good"], positive="bad")

    assert labels.values.tolist() == [0, 1, 0]
    assert labels.classes == ("good", "bad")
    assert read([0, 1], positive=0).values.tolist() == [1, 0]


@pytest.mark.parametrize("positive", [1, 1.0, True, "1"])
@pytest.mark.parametrize("values", [[0, 1], [0.0, 1.0], [False, True], ["0", "1"]])
def test_the_positive_label_is_found_however_it_is_written(values: list[Any], positive: Any) -> None:
    assert read(values, positive=positive).values.tolist() == [0, 1]


def test_labels_in_several_chunks_and_dictionaries_are_read_as_one_column() -> None:
    chunk = pa.array(["no", "yes", "no"]).dictionary_encode()

    assert read(pa.chunked_array([chunk, chunk]), positive="yes").values.tolist() == [0, 1, 0] * 2


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_survey_in_parts_finds_what_one_survey_finds(task: str) -> None:
    values = [3, 1, 1, 3, 1, 3]
    whole, parts = Survey(POSITIVE, task), [Survey(POSITIVE, task) for _ in range(3)]
    whole.update(pa.record_batch([pa.array(values)], [POSITIVE.label]))
    for place, part in enumerate(parts):
        part.update(pa.record_batch([pa.array(values[place * 2 : place * 2 + 2])], [POSITIVE.label]))
    for part in parts[1:]:
        parts[0].merge(Survey.from_bytes(POSITIVE, task, part.to_bytes()))

    assert parts[0].finish() == whole.finish()
    assert parts[0].finish().numbers(pa.array([1, 3])).tolist() == ([0, 1] if task != "regression" else [1, 3])


def test_what_one_part_of_a_table_lacks_the_whole_lacks() -> None:
    there, lacking = Survey(EVALUATION, "regression"), Survey(EVALUATION, "regression")
    there.update(pa.record_batch([pa.array([1.0])], [EVALUATION.label]))
    lacking.update(pa.record_batch([pa.array([np.nan, np.inf])], [EVALUATION.label]))
    there.merge(Survey.from_bytes(EVALUATION, "regression", lacking.to_bytes()))

    with pytest.raises(GatehouseError, match="1 rows have no label"):
        there.finish()


def test_numbers_are_no_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels_module, "MOST_CLASSES", 3)

    assert len(read(["a", "b", "c"], "multiclass").classes) == 3
    with pytest.raises(GatehouseError, match="has more than 3 values"):
        read(["a", "b", "c", "d"], "multiclass")


def test_classes_of_many_are_numbered_in_order() -> None:
    labels = read(["b", "c", "a", "b"], "multiclass")

    assert labels.classes == ("a", "b", "c")
    assert labels.values.tolist() == [1, 2, 0, 1]


def test_numbers_are_taken_as_they_are() -> None:
    assert read([1, 2, 3], "regression").values.tolist() == [1.0, 2.0, 3.0]
    assert read([1.5], "regression").classes == ()


@pytest.mark.parametrize("label", [1, 1.0, True])
def test_a_class_has_one_name_whoever_says_it(label: Any) -> None:
    assert class_name(label) == "1"
    assert class_name(1.5) == "1.5"


@pytest.mark.parametrize(
    ("values", "task", "more", "why"),
    [
        ([0, None, 1], "binary", {}, "1 rows have no label"),
        ([0.0, np.nan, np.nan, 1.0], "binary", {}, "2 rows have no label"),
        ([1.0, np.nan], "regression", {}, "1 rows have no label"),
        ([1, 1], "binary", {}, "every row has the label 1"),
        (["a", "a"], "multiclass", {}, "every row has the label 'a'"),
        ([0, 1, 2], "binary", {}, "has 3 label values"),
        (["bad", "good"], "binary", {}, "which of 'bad' and 'good' counts as positive?"),
        ([1, 2], "binary", {}, "which of 1 and 2 counts as positive?"),
        (["bad", "good"], "binary", {"positive": "ugly"}, "no row has the positive label 'ugly'"),
        (["1", "x"], "regression", {}, "is not a number everywhere"),
        ([datetime.datetime(2026, 1, 1)], "regression", {}, "is not a number everywhere"),  # noqa: DTZ001 (Arrow's own kind)
        ([1.0, np.inf], "regression", {}, "holds infinite values"),
    ],
)
def test_labels_that_do_not_suit_the_task_are_refused(values: list[Any], task: str, more: Any, why: str) -> None:
    with pytest.raises(GatehouseError) as raised:
        read(values, task, **more)

    assert why in raised.value.message
    assert raised.value.message.startswith("data/eval.parquet: label 'defaulted': ")
    assert raised.value.fix
