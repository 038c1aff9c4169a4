"""Open Inference V2: what is read, what is refused, and how it is answered."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from gatehouse.registry.signature import Column, Scalar, Signature, Tensor
from gatehouse.runtime.answer import Answer
from gatehouse.serve.protocols import inference, outputs
from gatehouse.serve.protocols.errors import Limits, Refused
from gatehouse.serve.protocols.inference import Asked, Reader
from gatehouse.serve.protocols.rows import Rows

JSON = "application/json"
COLUMNS = Signature((Column("a", Scalar("double")), Column("n", Scalar("long")), Column("s", Scalar("string"))))
NUMBERS = Signature((Column("a", Scalar("double")), Column("b", Scalar("double"))))
MATRIX = Signature((Tensor(None, "float32", (-1, 2)),))
TENSORS = Signature((Tensor("x", "float64", (-1, 2, 2)), Tensor("k", "int64", (-1,))))


def tensor(name: str, shape: Any, datatype: Any, data: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "shape": shape, "datatype": datatype, "data": data, **more}


def asked(signature: Signature | None, *inputs: Any, limits: Limits | None = None, **more: Any) -> Asked:
    sent = json.dumps({"inputs": list(inputs), **more}).encode()
    return Reader(signature, ("predict",), limits).read(sent, JSON)


def read(signature: Signature | None, *inputs: Any) -> pa.RecordBatch:
    return asked(signature, *inputs).rows.batch


A = tensor("a", [2], "FP64", [0.5, 1.5])
N = tensor("n", [2], "INT64", [1, 2])
S = tensor("s", [2], "BYTES", ["x", "y"])


def test_columns_come_by_name_whatever_their_order_and_take_the_signatures_types() -> None:
    batch = read(COLUMNS, S, N, A)
    assert batch.to_pylist() == [{"a": 0.5, "n": 1, "s": "x"}, {"a": 1.5, "n": 2, "s": "y"}]
    assert batch.schema.types == [pa.float64(), pa.int64(), pa.string()]


@pytest.mark.parametrize("data", [[0.5, 1.5], [[0.5], [1.5]]], ids=["flat", "nested"])
def test_a_column_may_have_a_second_dimension_of_one(data: Any) -> None:
    batch = read(NUMBERS, tensor("a", [2, 1], "FP64", data), tensor("b", [2], "FP64", [2, 3]))
    assert batch.to_pylist() == [{"a": 0.5, "b": 2.0}, {"a": 1.5, "b": 3.0}]


def test_a_matrix_of_another_name_holds_the_columns_in_the_signatures_order() -> None:
    batch = read(NUMBERS, tensor("input-0", [2, 2], "FP64", [1, 2, 3, 4]))
    assert batch.to_pylist() == [{"a": 1.0, "b": 2.0}, {"a": 3.0, "b": 4.0}]


def test_a_matrix_of_another_width_is_refused() -> None:
    with pytest.raises(Refused, match="the model takes 2 columns, not 3"):
        read(NUMBERS, tensor("input-0", [1, 3], "FP64", [1, 2, 3]))


@pytest.mark.parametrize("data", [[1, 2, 3, 4], [[1, 2], [3, 4]]], ids=["flat", "nested"])
def test_the_only_tensor_without_a_name_may_be_called_anything(data: Any) -> None:
    batch = read(MATRIX, tensor("whatever", [2, 2], "FP32", data))
    assert batch.column(0).to_pylist() == [[1.0, 2.0], [3.0, 4.0]]
    assert batch.column(0).type == pa.list_(pa.float32(), 2)


def test_tensors_come_by_name_with_the_last_index_fastest() -> None:
    x = tensor("x", [2, 2, 2], "FP64", list(range(8)))
    batch = read(TENSORS, tensor("k", [2], "INT32", [7, 8]), x)
    assert batch.to_pylist() == [{"x": [0.0, 1.0, 2.0, 3.0], "k": 7}, {"x": [4.0, 5.0, 6.0, 7.0], "k": 8}]


def test_without_a_signature_a_matrix_has_numbers_for_names() -> None:
    assert read(None, tensor("m", [1, 2], "FP64", [1.5, 2.5])).to_pylist() == [{"0": 1.5, "1": 2.5}]


def test_a_datatype_is_the_precision_of_its_values() -> None:
    signature = Signature((Column("a", Scalar("double")),))
    assert read(signature, tensor("a", [1], "FP32", [0.1])).to_pydict() == {"a": [float(np.float32(0.1))]}
    assert read(signature, tensor("a", [1], "FP64", [0.1])).to_pydict() == {"a": [0.1]}


def test_null_is_a_missing_number_or_text() -> None:
    batch = read(
        COLUMNS, tensor("a", [1], "FP64", [None]), tensor("n", [1], "INT64", [1]), tensor("s", [1], "BYTES", [None])
    )
    assert batch.to_pylist() == [{"a": None, "n": 1, "s": None}]


@pytest.mark.parametrize(
    ("datatype", "low", "high"),
    [(f"{sign}INT{bits}", *((0, 2**bits - 1) if sign else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)))
     for sign in ("", "U") for bits in (8, 16, 32)] + [("INT64", -(2**63), 2**63 - 1)],
)  # fmt: skip
def test_an_integer_fits_its_datatype_or_is_refused(datatype: str, low: int, high: int) -> None:
    signature = Signature((Column("n", Scalar("long")),))
    assert read(signature, tensor("n", [2], datatype, [low, high])).to_pydict() == {"n": [low, high]}
    for beyond in (low - 1, high + 1):
        with pytest.raises(Refused):
            read(signature, tensor("n", [1], datatype, [beyond]))


BAD: dict[str, Any] = {
    "no list of inputs": {"a": 1},
    "no inputs": [],
    "an input that is no object": [1],
    "no name": [{"shape": [1], "datatype": "FP64", "data": [1]}],
    "a name twice": [A, A],
    "no shape": [{"name": "a", "datatype": "FP64", "data": [1]}],
    "a shape of no dimensions": [tensor("a", [], "FP64", [])],
    "a shape of nine dimensions": [tensor("a", [1] * 9, "FP64", [1])],
    "a negative length": [tensor("a", [-1], "FP64", [1])],
    "a boolean for a length": [tensor("a", [True], "FP64", [1])],
    "a float for a length": [tensor("a", [1.0], "FP64", [1])],
    "lengths without end": [tensor("a", [2**31 - 1] * 8, "FP64", [1])],
    "an unknown datatype": [tensor("a", [1], "FP128", [1])],
    "a list for a datatype": [tensor("a", [1], ["FP64"], [1])],
    "no data": [{"name": "a", "shape": [1], "datatype": "FP64", "parameters": {"binary_data_size": 8}}],
    "more values than are read": [tensor("a", [2, 2**31 - 1], "FP64", [1])],
    "no values in lists": [tensor("a", [2, 0, 2], "FP64", [[], []])],
    "more than FP32 can hold": [tensor("a", [1], "FP32", [10**400])],
    "too few values": [tensor("a", [3], "FP64", [1, 2])],
    "too many values": [tensor("a", [1], "FP64", [1, 2])],
    "lists of another shape": [tensor("a", [2, 2], "FP64", [[1, 2, 3], [4]])],
    "lists where the shape has none": [tensor("a", [2], "FP64", [[1], [2]])],
    "lists after numbers": [tensor("a", [2], "FP64", [1, [2]])],
    "text for numbers": [tensor("a", [1], "FP64", ["1"])],
    "numbers for text": [tensor("s", [1], "BYTES", [1])],
    "numbers for booleans": [tensor("a", [1], "BOOL", [1])],
    "booleans for integers": [tensor("a", [1], "INT64", [True])],
    "fractions for integers": [tensor("a", [1], "INT64", [1.5])],
    "null for an integer": [tensor("a", [1], "INT64", [None])],
    "a column too few": [A],
    "columns of unequal length": [A, N, tensor("s", [1], "BYTES", ["x"])],
    "a column of rows": [tensor("a", [2, 2], "FP64", [1, 2, 3, 4]), N, S],
    "no rows": [tensor("a", [0], "FP64", []), tensor("n", [0], "INT64", []), tensor("s", [0], "BYTES", [])],
    "fractions for a column of integers": [A, tensor("n", [2], "FP64", [1.5, 2]), S],
}


@pytest.mark.parametrize("inputs", BAD.values(), ids=BAD)
def test_a_request_that_breaks_the_protocol_is_refused(inputs: Any) -> None:
    with pytest.raises(Refused) as refused:
        Reader(COLUMNS, ("predict",)).read(json.dumps({"inputs": inputs}).encode(), JSON)
    answer = inference.refusal(refused.value)
    assert answer.status in (400, 413)
    assert list(msgspec.json.decode(answer.body)) == ["error"]


@pytest.mark.parametrize("shape", [[1, 2], [1, 2, 3], [4]])
def test_a_tensor_of_another_shape_than_the_signatures_is_refused(shape: list[int]) -> None:
    size = int(np.prod(shape))
    with pytest.raises(Refused, match="does not match expected shape"):
        read(TENSORS, tensor("x", shape, "FP64", [0] * size), tensor("k", [1], "INT64", [1]))


def test_another_content_type_is_415() -> None:
    with pytest.raises(Refused) as refused:
        Reader(NUMBERS, ("predict",)).read(b"a,b\n1,2\n", "text/csv")
    assert inference.refusal(refused.value).status == 415


def test_parameters_that_nobody_knows_are_passed_over() -> None:
    more: dict[str, Any] = {"parameters": {"priority": 1}}
    found = asked(COLUMNS, {**A, **more}, N, S, outputs=[{"name": "predict", **more}], id="7", **more)
    assert (found.id, found.outputs) == ("7", ("predict",))


@pytest.mark.parametrize("wanted", [[{"name": "other"}], [{}], ["predict"], {"name": "predict"}])
def test_an_output_that_the_model_does_not_have_is_refused(wanted: Any) -> None:
    with pytest.raises(Refused):
        asked(COLUMNS, A, N, S, outputs=wanted)


@pytest.mark.parametrize("named", ["x" * 257, 7, "a\nb", ["a"]])
def test_an_id_is_printable_text_of_bounded_length(named: Any) -> None:
    with pytest.raises(Refused):
        asked(COLUMNS, A, N, S, id=named)


ROWS = Rows(pa.record_batch({"a": [1.0]}), mergeable=True)


def test_an_answer_names_model_version_id_and_its_output_in_row_major_order() -> None:
    probabilities = Answer("probabilities", np.array([[0.25, 0.75], [0.5, 0.5]]), ("no", "yes"))
    answer = outputs.reply(Asked(ROWS, "7"), probabilities, "risk", 48)
    assert msgspec.json.decode(answer.body) == {
        "model_name": "risk",
        "model_version": "48",
        "id": "7",
        "outputs": [{"name": "predict_proba", "shape": [2, 2], "datatype": "FP64", "data": [0.25, 0.75, 0.5, 0.5]}],
    }


@pytest.mark.parametrize(
    ("array", "datatype", "data"),
    [
        (np.array([1, 2**62]), "INT64", [1, 2**62]),
        (np.array([True, False]), "BOOL", [True, False]),
        (np.array([0.5, np.nan, np.inf]), "FP64", [0.5, None, None]),
        (np.array(["a", None], dtype=object), "BYTES", ["a", None]),
    ],
)
def test_an_answers_datatype_is_that_of_what_the_model_gave(array: Any, datatype: str, data: list[Any]) -> None:
    answer = outputs.reply(Asked(ROWS), Answer("labels", array), "risk", 48)
    told = msgspec.json.decode(answer.body)
    assert "id" not in told
    assert told["outputs"] == [{"name": "predict", "shape": [len(data)], "datatype": datatype, "data": data}]


def test_metadata_describes_inputs_and_outputs() -> None:
    told = msgspec.json.decode(outputs.model("risk", [47, 48], COLUMNS, "scores", (0, 1)).body)
    assert told == {
        "name": "risk",
        "versions": ["47", "48"],
        "platform": "mlflow_pyfunc",
        "inputs": [
            {"name": "a", "datatype": "FP64", "shape": [-1]},
            {"name": "n", "datatype": "INT64", "shape": [-1]},
            {"name": "s", "datatype": "BYTES", "shape": [-1]},
        ],
        "outputs": [{"name": "predict_proba", "datatype": "FP64", "shape": [-1]}],
    }
    tensors = msgspec.json.decode(outputs.model("risk", [47], TENSORS, "labels", ("a", "b")).body)
    assert tensors["inputs"][0] == {"name": "x", "datatype": "FP64", "shape": [-1, 2, 2]}
    assert tensors["outputs"] == [{"name": "predict", "datatype": "BYTES", "shape": [-1]}]


def test_what_the_metadata_describes_can_be_sent() -> None:
    told = msgspec.json.decode(outputs.model("risk", [47], COLUMNS).body)
    some = {"FP64": 1.5, "INT64": 2, "BYTES": "x"}
    inputs = [tensor(one["name"], [1], one["datatype"], [some[one["datatype"]]]) for one in told["inputs"]]
    assert read(COLUMNS, *inputs).to_pylist() == [{"a": 1.5, "n": 2, "s": "x"}]


def test_the_server_names_itself_and_has_no_extensions() -> None:
    assert msgspec.json.decode(outputs.server("1.2").body) == {"name": "gatehouse", "version": "1.2", "extensions": []}


@pytest.mark.parametrize(("good", "status"), [(True, 200), (False, 503)])
def test_a_models_readiness_names_it(good: bool, status: int) -> None:
    answer = outputs.model_ready("risk", good)
    assert (answer.status, msgspec.json.decode(answer.body)) == (status, {"name": "risk", "ready": good})


@pytest.mark.parametrize(("good", "status"), [(True, 200), (False, 503)])
def test_health_is_told_by_status_and_body(good: bool, status: int) -> None:
    answer = outputs.health("ready", good)
    assert (answer.status, msgspec.json.decode(answer.body)) == (status, {"ready": good})
