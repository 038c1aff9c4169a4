from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from mlflow.models import ModelSignature, infer_signature
from mlflow.types.schema import (
    AnyType,
    ColSpec,
    ParamSchema,
    ParamSpec,
    Schema,
    TensorSpec,
)
from mlflow.types.schema import Array as MlflowArray
from mlflow.types.schema import DataType as MlflowType
from mlflow.types.schema import Map as MlflowMap
from mlflow.types.schema import Object as MlflowObject
from mlflow.types.schema import Property as MlflowProperty

from gatehouse.errors import GatehouseError, NotFound
from gatehouse.registry import mlmodel
from gatehouse.registry.signature import Array, Column, Field, Map, Object, Param, Scalar, Signature, Tensor
from tests.support import models

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


def _file(signature: ModelSignature | None = None) -> bytes:
    """An MLmodel file as MLflow writes it."""
    return _raw_file(None if signature is None else signature.to_dict())


def _raw_file(signature: object) -> bytes:
    return yaml.safe_dump({"flavors": {"sklearn": {}}, "signature": signature}).encode()


def test_a_saved_model_is_read_without_mlflow(tmp_path: Path, pipeline: Pipeline) -> None:
    folder = models.save(pipeline, tmp_path / "model")
    model = mlmodel.read(folder)
    assert model.flavors == ("python_function", "sklearn")
    assert (model.flavor, model.loader) == ("sklearn", "mlflow.sklearn")
    assert model.signature is not None
    assert model.signature.columns() == (
        Column("income", Scalar("double")),
        Column("age", Scalar("double")),
        Column("region", Scalar("string")),
    )
    assert model.signature.outputs == (Tensor(None, "int64", (-1,)),)
    assert model.bytes is not None
    assert model.bytes > 1_000
    assert model.python_version == ".".join(map(str, sys.version_info[:3]))
    assert model.mlflow_version is not None
    assert model.uuid is not None


def test_a_model_without_a_signature_has_none(tmp_path: Path, pipeline: Pipeline) -> None:
    assert mlmodel.read(models.save(pipeline, tmp_path / "model", signature=False)).signature is None


def test_a_model_of_python_alone_has_the_generic_flavor(tmp_path: Path) -> None:
    assert mlmodel.read(models.save(models.Odd(), tmp_path / "model")).flavor == "python_function"


def test_reading_a_model_file_imports_neither_mlflow_nor_numpy() -> None:
    code = "import sys, gatehouse.registry.mlmodel as m; print({'mlflow', 'numpy', 'pandas'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout
    assert said.strip() == "set()"


NESTED = Schema(
    [
        ColSpec("long", "id"),
        ColSpec("datetime", "at", required=False),
        ColSpec(MlflowArray("float"), "embedding"),
        ColSpec(MlflowMap(MlflowArray("string")), "words"),
        ColSpec(AnyType(), "anything", required=False),
        ColSpec(
            MlflowObject(
                [
                    MlflowProperty("street", "string"),
                    MlflowProperty(
                        "floors", MlflowArray(MlflowObject([MlflowProperty("n", "integer")])), required=False
                    ),
                ]
            ),
            "address",
        ),
    ]
)


def test_nested_columns_are_read_as_mlflow_wrote_them() -> None:
    read = mlmodel.parse(_file(ModelSignature(inputs=NESTED))).signature
    assert read is not None
    # MLflow sorts an object's properties.
    assert read.inputs == (
        Column("id", Scalar("long")),
        Column("at", Scalar("datetime"), required=False),
        Column("embedding", Array(Scalar("float"))),
        Column("words", Map(Array(Scalar("string")))),
        Column("anything", Scalar("any"), required=False),
        Column(
            "address",
            Object(
                (
                    Field("floors", Array(Object((Field("n", Scalar("integer")),))), required=False),
                    Field("street", Scalar("string")),
                )
            ),
        ),
    )
    assert read.outputs is None
    assert (
        str(read.columns()[5].type) == "object with floors: array of object with n: integer (optional), street: string"
    )


def test_every_scalar_type_of_mlflow_is_known() -> None:
    schema = Schema([ColSpec(kind, kind.name) for kind in MlflowType])
    read = mlmodel.parse(_file(ModelSignature(inputs=schema))).signature
    assert read is not None
    assert [column.name for column in read.columns()] == [str(column.type) for column in read.columns()]
    assert len(read.columns()) == len(MlflowType)


