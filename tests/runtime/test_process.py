from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import mlflow
import numpy as np
import pyarrow as pa
import pytest

from gatehouse.errors import GatehouseError
from gatehouse.runtime import wire
from gatehouse.runtime.failures import ModelAnswerInvalid, ModelDidNotStart, ModelDied, ModelRaised, ModelTimedOut
from gatehouse.runtime.launch import Bare, Command, Launcher
from gatehouse.runtime.process import ModelProcess
from tests.runtime.conftest import full, rows, save
from tests.runtime.processes import family, gone
from tests.support import models


def test_it_says_what_it_found(pipeline: ModelProcess, walls: Launcher) -> None:
    hello = pipeline.hello

    assert (hello.flavor, hello.how) == ("sklearn", "predict_proba of sklearn.Pipeline")
    assert (hello.kind, hello.classes) == ("scores", (0, 1))
    assert hello.inputs == ("income", "age", "region")
    assert 0 < hello.import_s + hello.load_s < hello.seconds < 120
    assert pipeline.level == walls.level


def test_a_classifier_answers_what_it_answers_in_this_process(pipeline: ModelProcess, folders: dict[str, Path]) -> None:
    frame = models.features(300, seed=5)
    here = mlflow.sklearn.load_model(folders["pipeline"])

    answer = pipeline.predict(pa.Table.from_pandas(frame))

    assert (answer.kind, answer.classes) == ("scores", (0, 1))
    np.testing.assert_array_equal(answer.array, here.predict_proba(frame)[:, 1])


def test_a_python_model_answers_what_pyfunc_answers_in_this_process(
    odd: ModelProcess, folders: dict[str, Path]
) -> None:
    here = mlflow.pyfunc.load_model(folders["strange"])

    for do in ("number", "types", "words", "flags"):
        table = full(do)
        expected = here.predict(table.to_pandas())
        np.testing.assert_array_equal(odd.predict(table).array, np.asarray(expected))


def test_tables_batches_slices_and_chunks_are_the_same_rows(pipeline: ModelProcess) -> None:
    table = pa.Table.from_pandas(models.features(50))
    whole = pipeline.predict(table).array

    np.testing.assert_array_equal(pipeline.predict(table.to_batches()[0]).array, whole)
    np.testing.assert_array_equal(pipeline.predict(pa.concat_tables([table[:20], table[20:]])).array, whole)
    np.testing.assert_array_equal(pipeline.predict(table.slice(7, 5)).array, whole[7:12])
    singles = [pipeline.predict(table.to_batches()[0].slice(row, 1)).array[0] for row in range(10)]
    np.testing.assert_allclose(singles, whole[:10], rtol=1e-12)


def test_a_dictionary_column_is_what_it_encodes(pipeline: ModelProcess) -> None:
    table = pa.Table.from_pandas(models.features(50))
    encoded = table.set_column(2, "region", table["region"].dictionary_encode())

    np.testing.assert_array_equal(pipeline.predict(encoded).array, pipeline.predict(table).array)


def test_columns_may_come_in_any_order_with_others_between(pipeline: ModelProcess) -> None:
    table = pa.Table.from_pandas(models.features(20))
    shuffled = table.select(["region", "age", "income"]).append_column("spare", pa.array(range(20)))

    np.testing.assert_array_equal(pipeline.predict(shuffled).array, pipeline.predict(table).array)


def test_columns_arrive_in_the_types_of_the_signature(odd: ModelProcess) -> None:
    said = odd.predict(full("types")).array[0]

    assert said == "do:str number:float64 count:int64 flag:bool word:str moment:datetime64[ns]"


def test_whole_numbers_become_the_floats_that_the_signature_asks_for(odd: ModelProcess) -> None:
    table = pa.table({"do": ["number"] * 3, "number": [1, None, 3], "count": pa.array([1, 2, 3], pa.int8())})

    np.testing.assert_array_equal(odd.predict(table).array, [1.0, np.nan, 3.0])


def test_a_whole_number_that_no_float_holds_is_refused_rather_than_changed(odd: ModelProcess) -> None:
    with pytest.raises(ModelRaised, match="9007199254740993"):
        odd.predict(pa.table({"do": ["number"], "number": [2**53 + 1]}))


def test_missing_values_arrive_as_pandas_has_them(odd: ModelProcess) -> None:
    table = pa.table(
        {
            "do": ["words", "words"],
            "number": [1.0, None],
            "word": ["one", None],
            "flag": [True, None],
            "moment": pa.array([None, None], pa.null()),
        }
    )

    assert odd.predict(table).array.tolist() == ["one", None]


