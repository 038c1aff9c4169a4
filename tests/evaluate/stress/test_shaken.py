"""Real models of every bad sort, asked about rows that are not perfect."""

from __future__ import annotations

from typing import Any

import mlflow
import msgspec
import numpy as np
import pandas as pd
import pytest

from gatehouse.declare.types import Data
from gatehouse.errors import GatehouseError, NotFound
from gatehouse.evaluate.material import Fetched
from gatehouse.evaluate.result import Subject
from gatehouse.evaluate.statistics.board import Board
from gatehouse.evaluate.stress import drawn
from gatehouse.evaluate.stress.changes import Wanted
from gatehouse.evaluate.stress.drawn import TENSORS
from gatehouse.evaluate.stress.sample import positions
from gatehouse.evaluate.stress.search import Limits
from gatehouse.evaluate.stress.shaken import CHANGED, Shaken, Stress, _Telling
from gatehouse.pin import Pin
from gatehouse.registry.digest import digest
from tests.evaluate import made
from tests.evaluate.made import EVALUATION
from tests.support import models

GENTLE = Wanted((0.1,), (0.1,), (0.1,), (0.05,))


class Delicate(mlflow.pyfunc.PythonModel):  # type: ignore[misc] # mlflow is untyped
    """Knows income and region, and raises where either is missing."""

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        if model_input[["income", "region"]].isna().any(axis=None):
            raise ValueError("income and region are needed")
        return 1 / (1 + np.exp((model_input["income"].to_numpy() - 45) / 10))


