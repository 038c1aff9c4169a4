from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from gatehouse.errors import GatehouseError
from gatehouse.evaluate import drifted
from gatehouse.evaluate.drifted import drawn, predictions_moved
from gatehouse.evaluate.scored import Scored
from gatehouse.evaluate.scoring import Model
from gatehouse.evaluate.statistics.drift import ColumnDrift
from gatehouse.evaluate.statistics.profile import Profile
from gatehouse.runtime.answer import Answer
from gatehouse.runtime.failures import ModelRaised
from tests.evaluate import made
from tests.evaluate.made import InMemory

ROWS = 3_000


class Process:
    """What a model's process is for: an answer to a batch, here a function of its column ``x``."""

    def __init__(self, answers: Callable[[np.ndarray[Any, Any]], Answer]) -> None:
        self._answers = answers
        self.asked: list[int] = []

    def predict(self, batch: pa.RecordBatch) -> Answer:
        assert batch.schema.names == ["x"]
        self.asked.append(batch.num_rows)
        return self._answers(batch.column(0).to_numpy())


def _scores(x: Any) -> Answer:
    return Answer("scores", x, ("0", "1"))


def _model(process: Process) -> Callable[[], Model]:
    return lambda: Model(Path, ("x",), "auto", lambda: cast(Any, process))


def _scored(classes: tuple[str, ...] = ("0", "1"), **said: Any) -> Scored:
    columns = {
        who: pa.array(values)
        if values.ndim == 1
        else pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])
        for who, values in said.items()
    }
    return Scored(InMemory(pa.table(columns)), len(next(iter(said.values()))), classes, frozenset())


def _moved(
    now: Any, before: Any, answers: Any = _scores, task: str = "binary", profile: Path | None = None, **more: Any
) -> ColumnDrift:
    production = InMemory(pa.table({"y": np.zeros(len(now)), "x": now}))
    profiles = {} if profile is None else {"candidate": profile}
    models = {"candidate": _model(Process(answers))}
    return predictions_moved(production, _scored(candidate=before, **more), models, profiles, task)["candidate"]


def _uniform(seed: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).random(ROWS)