def test_dates_become_the_datetimes_of_the_signature(odd: ModelProcess) -> None:
    table = rows("types", 1, moment=[date(2026, 3, 3)])

    assert "moment:datetime64[ns]" in odd.predict(table).array[0]


@pytest.mark.parametrize(
    ("do", "kind", "values"),
    [
        ("number", "values", [0.5, 1.5]),
        ("words", "labels", ["one", "two"]),
        ("flags", "labels", [True, False]),
        ("counts", "labels", [1, 2]),
    ],
)
def test_an_answer_keeps_its_type(odd: ModelProcess, do: str, kind: str, values: list[object]) -> None:
    answer = odd.predict(full(do))

    assert (answer.kind, answer.array.tolist(), answer.classes) == (kind, values, None)


def test_a_frame_with_a_column_a_class_is_probabilities(odd: ModelProcess) -> None:
    answer = odd.predict(rows("three", 2))

    assert (answer.kind, answer.classes) == ("probabilities", ("low", "mid", "high"))
    assert answer.array.tolist() == [[0.0, 0.25, 0.5], [1.0, 0.25, 0.5]]


def test_what_is_not_finite_is_passed_on(odd: ModelProcess) -> None:
    answer = odd.predict(rows("not_finite"))

    np.testing.assert_array_equal(answer.array, [np.nan, np.inf, -np.inf, 0.5])


def test_what_the_model_raises_is_told_in_one_harmless_line_and_it_lives_on(odd: ModelProcess) -> None:
    with pytest.raises(ModelRaised) as caught:
        odd.predict(rows("raise"))

    assert caught.value.error == "ZeroDivisionError"
    assert "\\x1b[31mred" in caught.value.message
    assert "\x1b" not in caught.value.message
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 700
    assert odd.predict(rows("number", 1)).array.tolist() == [0.0]


def test_a_missing_column_is_named(pipeline: ModelProcess) -> None:
    with pytest.raises(ModelRaised, match=r"missing inputs \['region'\]"):
        pipeline.predict(pa.Table.from_pandas(models.features(5)).drop_columns("region"))


def test_a_mistyped_column_is_named(pipeline: ModelProcess) -> None:
    table = pa.Table.from_pandas(models.features(5))
    with pytest.raises(ModelRaised, match="Incompatible input types for column age"):
        pipeline.predict(table.set_column(1, "age", table["age"].cast(pa.string())))


def test_a_wrong_number_of_rows_is_no_answer(odd: ModelProcess) -> None:
    with pytest.raises(ModelAnswerInvalid, match="3 rows where 4 were asked"):
        odd.predict(rows("short"))


def test_an_answer_that_is_no_column_is_refused(odd: ModelProcess) -> None:
    with pytest.raises(ModelRaised, match="returned a dict"):
        odd.predict(rows("mapping"))


def test_what_it_prints_is_kept_apart_bounded_and_escaped(odd: ModelProcess) -> None:
    assert odd.predict(rows("print")).array.tolist() == [0.0] * 4

    deadline = time.monotonic() + 5
    while "nor this" not in odd.output and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "\\x1b[2J{not a frame}\nnor this" in odd.output


def test_nothing_of_our_environment_reaches_the_model(odd: ModelProcess) -> None:
    named = {entry.partition("=")[0] for entry in odd.predict(rows("environment", 1)).array[0].split(";")}

    assert named >= {"PATH", "HOME", "OMP_NUM_THREADS", "PYTHONHASHSEED"}
    assert not named & {"GITHUB_TOKEN", "PWD", "SHELL", "PYTEST_CURRENT_TEST", "MLFLOW_TRACKING_URI"}


def test_requests_in_flight_at_the_same_time_each_get_their_own_answer(odd: ModelProcess) -> None:
    def ask(number: int) -> float:
        table = pa.table({"do": ["wait_number" if number % 5 == 0 else "number"], "number": [float(number)]})
        return float(odd.predict(table).array[0])

    with ThreadPoolExecutor(max_workers=12) as pool:
        assert list(pool.map(ask, range(60))) == [float(number) for number in range(60)]


def test_schemas_may_alternate_between_requests(odd: ModelProcess) -> None:
    for _ in range(3):
        assert odd.predict(full("counts")).array.tolist() == [1, 2]
        assert odd.predict(rows("number", 2)).array.tolist() == [0.0, 1.0]


def test_a_large_table_comes_back_whole(odd: ModelProcess) -> None:
    answer = odd.predict(rows("number", 200_000))

    np.testing.assert_array_equal(answer.array, np.arange(200_000.0))


def test_more_than_a_message_holds_is_refused_before_it_is_sent(
    odd: ModelProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "BODY_LIMIT", 10_000)
    with pytest.raises(GatehouseError, match="1,000 rows take"):
        odd.predict(rows("number", 1_000))
    assert odd.predict(rows("number", 10)).array.tolist() == list(range(10))