def test_tensors_named_and_not_are_read() -> None:
    named = Schema([TensorSpec(np.dtype("float32"), (-1, 28, 28), "image"), TensorSpec(np.dtype("int64"), (-1,), "n")])
    alone = Schema([TensorSpec(np.dtype("uint8"), (-1, 3))])
    read = mlmodel.parse(_file(ModelSignature(inputs=named, outputs=alone))).signature
    assert read == Signature(
        inputs=(Tensor("image", "float32", (-1, 28, 28)), Tensor("n", "int64", (-1,))),
        outputs=(Tensor(None, "uint8", (-1, 3)),),
    )
    assert read.columns() == ()
    assert read.tensors() == read.inputs


def test_params_are_read_with_defaults_and_shapes() -> None:
    params = ParamSchema(
        [
            ParamSpec("temperature", "float", 0.5),
            ParamSpec("stop", "string", ["a"], shape=(-1,)),
            ParamSpec("floor", "double", float("nan")),
        ]
    )
    read = mlmodel.parse(_file(ModelSignature(inputs=NESTED, params=params))).signature
    assert read is not None
    assert read.params[:2] == (
        Param("temperature", Scalar("float"), 0.5),
        Param("stop", Scalar("string"), ["a"], (-1,)),
    )
    assert np.isnan(read.params[2].default)


def test_columns_that_go_by_position_have_no_name() -> None:
    read = mlmodel.parse(_file(infer_signature(np.zeros((2, 2)), np.zeros(2)))).signature
    assert read is not None
    assert read.columns() == ()
    unnamed = mlmodel.parse(_file(ModelSignature(inputs=Schema([ColSpec("double"), ColSpec("double")])))).signature
    assert unnamed is not None
    assert unnamed.inputs == (Column(None, Scalar("double")), Column(None, Scalar("double")))


def test_a_signature_travels_through_json() -> None:
    signature = ModelSignature(inputs=NESTED, outputs=Schema([TensorSpec(np.dtype("int64"), (-1,))]))
    read = mlmodel.parse(_file(signature))
    again = msgspec.json.decode(msgspec.json.encode(read), type=mlmodel.MLModel)
    assert again == read


def test_ten_thousand_columns_are_read_in_a_moment() -> None:
    schema = Schema([ColSpec("double", f"feature_with_a_long_name_{n}") for n in range(10_000)])
    data = _file(ModelSignature(inputs=schema))
    began = time.monotonic()
    read = mlmodel.parse(data).signature
    assert time.monotonic() - began < 2
    assert read is not None
    assert len(read.columns()) == 10_000


def _signed(inputs: str) -> bytes:
    return _raw_file({"inputs": inputs, "outputs": None, "params": None})


def _deep(levels: int) -> str:
    return '[{"name": "x", "type": ' + '"array", "items": {"type": ' * levels + '"long"' + "}" * levels + "}]"


HOSTILE = {
    "not text": (b"\xff\xfe\x00", "not UTF-8"),
    "nothing": (b"", "not a YAML mapping"),
    "a list": (b"- a\n", "not a YAML mapping"),
    "unclosed": (b"flavors: [a", "is not YAML"),
    "no flavors": (b"run_id: x\n", "names no flavor"),
    "empty flavors": (b"flavors: {}\n", "names no flavor"),
    "flavors as a list": (b"flavors: [sklearn]\n", "flavors is not a mapping"),
    "flavor as text": (b"flavors: {python_function: x}\n", "python_function is not a mapping"),
    "loader as a list": (b"flavors: {python_function: {loader_module: [a]}}\n", "loader_module is not a text"),
    "size as text": (b"flavors: {a: {}}\nmodel_size_bytes: many\n", "not a number of bytes"),
    "negative size": (b"flavors: {a: {}}\nmodel_size_bytes: -1\n", "not a number of bytes"),
    "sexagesimal size": (b"flavors: {a: {}}\nmodel_size_bytes: 1:30\n", "not a number of bytes"),
    "endless size": (b"flavors: {a: {}}\nmodel_size_bytes: " + b"9" * 5_000 + b"\n", "not a number of bytes"),
    "deep flow": (b"flavors: " + b"[" * 100_000, "nested too deep"),
    "deep blocks": (b"- " * 100_000, "nested too deep"),
    "deep mappings": (b"{a: " * 100_000, "nested too deep"),
    "recursive": (b"flavors: &a {b: *a}\n", "is not YAML"),
    "signature as text": (b"flavors: {a: {}}\nsignature: x\n", "signature is not a mapping"),
    "inputs as a mapping": (b"flavors: {a: {}}\nsignature: {inputs: {a: b}}\n", "inputs is not a text"),
    "inputs no JSON": (_signed("[{"), "inputs is not JSON"),
    "inputs no list": (_signed("{}"), "inputs is not a list"),
    "inputs of texts": (_signed('["a"]'), r"inputs\[0\] is not an object"),
    "no type": (_signed('[{"name": "a"}]'), r"inputs\[0\] has the unknown type None"),
    "unknown type": (_signed('[{"name": "a", "type": "complex"}]'), "unknown type 'complex'"),
    "type as a list": (_signed('[{"name": "a", "type": ["long"]}]'), "unknown type"),
    "name as a number": (_signed('[{"name": 1, "type": "long"}]'), "a name that is no text"),
    "required as text": (_signed('[{"name": "a", "type": "long", "required": "no"}]'), "neither true nor false"),
    "a name twice": (_signed('[{"name": "a", "type": "long"}, {"name": "a", "type": "string"}]'), "a column twice"),
    "array of nothing": (_signed('[{"name": "a", "type": "array"}]'), r"inputs\[0\].items is not an object"),
    "object of nothing": (_signed('[{"name": "a", "type": "object"}]'), "properties is not an object"),
    "a mix": (
        _signed('[{"name": "a", "type": "long"}, {"type": "tensor", "tensor-spec": {"dtype": "int8", "shape": [1]}}]'),
        "mixes columns and tensors",
    ),
    "tensor of nothing": (_signed('[{"type": "tensor"}]'), "tensor-spec is not an object"),
    "tensor without dtype": (_signed('[{"type": "tensor", "tensor-spec": {"shape": [1]}}]'), "has no dtype"),
    "shape of texts": (_signed('[{"type": "tensor", "tensor-spec": {"dtype": "int8", "shape": ["a"]}}]'), "a shape"),
    "shape of truths": (_signed('[{"type": "tensor", "tensor-spec": {"dtype": "int8", "shape": [true]}}]'), "a shape"),
    "shape below -1": (_signed('[{"type": "tensor", "tensor-spec": {"dtype": "int8", "shape": [-2]}}]'), "a shape"),
    "deep types": (_signed(_deep(33)), "nested more than 32 types deep"),
    "endless types": (_signed(_deep(100_000)), "is not JSON|nested more than"),
    "endless number": (_signed("[" + "9" * 10_000 + "]"), "is not JSON"),
}


