"""A measured model asked again, in real processes: what it may do, and what is found out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest

from gatehouse.declare.types import Data, Evaluation, Prediction, Where
from gatehouse.errors import GatehouseError
from gatehouse.evaluate.conduct import Conduct, Drawn, Interview
from gatehouse.evaluate.conductpace import Pace, Past, pace
from gatehouse.evaluate.evidence import CANDIDATE, Evidence
from gatehouse.runtime.answer import Answer
from gatehouse.runtime.process import ModelProcess
from gatehouse.runtime.processor import Spent
from tests.evaluate import made
from tests.support import models

WAYS = ("a row at a time", "in small batches", "in another order")
EVERY = (*WAYS, *(f"{way} by a second process" for way in WAYS))


class Turning(mlflow.pyfunc.PythonModel):  # type: ignore[misc] # mlflow is untyped
    """Answers a share of the income, and after ``calls`` calls, or to fewer than ``least`` rows, another; ``late``
    calls it is slow as well."""

    def __init__(self, calls: int = 10**9, least: int = 0, shift: float = 0.25, late: float = 0.0) -> None:
        self.after, self.least, self.shift, self.late = calls, least, shift, late
        self.calls = 0

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        self.calls += 1
        answers = 1 / (1 + np.exp((model_input["income"].to_numpy() - 45) / 10))
        if self.calls > self.after:
            time.sleep(self.late)
        turned = self.calls > self.after or len(model_input) < self.least
        return np.clip(answers + self.shift, 0, 1) if turned else answers


class Batchy(mlflow.pyfunc.PythonModel):  # type: ignore[misc] # mlflow is untyped
    """An honest mistake: each row is scaled by the rows that it came with."""

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        income = model_input["income"].to_numpy()
        return 1 / (1 + np.exp((income - income.mean()) / 10))


class Coin(mlflow.pyfunc.PythonModel):  # type: ignore[misc] # mlflow is untyped
    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        return np.random.default_rng().uniform(size=len(model_input))


class Worded(mlflow.pyfunc.PythonModel):  # type: ignore[misc] # mlflow is untyped
    """Says words; at ``changes`` other ones, in other calls."""

    def __init__(self, changes: bool = False) -> None:
        self.changes, self.calls = changes, 0

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        self.calls += 1
        words = np.where(model_input["income"] > 45, "0", "1")
        return (np.where(words == "0", "1", "0") if self.changes and self.calls > 1 else words).tolist()


class Crashing(mlflow.pyfunc.PythonModel):  # type: ignore[misc] # mlflow is untyped
    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        if len(model_input) == 1:
            raise ValueError("I need company")
        return model_input["income"].to_numpy() / 100


Ask = Callable[[Evidence], object]


def conduct(bench: made.Bench, folder: Path, model: Any, ask: Ask, **policy: Any) -> Conduct | None:
    """What is found of a model that a gate has asked by ``ask``."""
    path = models.save(model, folder / "model")
    fetched = made.fetched(bench, path)
    with bench.evidence(bench.case(fetched), made.policy(**policy)) as evidence:
        ask(evidence)
        return evidence.conduct(60, 3.0)


def scored(evidence: Evidence) -> object:
    return evidence.scored


def apart(found: Conduct | None) -> dict[str, float]:
    assert found is not None
    return {asking.way: asking.apart for asking in found.askings}


def test_nothing_is_found_where_nothing_has_asked(bench: made.Bench, tmp_path: Path) -> None:
    assert conduct(bench, tmp_path, Turning(), lambda _: None) is None


def test_an_honest_model_answers_alike_in_every_way_and_at_its_pace(bench: made.Bench, tmp_path: Path) -> None:
    found = conduct(bench, tmp_path, models.train(), scored)

    assert tuple(apart(found)) == EVERY
    assert max(apart(found).values()) < 1e-9
    assert found is not None
    assert found.rows == 60
    assert [asking.rows for asking in found.askings] == [40, 60, 60] * 2
    assert found.pace.now_ms is not None
    assert found.pace.measured_ms is None


def test_a_first_call_that_is_better_than_all_others_is_found_out(bench: made.Bench, tmp_path: Path) -> None:
    found = apart(conduct(bench, tmp_path, Turning(calls=1), scored))

    assert found["a row at a time"] > 0.2
    assert found["in another order by a second process"] > 0.2


def test_a_counter_that_one_process_has_not_reached_yet_is_found_out_in_the_other(
    bench: made.Bench, tmp_path: Path
) -> None:
    found = apart(conduct(bench, tmp_path, Turning(calls=60), scored))

    # 1 call for the table, 40 single rows, a handful of small batches; the second process starts at 0.
    assert found["a row at a time"] == 0
    assert found["a row at a time by a second process"] == 0
    assert max(found.values()) == 0
    found = apart(conduct(bench, tmp_path / "sooner", Turning(calls=42), scored))
    assert found["a row at a time"] == 0
    assert found["in another order"] > 0.2


def test_a_model_that_answers_single_rows_otherwise_is_found_out(bench: made.Bench, tmp_path: Path) -> None:
    found = apart(conduct(bench, tmp_path, Turning(least=2), scored))

    assert found["a row at a time"] > 0.2
    assert found["in another order"] == 0


@pytest.mark.parametrize("model", [Coin(), Batchy()])
def test_chance_and_company_are_found_out(bench: made.Bench, tmp_path: Path, model: Any) -> None:
    found = apart(conduct(bench, tmp_path, model, scored))

    assert found["in small batches"] > 0.05
    assert found["a row at a time by a second process"] > 0.05


def test_a_model_that_fails_when_it_is_asked_again_says_in_which_way(bench: made.Bench, tmp_path: Path) -> None:
    with pytest.raises(GatehouseError) as raised:
        conduct(bench, tmp_path, Crashing(), scored)
    assert raised.value.message == (
        "candidate, asked again a row at a time: the model raised ValueError on 1 rows: I need company"
    )


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_labels_are_the_same_or_not(bench: made.Bench, tmp_path: Path, task: str) -> None:
    labels = {"task": task, "prediction": Prediction("predict")}
    assert max(apart(conduct(bench, tmp_path / "steady", Worded(), scored, **labels)).values()) == 0
    assert apart(conduct(bench, tmp_path / "fickle", Worded(changes=True), scored, **labels))["in another order"] == 1


def process(evidence: Evidence) -> object:
    return evidence.process(CANDIDATE)


def test_a_model_that_was_only_started_is_held_to_its_first_answers(bench: made.Bench, tmp_path: Path) -> None:
    assert max(apart(conduct(bench, tmp_path / "words", Worded(), process)).values()) == 0
    assert apart(conduct(bench, tmp_path / "fickle", Worded(changes=True), process))["in another order"] == 1
    assert max(apart(conduct(bench, tmp_path / "numbers", models.train(), process)).values()) < 1e-9


def test_the_second_process_is_gone_afterwards(
    bench: made.Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = list[ModelProcess]()
    start = ModelProcess.start

    def recorded(*given: Any, **more: Any) -> ModelProcess:
        started.append(start(*given, **more))
        return started[-1]

    monkeypatch.setattr(ModelProcess, "start", recorded)
    path = models.save(Turning(), tmp_path / "model")
    with bench.evidence(bench.case(made.fetched(bench, path))) as evidence:
        evidence.process(CANDIDATE)
        evidence.conduct(20, 3.0)
        first, second = started
        assert first.predict(row()).array.shape == (1,)
        with pytest.raises(GatehouseError, match="was closed"):
            second.predict(row())


def row() -> Any:
    import pyarrow as pa

    return pa.Table.from_pandas(models.features(1), preserve_index=False)


def test_numbers_are_compared_by_their_size(bench: made.Bench, tmp_path: Path) -> None:
    rows = models.frame(300).assign(target=lambda table: table["income"] * 1e6)
    path = bench.table("money", rows)
    regression = {"task": "regression", "data": Data(Evaluation(Where(path), "target"))}

    def found(folder: str, shift: float) -> float:
        model = Large(shift)
        fetched = made.fetched(bench, models.save(model, tmp_path / folder))
        with bench.evidence(bench.case(fetched, evaluation=path), made.policy(**regression)) as evidence:
            scored(evidence)
            return max(apart(evidence.conduct(60, 3.0)).values())

    assert 0 < found("a-little", 10.0) < 1e-4
    assert found("a-lot", 1e7) > 0.05


class Large(mlflow.pyfunc.PythonModel):  # type: ignore[misc] # mlflow is untyped
    """Large numbers that are ``shift`` larger in every second call."""

    def __init__(self, shift: float) -> None:
        self.shift, self.calls = shift, 0

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        self.calls += 1
        return model_input["income"].to_numpy() * 1e6 + self.shift * (self.calls % 2)


@pytest.mark.parametrize("calls", [42, 48])
def test_a_model_that_turns_slow_is_found_out_by_its_first_answers(
    bench: made.Bench, tmp_path: Path, calls: int
) -> None:
    found = conduct(bench, tmp_path, Turning(calls=calls, shift=0.0, late=0.05), process)

    assert found is not None
    assert max(apart(found).values()) == 0
    assert found.pace.slowdown > 3


def test_a_model_that_was_quick_under_load_and_is_slow_now_is_found_out(bench: made.Bench, tmp_path: Path) -> None:
    def measured(evidence: Evidence) -> object:
        # 40 requests or so; then both processes have turned before they are timed.
        return evidence.latency(rate_per_s=40, duration_s=1, warmup_s=0)

    found = conduct(bench, tmp_path, Turning(calls=60, shift=0.0, late=0.05), measured)

    assert found is not None
    assert found.pace.measured_ms is not None
    assert found.pace.measured_ms < 25
    assert found.pace.slowdown > 2


@pytest.mark.parametrize(
    ("now", "second", "first", "measured", "slowdown"),
    [
        (10.0, 10.0, 10.0, None, 1.0),
        (30.0, 10.0, 30.0, None, 3.0),
        (10.0, 30.0, 30.0, None, 3.0),
        (30.0, 30.0, 10.0, None, 3.0),
        (30.0, 30.0, 30.0, 10.0, 3.0),
        (None, 30.0, 30.0, 10.0, 3.0),
        (None, 30.0, 30.0, None, 1.0),
        (10.0, 10.0, 90.0, None, 1.0),  # it has become quicker
        (2.5, 0.6, 0.7, 0.6, 1.0),  # nobody notices two milliseconds
        (10.0, 10.0, 10.0, float("inf"), 1.0),  # half of the requests had no answer: the latency gate says so
    ],
)
def test_a_slowdown_is_the_slowest_over_the_fastest(
    now: float | None, second: float, first: float, measured: float | None, slowdown: float
) -> None:
    assert Pace(now, second, first, measured).slowdown == pytest.approx(slowdown)


class Clock:
    """Something to ask that takes as many seconds as it is told, one after the other."""

    def __init__(self, *seconds: float) -> None:
        self.seconds: Iterator[float] = iter(seconds)
        self.last, self.asked = 0.0, 0

    def answer(self, _: Any) -> None:
        self.last, self.asked = next(self.seconds, self.last), self.asked + 1
        time.sleep(self.last)

    def spent(self) -> Spent:
        return Spent(0.0, 0.0)


class Queued(Clock):
    """Something that takes its time because the processor is somebody else's, or its own other threads'."""

    def __init__(self, seconds: float, worked: float) -> None:
        super().__init__(seconds)
        self.worked = worked

    def spent(self) -> Spent:
        return Spent(self.asked * self.worked, self.asked * self.last)


def test_a_model_is_not_charged_for_the_time_that_others_had_the_processor() -> None:
    rows = row().combine_chunks().to_batches()[0]
    past = Past(1.0, None, 3.0)
    behind_others, behind_itself = Queued(0.02, worked=0.001), Queued(0.02, worked=0.05)

    assert pace([behind_others, Clock(0.0)], rows, past).slowdown == 1.0  # type: ignore[list-item]
    assert pace([behind_itself, Clock(0.0)], rows, past).slowdown > 3  # type: ignore[list-item]


def test_a_busy_moment_passes_and_a_slow_model_stays_slow() -> None:
    rows = row().combine_chunks().to_batches()[0]
    busy, slow = Clock(*[0.05] * 5, 0.0), Clock(0.05)

    past = Past(0.1, None, 3.0)
    assert pace([busy, Clock(0.0)], rows, past).slowdown == 1.0  # type: ignore[list-item]
    assert pace([slow, Clock(0.0)], rows, past).slowdown > 3  # type: ignore[list-item]
    # Three rounds of four turns, each of which ends after a quarter of a second.
    assert slow.asked <= 3 * 4 * 6


class Deliberate:
    """A process that takes half a second for whatever it is asked."""

    def spent(self) -> Spent:
        return Spent(0.0, 0.0)

    def answer(self, batch: Any) -> Any:
        time.sleep(0.5)
        return Answer("values", np.zeros(batch.num_rows))


def test_a_model_that_takes_its_time_is_asked_less() -> None:
    import pyarrow as pa

    rows = pa.RecordBatch.from_pydict({"x": np.zeros(100)})
    seen = Drawn(rows, np.zeros(100), lambda answer: answer.array, 0)
    asked = Interview(seen, None, lambda: nullcontext(Deliberate()))  # type: ignore[arg-type] # it has the same face

    found = {asking.way: asking.rows for asking in asked.hold(None, 3.0).askings}

    assert found["a row at a time by a second process"] == 5
    assert 5 < found["in small batches by a second process"] < 100
    assert found["in another order by a second process"] == 100
