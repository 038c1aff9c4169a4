"""What happens on one partition of a Spark table, without Spark: runs are told apart, and failures come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.engines.spark import session
from gatehouse.evaluate.engines.spark.answers import Chosen, agreed
from gatehouse.evaluate.engines.spark.parts import FILE, START, Bring, Nothing, Reduce, Ways, in_order, pieces, unpacked
from gatehouse.evaluate.engines.spark.session import plain
from gatehouse.evaluate.missing import Missing
from gatehouse.evaluate.table import Recipe

Row = tuple[str, int, float | None]


def batch(rows: Sequence[Row]) -> pa.RecordBatch:
    schema = pa.schema([(FILE, pa.string()), (START, pa.int64()), ("x", pa.float64())])
    return pa.RecordBatch.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)


# Two files, one of them in two splits; a run goes on in the next batch.
BATCHES = [
    batch([("b", 0, 1.0), ("b", 0, 2.0), ("a", 9, 3.0)]),
    batch([]),
    batch([("a", 9, None), ("a", 0, 5.0)]),
]


def back(work: Any) -> list[dict[str, Any]]:
    return [row for state in work(iter(BATCHES)) for row in state.to_pylist()]


def test_a_batch_is_cut_where_a_run_of_rows_ends() -> None:
    found = [(key, piece.to_pydict()) for key, piece in pieces(iter(BATCHES))]

    assert found == [
        (("b", 0), {"x": [1.0, 2.0]}),
        (("a", 9), {"x": [3.0]}),
        (("a", 9), {"x": [None]}),
        (("a", 0), {"x": [5.0]}),
    ]


def test_every_run_comes_back_as_one_state_with_its_length() -> None:
    states = back(Reduce(Recipe(Missing)))

    assert [(row["file"], row["start"], row["rows"]) for row in states] == [("b", 0, 2), ("a", 9, 2), ("a", 0, 1)]
    assert [Missing.from_bytes(row["state"]).finish() for row in states] == [{"x": 0}, {"x": 1}, {"x": 0}]


def test_rows_are_counted_where_no_column_is_wanted() -> None:
    keys = [one.select([FILE, START]) for one in BATCHES]

    assert [state.to_pylist()[0]["rows"] for state in Reduce(Recipe(Nothing))(iter(keys))] == [2, 2, 1]


def test_an_empty_partition_has_nothing_to_say() -> None:
    assert list(Reduce(Recipe(Missing))(iter([batch([])]))) == []
    assert list(Bring()(iter([]))) == []


def test_files_stand_in_the_order_of_their_paths_and_splits_in_that_of_the_file() -> None:
    keys = [("file:///d/a-b/x", 0), ("file:///d/a/x", 7), ("file:///d/a/x", 0), ("file:///d/a%20c", 0)]

    assert sorted(keys, key=in_order) == [keys[2], keys[1], keys[3], keys[0]]


def test_what_a_kernel_refuses_comes_back_as_data() -> None:
    def refused(_: pa.RecordBatch) -> pa.RecordBatch:
        raise GatehouseError("column 'x' is text", "name a number")

    for work in (Reduce(Recipe(Missing), refused), Bring(refused)):
        (row,) = back(work)
        assert (row["problem"], row["fix"]) == ("column 'x' is text", "name a number")


def test_rows_are_brought_from_the_positions_that_their_runs_have() -> None:
    starts = {("a", 0): 0, ("a", 9): 1, ("b", 0): 3}

    brought = {
        (row["file"], row["start"], row["rows"]): unpacked(row["state"])
        for row in back(Bring(starts=starts, rows=[0, 2, 4]))
    }

    assert {key: one.to_pydict() for key, (one,) in brought.items()} == {
        ("a", 0, 0): {"x": [5.0]},
        ("a", 9, 1): {"x": [None]},
        ("b", 0, 0): {"x": [2.0]},
    }


def test_a_view_is_cut_to_the_columns_that_are_wanted() -> None:
    both = pa.RecordBatch.from_pydict({"x": [1], "y": [2]})

    assert Chosen(lambda one: one, ("y",))(both).to_pydict() == {"y": [2]}


def ways(*texts: str) -> Ways:
    kernel = Ways()
    answers = pa.StructArray.from_arrays([pa.array(texts)], names=["meta"])
    kernel.update(pa.record_batch([answers], ["answer"]))
    return kernel


def test_the_ways_that_a_model_answered_are_collected_once_and_not_without_end() -> None:
    kernel = ways("a", "b", "a")
    kernel.merge(Ways.from_bytes(ways("b", "c").to_bytes()))
    kernel.merge(ways(*map(str, range(1_000))))

    assert list(kernel.found)[:3] == ["a", "b", "c"]
    assert len(kernel.found) == 50


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        (['{"kind":"values"}', '{"error":"it broke","fix":"mend it"}'], "candidate: it broke"),
        (['{"kind":"values"}', '{"kind":"labels"}'], "candidate: the model answers labels and values, now one and now"),
        (['{"columns":0}'], "candidate: an answer of 0 columns"),
        (['{"columns":5000}'], "candidate: an answer of 5,000 columns"),
        (["{"], "candidate: what the model's worker sent is no answer"),
    ],
)
def test_an_answer_that_cannot_be_read_in_one_way_is_refused(texts: list[str], why: str) -> None:
    with pytest.raises(GatehouseError) as raised:
        agreed("candidate", texts)
    assert raised.value.message.startswith(why)


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (
            "Job aborted\nTraceback (most recent call last):\n  File x\n    y()\nValueError: no\n\nDriver stacktrace:",
            "ValueError: no",
        ),
        (
            "An error occurred\nat x\nCaused by: a\nCaused by: java.io.IOException: disk full",
            "java.io.IOException: disk full",
        ),
        ("[PATH] it is not there", "[PATH] it is not there"),
        ("", "RuntimeError"),
    ],
)
def test_of_a_page_of_spark_one_line_is_said(said: str, line: str) -> None:
    assert plain(RuntimeError(said)) == line


@dataclass
class Busy:
    """The part of a Spark context that is watched: one stage of four tasks, some of them at work."""

    running: int
    called_off: Event = field(default_factory=Event)
    often: Event = field(default_factory=Event)
    looks: int = 0

    def statusTracker(self) -> Busy:  # noqa: N802 (Spark's name)
        self.looks += 1
        if self.looks == 20:
            self.often.set()
        return self

    def getActiveStageIds(self) -> list[int]:  # noqa: N802
        return [1]

    def getStageInfo(self, stage: int) -> Any:  # noqa: N802
        return SimpleNamespace(numCompletedTasks=0, numActiveTasks=self.running, numTasks=4)

    def cancelAllJobs(self) -> None:  # noqa: N802
        self.called_off.set()


@pytest.mark.parametrize("running", [0, 1])
def test_work_that_no_worker_takes_up_is_called_off(running: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_LOOK_EVERY", 0.01)
    monkeypatch.setattr(session, "_IDLE_S", 0.05)
    context, said = Busy(running), list[str]()

    with session._Watch(context, said.append) as watch:
        assert (context.called_off if not running else context.often).wait(30)

    assert (watch.idle, context.called_off.is_set()) == (not running, not running)
    assert said == ["0 of 4 parts"]  # what has not changed is not said again