@pytest.mark.parametrize(("data", "said"), HOSTILE.values(), ids=HOSTILE)
def test_a_file_that_is_not_sound_is_refused_with_its_name_and_in_no_time(data: bytes, said: str) -> None:
    began = time.monotonic()
    with pytest.raises(GatehouseError, match=said) as caught:
        mlmodel.parse(data, "model/MLmodel")
    assert time.monotonic() - began < 2
    assert caught.value.message.startswith("model/MLmodel:")
    assert len(caught.value.message) < 400


def test_the_deepest_types_that_are_allowed_are_read() -> None:
    assert mlmodel.parse(_signed(_deep(32))).signature is not None


def test_a_bomb_of_aliases_and_merges_stays_text() -> None:
    lines = ["a0: &a0 {x: y}"] + [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 40)]
    began = time.monotonic()
    model = mlmodel.parse(("flavors: {sklearn: {}}\n" + "\n".join(lines)).encode())
    assert time.monotonic() - began < 2
    assert model.flavors == ("sklearn",)


def test_a_tag_runs_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    data = f"flavors: {{sklearn: !!python/object/apply:os.mkdir [{mark}]}}\n".encode()
    assert mlmodel.parse(data).flavors == ("sklearn",)
    assert not mark.exists()


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "MLmodel").open("wb") as out:
        out.truncate(10**12)
    with pytest.raises(GatehouseError, match="more than 4,000,000 bytes"):
        mlmodel.read(tmp_path)


@pytest.mark.parametrize("kind", ["nothing", "link", "folder", "pipe"])
def test_a_folder_without_a_plain_model_file_is_no_model(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "MLmodel"
    if kind == "link":
        path.symlink_to("/etc/passwd")
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    with pytest.raises(NotFound, match="not an MLflow model"):
        mlmodel.read(tmp_path)


def _said(data: bytes) -> str:
    """What the reader complains of, "" where it takes the file."""
    try:
        mlmodel.parse(data)
    except GatehouseError as error:
        return error.message
    return ""


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "name", "items", "x"]), inner),
    max_leaves=12,
)


@given(_JSON)
@settings(max_examples=200, deadline=None)
def test_any_json_for_a_signature_is_a_signature_or_a_clear_error(raw: object) -> None:
    said = _said(_signed(json.dumps([raw])))
    assert said == "" or said.startswith("MLmodel: signature: inputs")


@given(st.binary(max_size=60) | st.text(alphabet="flavors:{}[]&*<!-\n\t '\"", max_size=60).map(str.encode))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_a_model_file_or_a_clear_error(data: bytes) -> None:
    said = _said(data)
    assert said == "" or said.startswith("MLmodel:")
