"""A real model, asked in every form of both protocols, gives what MLflow's own server gives for it."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import msgspec
import pyarrow as pa
import pytest
from mlflow.pyfunc import scoring_server

from gatehouse.registry.signature import Signature
from gatehouse.runtime.process import ModelProcess
from gatehouse.serve.protocols import inference, outputs, scoring
from tests.serve.protocols import peer
from tests.serve.protocols.peer import CSV, JSON, body
from tests.support import models


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models.save(models.train(), tmp_path_factory.mktemp("model") / "model")


@pytest.fixture(scope="module")
def process(folder: Path) -> Iterator[ModelProcess]:
    with ModelProcess.start(folder, method="predict") as started:
        yield started


@pytest.fixture(scope="module")
def server(folder: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return mlflow.pyfunc.load_model(str(folder))


@pytest.fixture(scope="module")
def signature(server: Any) -> Signature:
    found = peer.ours(server.metadata.signature)
    assert found is not None
    return found


ROWS = models.features(5, seed=3)
SENT: dict[str, tuple[bytes, str]] = {
    "split": (body("dataframe_split", ROWS.to_dict(orient="split")), JSON),
    "records": (body("dataframe_records", ROWS.to_dict(orient="records")), JSON),
    "instances": (body("instances", ROWS.to_dict(orient="records")), JSON),
    "inputs": (body("inputs", ROWS.to_dict(orient="list")), JSON),
    "CSV": (ROWS.to_csv().encode(), CSV),
}


@pytest.mark.parametrize("case", SENT.values(), ids=SENT)
def test_invocations_answer_what_mlflows_server_answers(
    case: tuple[bytes, str], process: ModelProcess, server: Any, signature: Signature
) -> None:
    theirs = scoring_server.invocations(*case, server, server.metadata.get_input_schema())
    ours = scoring.reply(process.predict(scoring.Reader(signature).read(*case).batch))
    assert (ours.status, ours.content_type) == (theirs.status, theirs.mimetype)
    assert json.loads(ours.body) == json.loads(theirs.response)
    assert len(set(json.loads(ours.body)["predictions"])) > 1


def test_inference_answers_the_same(process: ModelProcess, server: Any, signature: Signature) -> None:
    kinds = {"income": "FP64", "age": "FP64", "region": "BYTES"}
    inputs = [
        {"name": name, "shape": [len(ROWS), 1], "datatype": kinds[name], "data": ROWS[name].tolist()} for name in kinds
    ]
    reader = inference.Reader(signature, (outputs.name_of(process.hello.kind),))
    asked = reader.read(json.dumps({"id": "7", "inputs": inputs}).encode(), JSON)
    told = msgspec.json.decode(outputs.reply(asked, process.predict(asked.rows.batch), "risk", 48).body)
    assert (told["model_name"], told["model_version"], told["id"]) == ("risk", "48", "7")
    expected = server.predict(ROWS).tolist()
    assert told["outputs"] == [{"name": "predict", "shape": [5], "datatype": "INT64", "data": expected}]


def test_requests_predicted_as_one_batch_get_the_answers_they_get_alone(
    process: ModelProcess, signature: Signature
) -> None:
    reader = scoring.Reader(signature)
    batches = [reader.read(body("dataframe_records", [row]), JSON).batch for row in ROWS.to_dict(orient="records")]
    together = process.predict(pa.concat_batches(batches)).array.tolist()
    assert together == [process.predict(batch).array.tolist()[0] for batch in batches]