def test_all_rows_are_drawn_up_to_the_limit_and_beyond_it_one_of_each_stretch() -> None:
    assert drawn(10, 10) == list(range(10))
    few = drawn(1_000, 10)
    assert [position // 100 for position in few] == list(range(10))
    assert drawn(1_000, 10) == few
    assert len({position % 100 for position in few}) > 3  # no rhythm
    assert drawn(11, 10)[-1] < 11
    assert drawn(0) == []


def test_scores_are_held_against_those_on_the_evaluation_table() -> None:
    same, other = _moved(_uniform(1), _uniform(2)), _moved(_uniform(1) ** 2, _uniform(2))
    assert (same.note, other.note) == ("against the evaluation table",) * 2
    assert same.psi is not None
    assert same.psi < 0.02
    assert other.psi is not None
    assert other.psi > 0.25
    assert other.ks == pytest.approx(0.25, abs=0.03)
    assert other.rows == (ROWS, ROWS)


def test_numbers_of_a_regression_are_compared_as_they_are() -> None:
    found = _moved(_uniform(1) + 1, _uniform(2), lambda x: Answer("values", x), "regression", classes=())
    assert found.ks == 1.0


def test_of_several_classes_the_most_probable_is_compared() -> None:
    def answers(x: Any) -> Answer:
        return Answer("probabilities", np.column_stack([x, 1 - x, np.zeros(len(x))]), ("c", "a", "b"))

    before = np.tile([[0.5, 0.2, 0.3], [0.2, 0.2, 0.6]], (ROWS // 2, 1))  # a and c, in the order of the classes
    found = _moved(np.where(_uniform(1) < 0.9, 0.9, 0.1), before, answers, "multiclass", classes=("a", "b", "c"))
    assert found.kind == "categorical"
    shares = {one.name: (one.expected, one.actual) for one in found.bins}
    assert shares["a"] == pytest.approx((0.5, 0.1), abs=0.02)
    assert shares["c"] == pytest.approx((0.5, 0.9), abs=0.02)


def test_predicted_labels_are_compared_too() -> None:
    def answers(x: Any) -> Answer:
        return Answer("labels", (x > 0.2).astype(np.int64))

    found = _moved(_uniform(1), (_uniform(2) > 0.8).astype(float), answers)
    assert found.ks == pytest.approx(0.6, abs=0.03)


def test_answers_that_are_no_numbers_are_missing_ones() -> None:
    found = _moved(np.where(_uniform(1) < 0.5, np.nan, _uniform(3)), _uniform(2))
    assert found.missing[1] == pytest.approx(0.5, abs=0.03)
    assert found.psi is not None
    assert found.psi > 0.25


def _profile(path: Path, values: Any) -> Path:
    path.write_bytes(Profile.of([pa.record_batch({"x": [1.0] * len(values), "prediction": values})]).to_json())
    return path


def test_what_was_predicted_in_training_counts_where_the_profile_knows_it(tmp_path: Path) -> None:
    profile = _profile(tmp_path / "profile.json", _uniform(4) ** 2)
    found = _moved(_uniform(1) ** 2, _uniform(2), profile=profile)
    assert found.note == "against the training run"
    assert found.psi is not None
    assert found.psi < 0.02


@pytest.mark.parametrize("logged", [["yes", "no"] * 5, [[1.0]] * 5])
def test_a_profile_of_classes_says_nothing_of_scores(tmp_path: Path, logged: list[Any]) -> None:
    found = _moved(_uniform(1), _uniform(2), profile=_profile(tmp_path / "profile.json", logged))
    assert found.note == "against the evaluation table"


def test_a_feature_that_is_called_prediction_is_a_feature(tmp_path: Path) -> None:
    path = tmp_path / "profile.json"
    path.write_bytes(Profile.of([pa.record_batch({"prediction": _uniform(4) ** 2})]).to_json())
    process = Process(_scores)
    model = Model(Path, ("prediction",), "auto", lambda: cast(Any, process))
    process.predict = lambda batch: _scores(batch.column(0).to_numpy())  # type: ignore[method-assign]
    production = InMemory(pa.table({"prediction": _uniform(1)}))
    found = predictions_moved(
        production, _scored(candidate=_uniform(2)), {"candidate": lambda: model}, {"candidate": path}, "binary"
    )
    assert found["candidate"].note == "against the evaluation table"


def test_a_model_that_fails_on_production_has_no_figures_and_the_other_keeps_its(tmp_path: Path) -> None:
    def raises(_: Any) -> Answer:
        raise ModelRaised("ValueError", "no such region")

    models = {"candidate": _model(Process(raises)), "champion": _model(Process(_scores))}
    production = InMemory(pa.table({"x": _uniform(1)}))
    said = predictions_moved(production, _scored(candidate=_uniform(2), champion=_uniform(2)), models, {}, "binary")
    assert said["candidate"].psi is None
    assert said["candidate"].note == "candidate: no such region"
    assert said["champion"].psi is not None


def test_a_column_that_production_lacks_is_said(bench: made.Bench) -> None:
    def absent() -> Model:
        raise GatehouseError("data/now.parquet has no column 'x'", "")

    found = predictions_moved(
        InMemory(pa.table({"z": [1.0]})), _scored(candidate=_uniform(2)), {"candidate": absent}, {}, "binary"
    )
    assert found["candidate"] == ColumnDrift("prediction", "", (0, 1), note="data/now.parquet has no column 'x'")


def test_a_large_table_is_asked_about_in_part_and_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drifted, "BATCH_ROWS", 100)
    monkeypatch.setattr(drifted.drawn, "__defaults__", (250,))
    process = Process(_scores)
    production = InMemory(pa.table({"x": _uniform(1)}))
    found = predictions_moved(production, _scored(candidate=_uniform(2)), {"candidate": _model(process)}, {}, "binary")
    assert process.asked == [100, 100, 50]
    assert found["candidate"].rows == (250, 250)
    assert found["candidate"].note == "against the evaluation table, on 250 of 3,000 rows"


def test_real_processes_answer_for_production(bench: made.Bench) -> None:
    case = bench.case(bench.model("good"), bench.model("constant"))
    with bench.evidence(case) as evidence:
        found = evidence.prediction_drift
        assert evidence.prediction_drift is found
    assert list(found) == ["candidate", "champion"]
    assert found["candidate"].rows == (2_000, 1_000)
    assert found["champion"].psi == pytest.approx(0.0, abs=1e-12)


def test_production_without_a_feature_leaves_predictions_unknown(bench: made.Bench) -> None:
    rows = pa.table({"income": [1.0, 2.0], "region": ["north", "south"]})
    case = bench.case(bench.model("good"), production=bench.table("ageless", rows))
    with bench.evidence(msgspec.structs.replace(case)) as evidence:
        found = evidence.prediction_drift["candidate"]
    assert found.psi is None
    assert "has no column 'age'" in found.note
