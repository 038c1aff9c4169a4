from __future__ import annotations

import warnings
from decimal import Decimal
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from mlflow.models import infer_signature
from sklearn.datasets import make_classification
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.svm import LinearSVC

from gatehouse.runtime import predictor, wire
from gatehouse.runtime.predictor import flat, guess


def saved(model: Any, path: Path, inputs: Any, **more: Any) -> str:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Hint: Inferred schema contains integer", UserWarning)
        signature = infer_signature(inputs, model.predict(inputs))
    mlflow.sklearn.save_model(model, path, signature=signature, pip_requirements=["scikit-learn"], **more)
    return str(path)


def asked(folder: str, table: pa.Table, method: str = "auto") -> tuple[predictor.Predictor, wire.Answered, list[float]]:
    loaded = predictor.load(folder, method)
    batch = table.to_batches()[0]
    request = wire.Predict(9, batch.schema.serialize().to_pybytes())
    header, body = loaded(request, bytearray(batch.serialize()))
    return loaded, header, np.frombuffer(body).tolist()


@pytest.fixture(scope="module")
def data() -> tuple[pd.DataFrame, Any]:
    features, labels = make_classification(80, 4, n_informative=3, n_redundant=0, n_classes=3, random_state=0)
    return pd.DataFrame(features, columns=list("abcd")), labels


def test_many_classes_are_probabilities_in_the_order_of_the_classes(
    tmp_path: Path, data: tuple[pd.DataFrame, Any]
) -> None:
    features, labels = data
    model = LogisticRegression().fit(features, np.array(["x", "y", "z"])[labels])

    loaded, header, numbers = asked(saved(model, tmp_path / "m", features), pa.Table.from_pandas(features))

    assert (loaded.kind, loaded.classes) == ("probabilities", ("x", "y", "z"))
    assert (header.kind, header.rows, header.columns, header.classes) == ("probabilities", 80, 3, ("x", "y", "z"))
    assert numbers == model.predict_proba(features).ravel().tolist()


def test_predict_can_be_asked_for_where_probabilities_could_be_had(
    tmp_path: Path, data: tuple[pd.DataFrame, Any]
) -> None:
    features, labels = data
    model = LogisticRegression().fit(features, labels.astype(float))

    loaded, header, numbers = asked(saved(model, tmp_path / "m", features), pa.Table.from_pandas(features), "predict")

    assert loaded.how == "predict of sklearn.LogisticRegression through mlflow.pyfunc"
    assert (header.kind, header.classes) == ("labels", (0.0, 1.0, 2.0))
    assert numbers == model.predict(features).tolist()


def test_a_classifier_without_probabilities_gives_labels(tmp_path: Path, data: tuple[pd.DataFrame, Any]) -> None:
    features, labels = data
    model = LinearSVC().fit(features, labels)

    loaded, header, _ = asked(saved(model, tmp_path / "m", features), pa.Table.from_pandas(features))

    assert (loaded.kind, header.kind, header.dtype, header.classes) == ("labels", "labels", "int64", (0, 1, 2))


def test_a_regression_gives_values(tmp_path: Path, data: tuple[pd.DataFrame, Any]) -> None:
    features, labels = data
    model = LinearRegression().fit(features, labels)

    loaded, header, numbers = asked(saved(model, tmp_path / "m", features), pa.Table.from_pandas(features))

    assert (loaded.kind, header.kind, header.classes) == ("values", "values", None)
    assert numbers == model.predict(features).tolist()


def test_a_tensor_model_takes_columns_as_numbers(tmp_path: Path, data: tuple[pd.DataFrame, Any]) -> None:
    features, labels = data
    model = LinearRegression().fit(features.to_numpy(), labels)

    loaded, _, numbers = asked(saved(model, tmp_path / "m", features.to_numpy()), pa.Table.from_pandas(features))

    assert loaded.ready(0, 0).inputs is None
    # One column after the other in memory, or one row: the last bit of a product depends on it.
    np.testing.assert_allclose(numbers, model.predict(features.to_numpy()), rtol=1e-12)