def test_no_rows_get_no_predictions(odd: ModelProcess) -> None:
    with pytest.raises(ModelRaised, match="on 0 rows: single positional indexer"):
        odd.predict(rows("number", 1).slice(0, 0))


def test_a_model_that_exits_while_loading_did_not_start(tmp_path: Path, walls: Launcher) -> None:
    with pytest.raises(ModelDidNotStart, match=r"exited with status 7; it last said: the license server said no"):
        ModelProcess.start(save(tmp_path / "model", at_load="exit"), launcher=walls)


def test_a_model_that_raises_while_loading_did_not_start(tmp_path: Path) -> None:
    with pytest.raises(ModelDidNotStart, match=r"loading the model raised ImportError: No module named 'xgboost'"):
        ModelProcess.start(save(tmp_path / "model", at_load="raise"))


def test_probabilities_cannot_be_had_from_a_model_without(folders: dict[str, Path]) -> None:
    with pytest.raises(ModelDidNotStart, match="has no predict_proba"):
        ModelProcess.start(folders["strange"], method="predict_proba")


def test_a_folder_without_a_model_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ModelDidNotStart, match="no file MLmodel"):
        ModelProcess.start(tmp_path)


def test_a_model_that_exits_on_its_second_call_died(fresh: ModelProcess) -> None:
    fresh.predict(rows("exit_second"))
    with pytest.raises(ModelDied, match="exited with status 0"):
        fresh.predict(rows("exit_second"))
    with pytest.raises(ModelDied, match="exited with status 0"):
        fresh.predict(rows("number"))


def test_a_model_that_hangs_is_killed_in_time(fresh: ModelProcess) -> None:
    everything = family(fresh)
    began = time.monotonic()
    with pytest.raises(ModelTimedOut, match=r"did not answer 4 rows within 0\.3 s and was killed"):
        fresh.predict(rows("hang"), timeout=0.3)

    assert time.monotonic() - began < 3
    assert gone(*everything)
    with pytest.raises(ModelTimedOut):
        fresh.predict(rows("number"))


def test_a_model_that_writes_to_its_socket_is_stopped(fresh: ModelProcess) -> None:
    with pytest.raises(ModelAnswerInvalid, match="a header of 4,294,967,295 bytes"):
        fresh.predict(rows("garbage"))


def test_a_giant_answer_is_not_read(fresh: ModelProcess) -> None:
    with pytest.raises(ModelAnswerInvalid, match="5,000 columns"):
        fresh.predict(rows("wide"))


def test_a_launcher_that_cannot_launch_is_named(folders: dict[str, Path]) -> None:
    class Broken(Bare):
        def launch(self, command: Command) -> subprocess.Popen[bytes]:
            raise FileNotFoundError("no such wall")

    with pytest.raises(ModelDidNotStart, match="could not be launched: no such wall"):
        ModelProcess.start(folders["strange"], launcher=Broken())


_PARENT = """
import sys, pathlib, pyarrow as pa
from gatehouse.runtime import isolation
from gatehouse.runtime.process import ModelProcess
from gatehouse.runtime.watchdog import tree
process = ModelProcess.start(pathlib.Path(sys.argv[1]), launcher=isolation.at(sys.argv[2]))
print(*tree(process.pid), flush=True)
process.predict(pa.table({"do": ["hang"], "number": [1.0]}), timeout=600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_a_model_busy_with_a_request_does_not_outlive_its_parent(
    folders: dict[str, Path], walls: Launcher, tmp_path: Path
) -> None:
    parent = subprocess.Popen(
        (sys.executable, "-c", _PARENT, str(folders["strange"]), walls.level),
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    with parent:
        assert parent.stdout is not None
        everything = list(map(int, parent.stdout.readline().split()))
        time.sleep(0.2)
        parent.send_signal(signal.SIGKILL)
        parent.wait()

    assert gone(*everything)


def test_closing_ends_it_and_its_folder_and_may_be_repeated(folders: dict[str, Path], walls: Launcher) -> None:
    with ModelProcess.start(folders["strange"], launcher=walls) as process:
        everything = family(process)
        home = odd_home(process)
        assert home.is_dir()
    process.close()

    assert gone(*everything)
    assert not home.exists()
    with pytest.raises(ModelDied, match="was closed"):
        process.predict(rows("number"))


def odd_home(process: ModelProcess) -> Path:
    entries = process.predict(rows("environment", 1)).array[0].split(";")
    return Path(next(entry for entry in entries if entry.startswith("HOME=")).removeprefix("HOME="))