class Moody(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """Answers what comes to its mind."""

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        return np.random.default_rng().random(len(model_input))


class Wordy(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """Goes by the region alone."""

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        return np.where(model_input["region"] == "south", 0.6, 0.4)


class Banded(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """Three bands of income, by name."""

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        income = model_input["income"].to_numpy(dtype=float)
        scores = np.exp(-np.abs(income[:, None] - np.array([35.0, 50.0, 65.0])) / 3)
        return pd.DataFrame(scores / scores.sum(axis=1, keepdims=True), columns=["low", "mid", "high"])


class Guess(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """What somebody of that age owes."""

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        return 2.0 * model_input["age"].to_numpy(dtype=float)


def kept(bench: made.Bench, model: Any, signature: Any) -> Fetched:
    name = type(model).__name__.lower()
    if name not in bench.saved:
        path = models.save(model, bench.folder / "models" / name, signature=False)
        mlflow.models.set_signature(str(path), signature)
        found = digest(path)
        bench.saved[name] = Fetched(Subject(Pin(len(bench.saved) + 1, found)), f"models/{name}", found)
    return bench.saved[name]


def signed(rows: pd.DataFrame) -> Any:
    return mlflow.models.infer_signature(rows, np.zeros(len(rows)))


def gappy() -> pd.DataFrame:
    """Rows of which some lack what is optional therefore."""
    rows = models.features(20)
    rows.loc[0, ["income", "region"]] = None
    return rows


def test_only_work_that_takes_long_is_told_and_not_at_every_step() -> None:
    told: list[str] = []
    telling = _Telling(told.append, 5)

    telling.tell("noise")
    assert told == []
    telling._next = 0.0  # as if two seconds had gone by
    telling.tell("swaps")
    telling.tell("without age")
    assert told == ["swaps (2 of 5)"]


def shake(
    bench: made.Bench, candidate: Fetched, champion: Fetched | None = None, stress: Stress | None = None, **more: Any
) -> Shaken:
    tables = {"evaluation": more.pop("evaluation")} if "evaluation" in more else {}
    judged = made.policy(**more)
    with bench.evidence(bench.case(candidate, champion, **tables), judged) as evidence:
        return evidence.shaken(stress or Stress("roc_auc", 400, GENTLE))


def test_a_change_is_measured_against_the_same_rows_as_they_are(bench: made.Bench) -> None:
    found = shake(bench, bench.model("good"), bench.model("constant"))

    assert found.rows == 400
    assert [step.name for step in found.steps] == [
        "noise of 0.1 sd",
        "0.1 of categories wrong",
        "0.05 of rows with two features swapped",
    ]
    for step in found.steps:
        board = step.boards["candidate"]
        assert isinstance(board, Board)
        assert board.rows == 400
        assert board.estimate("roc_auc", CHANGED).value != board.estimate("roc_auc", "clean").value
    assert found.flips == {}


def test_the_same_question_has_the_same_answer_and_other_models_get_other_rows(bench: made.Bench) -> None:
    def value(candidate: str) -> float | None:
        board = shake(bench, bench.model(candidate)).steps[0].boards["candidate"]
        assert isinstance(board, Board)
        return board.estimate("roc_auc", "clean").value

    assert value("good") == value("good") != value("twin")


def test_a_model_that_raises_on_missing_values_is_told_and_the_rest_is_still_tried(bench: made.Bench) -> None:
    found = shake(bench, kept(bench, Delicate(), signed(gappy())))

    said = {step.name: step.boards["candidate"] for step in found.steps}
    raised = said["0.1 of values missing"]
    assert isinstance(raised, str)
    assert "ValueError on 400 rows: income and region are needed" in raised
    assert isinstance(said["noise of 0.1 sd"], Board)
    assert isinstance(said["0.05 of rows with two features swapped"], Board)
    assert found.notes == ("never missing, by the signature: age",)


def test_what_the_signature_requires_is_never_missing(bench: made.Bench) -> None:
    notes = shake(bench, bench.model("constant")).notes

    assert notes == ("the signature lets no feature be missing: none is taken away",)


def test_a_model_that_answers_differently_each_time_has_that_to_answer_for(bench: made.Bench) -> None:
    found = shake(bench, kept(bench, Moody(), signed(models.features(20))), bench.model("constant"))

    assert found.steps[0].name == "asked again"
    assert found.notes[0].startswith(
        "the candidate answers the same rows differently when it is asked twice: by up to 0"
    )
    assert not any("champion" in note for note in found.notes)


def test_a_model_of_words_alone_gets_no_noise_and_that_is_said(bench: made.Bench) -> None:
    found = shake(bench, kept(bench, Wordy(), signed(models.features(20)[["region"]])))

    assert [step.name for step in found.steps] == ["0.1 of categories wrong"]
    assert "no feature is a number that varies: no noise is tried" in found.notes


def test_a_model_of_tensors_is_not_shaken_and_that_is_said(bench: made.Bench) -> None:
    rows = np.zeros((4, 3))
    candidate = kept(bench, models.Odd(), mlflow.models.infer_signature(rows, np.zeros(4)))

    assert shake(bench, candidate) == Shaken(0, notes=(TENSORS,))


def test_a_sample_of_one_class_leaves_an_auc_without_a_value(
    bench: made.Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A saved model has another digest, and so another seed, every time.
    monkeypatch.setattr(drawn, "seed_of", lambda *_: 1)
    left_out = sorted(set(range(400)) - set(positions(400, 20, 1)))[:2]
    rows = models.frame(400).assign(defaulted=0)
    rows.loc[left_out, "defaulted"] = 1
    path = bench.table("rare", rows)

    found = shake(bench, bench.model("good"), stress=Stress("roc_auc", 20, GENTLE), evaluation=path)

    board = found.steps[0].boards["candidate"]
    assert isinstance(board, Board)
    assert board.estimate("roc_auc", "clean").value is None


def test_labels_alone_cannot_be_judged_by_scores(bench: made.Bench) -> None:
    with pytest.raises(GatehouseError, match="roc_auc needs scores, and the candidate answers labels"):
        shake(bench, bench.model("good"), prediction=made.labels_only().prediction)

    found = shake(
        bench, bench.model("good"), stress=Stress("accuracy", 400, GENTLE), prediction=made.labels_only().prediction
    )
    assert len(found.steps) == 3


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ("nan", "some predictions of the candidate are no finite numbers, on rows as they are"),
        ("raises", "candidate: the model raised ValueError on 400 rows: no such region"),
    ],
)
def test_a_model_that_fails_on_rows_as_they_are_is_not_shaken(bench: made.Bench, model: str, why: str) -> None:
    with pytest.raises(GatehouseError) as raised:
        shake(bench, bench.model(model))
    assert raised.value.message == why


def test_the_label_never_reaches_the_model_and_is_never_changed(bench: made.Bench) -> None:
    with pytest.raises(GatehouseError, match="takes 'defaulted', which is the label"):
        shake(bench, bench.model("leaky"))


def test_clusters_are_drawn_along_and_stay_together(bench: made.Bench) -> None:
    rows = models.frame(400)
    path = bench.table("households", rows.assign(household=np.arange(400) // 4))
    evaluation = msgspec.structs.replace(EVALUATION, cluster="household")

    found = shake(bench, bench.model("good"), evaluation=path, data=Data(evaluation))

    board = found.steps[0].boards["candidate"]
    assert isinstance(board, Board)
    assert board.clustered
    assert "by cluster" in board.compare("roc_auc", 0, 0.95, (CHANGED, "clean")).test


SEARCH = Stress("roc_auc", 300, Wanted(), Limits(0.2, (), 20))


def test_the_search_flips_decisions_of_a_model_that_listens_and_none_of_one_that_does_not(bench: made.Bench) -> None:
    found = shake(bench, bench.model("good"), bench.model("constant"), SEARCH)

    assert found.steps == ()
    assert 0 < found.flips["candidate"].flipped < 300
    assert found.flips["champion"].flipped == 0
    assert found.flips["champion"].asked == 20
    cost = found.flips["candidate"].board
    worse, clean = (cost.estimate("roc_auc", who).value for who in (CHANGED, "clean"))
    assert worse is not None
    assert clean is not None
    assert worse < clean


def test_more_reach_flips_more(bench: made.Bench) -> None:
    near, far = (
        shake(bench, bench.model("good"), stress=reaching(epsilon)).flips["candidate"].flipped
        for epsilon in (0.05, 0.5)
    )
    assert near < far


def reaching(epsilon: float) -> Stress:
    return Stress("roc_auc", 300, Wanted(), Limits(epsilon, (), 20))


def test_a_category_that_is_none_is_told_with_the_nearest_name(bench: made.Bench) -> None:
    with pytest.raises(NotFound) as raised:
        shake(bench, bench.model("good"), stress=Stress("roc_auc", 100, Wanted(), Limits(0.1, ("regoin",), 5)))
    assert raised.value.message == "the candidate has no feature of text called 'regoin' that could be changed"
    assert raised.value.fix == "did you mean 'region'?"


def test_several_classes_are_shaken_and_searched(bench: made.Bench) -> None:
    rows = models.features(600, seed=2)
    bands = pd.cut(rows["income"], [-1e9, 42.5, 57.5, 1e9], labels=["low", "mid", "high"]).astype(str)
    path = bench.table("bands", rows.assign(defaulted=bands))
    stress = Stress("macro_f1", 300, Wanted(noise=(0.3,)), Limits(0.1, (), 12))

    found = shake(bench, kept(bench, Banded(), signed(rows)), stress=stress, evaluation=path, task="multiclass")

    (step,) = found.steps
    board = step.boards["candidate"]
    assert isinstance(board, Board)
    comparison = board.compare("macro_f1", 0, 0.95, (CHANGED, "clean"))
    assert comparison.improvement is not None
    assert comparison.improvement < -0.05
    assert 0 < found.flips["candidate"].flipped < 100


def test_a_regression_is_shaken(bench: made.Bench) -> None:
    rows = models.features(600, seed=2)
    path = bench.table("debts", rows.assign(defaulted=2.0 * rows["age"] + np.random.default_rng(0).normal(0, 1, 600)))
    stress = Stress("rmse", 300, Wanted(noise=(0.1,), reliance=True))

    found = shake(bench, kept(bench, Guess(), signed(rows)), stress=stress, evaluation=path, task="regression")

    losses = {}
    for step in found.steps:
        board = step.boards["candidate"]
        assert isinstance(board, Board)
        losses[step.name] = board.compare("rmse", 0, 0.95, (CHANGED, "clean")).difference.value
    # Noise of 1.8 years beside an error of 1; without the age, nothing is left to go by.
    assert losses["noise of 0.1 sd"] == pytest.approx(2.6, abs=0.6)
    assert losses["without age"] == pytest.approx(50, abs=8)
    assert losses["without income"] == losses["without region"] == 0