def test_a_model_without_a_signature_gets_the_columns_as_they_are(
    tmp_path: Path, data: tuple[pd.DataFrame, Any]
) -> None:
    features, labels = data
    model = LinearRegression().fit(features, labels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        mlflow.sklearn.save_model(model, tmp_path / "m", pip_requirements=["scikit-learn"])

    loaded, _, numbers = asked(str(tmp_path / "m"), pa.Table.from_pandas(features))

    assert loaded.ready(0, 0).inputs is None
    assert numbers == model.predict(features).tolist()


def test_a_request_without_a_schema_before_it_is_refused(tmp_path: Path, data: tuple[pd.DataFrame, Any]) -> None:
    features, labels = data
    loaded = predictor.load(saved(LinearRegression().fit(features, labels), tmp_path / "m", features), "auto")
    with pytest.raises(ValueError, match="without a schema"):
        loaded(wire.Predict(1), bytearray())


@pytest.mark.parametrize(
    ("output", "values", "kind"),
    [
        (np.array([0.5, 1.5], np.float16), [0.5, 1.5], "values"),
        ([0.5, None], [0.5, np.nan], "values"),
        ([1, None], [1.0, np.nan], "values"),
        (pd.Series([0.5, None], dtype="Float64"), [0.5, np.nan], "values"),
        ([Decimal("0.5"), Decimal(2)], [0.5, 2.0], "values"),
        (pd.DataFrame({"score": [0.5, 1.5]}), [0.5, 1.5], "values"),
        (np.array([[0.5], [1.5]]), [0.5, 1.5], "values"),
        (np.array([1, 2], np.uint8), [1, 2], "labels"),
        (pd.Series([1, 2], dtype="Int64"), [1, 2], "labels"),
        (np.array([True, False]), [True, False], "labels"),
        ([True, False], [True, False], "labels"),
        (np.array(["a", "b"]), ["a", "b"], "labels"),
        (pd.Series(["a", None]), ["a", None], "labels"),
        (pd.Series(["a", "b"], dtype="category"), ["a", "b"], "labels"),
        (np.array([[0.2, 0.8], [0.5, 0.5]]), [[0.2, 0.8], [0.5, 0.5]], "scores"),
        (np.zeros((2, 3), np.float32), [[0.0] * 3] * 2, "probabilities"),
        ([], [], "values"),
    ],
)
def test_what_predict_returns_becomes_one_array(output: Any, values: list[Any], kind: str) -> None:
    array, names = flat(output)

    np.testing.assert_array_equal(array, np.array(values, dtype=array.dtype))
    assert (guess(array), names) == (kind, None)
    assert array.dtype in (np.float64, np.int64, np.bool_, np.object_)


def test_words_of_numpy_become_plain_ones_which_travel() -> None:
    array, _ = flat(list(np.array(["no", "yes"])))

    assert [type(word) for word in array.tolist()] == [str, str]


def test_the_columns_of_a_frame_name_the_classes() -> None:
    array, names = flat(pd.DataFrame({"no": [0.4], "yes": [0.6]}))

    assert (array.tolist(), names) == ([[0.4, 0.6]], ("no", "yes"))


@pytest.mark.parametrize(
    ("output", "match"),
    [
        ({"a": [1]}, "returned a dict"),
        ("text", "returned a str"),
        (0.5, "returned a float"),
        (None, "returned a NoneType"),
        (np.float64(0.5), "returned a float64"),
        (np.array(0.5), r"shape \(\)"),
        (np.zeros((2, 2, 2)), r"shape \(2, 2, 2\)"),
        (np.zeros((2, 2), int), r"shape \(2, 2\) and type int64"),
        ([{"answer": 1}], "rows of type mixed"),
        (["a", 1], "rows of type mixed"),
        ([b"a"], "type |S1"),
        (np.array(["2026-01-01"], "datetime64[D]"), "type datetime64"),
        (np.array([1 + 2j]), "type complex128"),
        (np.array([2**63], np.uint64), "beyond 64 bits"),
        (pd.DataFrame({"label": ["a"], "score": [0.5]}), "columns label, score"),
    ],
)
def test_what_is_no_prediction_a_row_is_refused_by_name(output: Any, match: str) -> None:
    with pytest.raises(TypeError, match=match):
        flat(output)
