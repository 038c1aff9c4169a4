"""A wrapped model answers a pandas frame as the model's process answers the Arrow batch that the frame came from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from gatehouse.errors import GatehouseError
from gatehouse.runtime import cluster
from gatehouse.runtime.answer import Answer
from gatehouse.runtime.cluster import Meta, Wrapped
from gatehouse.runtime.process import Method, ModelProcess
from tests.support import models


def frame(rows: int = 50) -> pd.DataFrame:
    """Features with missing values, as Spark hands them over: None for text, NaN for numbers."""
    made = models.features(rows, seed=3)
    made["region"] = made["region"].astype(object)
    return made


def schema() -> pa.Schema:
    return pa.schema([("income", pa.float64()), ("age", pa.float64()), ("region", pa.string())])


def wrapped(folder: Path, model: Path, method: Method = "auto") -> Wrapped:
    return cluster._load_pyfunc(str(cluster.wrap(model, folder / "wrapped", method, schema()) / "data"))


def said(answers: pd.DataFrame) -> Answer:
    """What the driver makes of RESULT's columns."""
    (text,) = set(answers["meta"])
    columns = pa.RecordBatch.from_pandas(answers[["numbers", "text"]], preserve_index=False)
    numbers = columns.column("numbers").cast(pa.list_(pa.float64()))
    return cluster.read(cluster.meta(text), numbers, columns.column("text"))


@pytest.mark.parametrize(
    ("make", "method"),
    [(models.train, "auto"), (models.train, "predict"), (lambda: models.Odd(0.25), "auto")],
    ids=["scores", "labels", "values"],
)
def test_the_answer_is_the_one_that_the_process_gives(make: Any, method: Method, tmp_path: Path) -> None:
    model = models.save(make(), tmp_path / "model")
    rows = frame()
    with ModelProcess.start(model, method=method) as process:
        expected = process.predict(pa.Table.from_pandas(rows, schema=schema(), preserve_index=False))

    found = said(wrapped(tmp_path, model, method).predict(rows))

    assert (found.kind, found.classes) == (expected.kind, expected.classes)
    assert found.array.dtype == expected.array.dtype
    assert np.array_equal(found.array, expected.array)


@pytest.mark.parametrize(
    "answer",
    [
        Answer("probabilities", np.array([[0.2, 0.8, 0.0], [np.nan, np.inf, 1.0]]), ("a", "b", "c")),
        Answer("labels", np.array([3, 2**62]), (3, 2**62)),
        Answer("labels", np.array([True, False])),
        Answer("labels", np.array(["ä", None], dtype=object), ("ä", "b")),
        Answer("labels", np.array([1.0, 2.0]), (1.0, 2.0)),
        Answer("values", np.array([0.1, -np.inf])),
    ],
    ids=lambda answer: f"{answer.kind} {answer.array.dtype}",
)
def test_an_answer_survives_the_way(answer: Answer) -> None:
    found = said(cluster._sent(answer))

    assert (found.kind, found.classes, found.array.shape) == (answer.kind, answer.classes, answer.array.shape)
    assert repr(found.array.tolist()) == repr(answer.array.tolist())


def test_a_model_that_raises_says_so_in_its_answer(tmp_path: Path) -> None:
    model = models.save(models.Odd(message="no such region"), tmp_path / "model")

    (text,) = set(wrapped(tmp_path, model).predict(frame(7))["meta"])

    assert cluster.meta(text).error == "the model raised ValueError on 7 rows: no such region"
    assert cluster.meta(text).fix


def test_a_model_that_does_not_load_says_so_for_every_row(tmp_path: Path) -> None:
    model = models.save(models.Odd(), tmp_path / "model")
    (model / "python_model.pkl").write_bytes(b"no pickle")

    answers = wrapped(tmp_path, model).predict(frame(3))

    assert len(answers) == 3
    assert cluster.meta(answers["meta"][0]).error.startswith("loading the model raised UnpicklingError")


@pytest.mark.parametrize("text", ["", "{", '{"kind":"guesses"}', '{"columns":"many"}', "[]"])
def test_what_is_no_answer_is_refused(text: str) -> None:
    with pytest.raises(GatehouseError, match="is no answer"):
        cluster.meta(text)


def test_a_row_with_another_number_of_columns_is_refused() -> None:
    numbers = pa.array([[0.5, 0.5], [0.5]], pa.list_(pa.float64()))

    with pytest.raises(GatehouseError, match="another number of columns"):
        cluster.read(Meta("probabilities", 2), numbers, pa.array(["", ""]))
