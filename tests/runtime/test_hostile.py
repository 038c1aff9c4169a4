"""A child that breaks the protocol in every way we could think of: a clear error in bounded time, each time."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from gatehouse.runtime.failures import ModelAnswerInvalid, ModelDidNotStart, ModelDied, ModelError, ModelTimedOut
from gatehouse.runtime.launch import Launcher
from gatehouse.runtime.process import ModelProcess
from tests.runtime.processes import alive, family, gone, outside
from tests.runtime.stub import Start

ROW = pa.table({"x": [1.0]})
BIG = pa.table({"x": [1.0] * 500_000})
SHORT = 0.5


def outcome(ask: Callable[[], object], kind: type[ModelError], match: str, within: float = 8.0) -> None:
    began = time.monotonic()
    with pytest.raises(kind, match=match):
        ask()
    assert time.monotonic() - began < within


@pytest.mark.parametrize(
    ("code", "match"),
    [
        ("time.sleep(60)", r"was not ready within 0\.5 s and was killed"),
        ("print('before'); sock.close(); time.sleep(60)", "closed its connection and was killed; it last said: before"),
        ("sock.send(b'HTTP/1.1 200 OK' * 1000)", "a header of 1,347,703,880 bytes"),
        ("answer(0)", "Answered as the answer to request 0"),
        ("answer(7)", "request 7, which is not in flight"),
        ("wire.send(sock, wire.Ready(0, 's', 'h'), b'x')", "a body of 1 bytes, more than 0"),
        ("wire.send(sock, wire.Predict(0))", "a header that does not decode"),
        ("wire.send(sock, wire.Failed(0, 'E' * 900000, 'M'))", "loading the model raised E{100}…: M"),
        ("sock.send(wire.PREFIX.pack(5, 0) + b'\\x91' * 5)", "a header that does not decode"),
        ("sock.send(wire.PREFIX.pack(200000, 0) + b'\\x91' * 200000)", "a header that does not decode"),
        ("os.kill(os.getpid(), 11)", "was ended by SIGSEGV"),
        ("os.kill(os.getpid(), 40)", "was ended by signal 40"),
    ],
)
def test_a_start_that_goes_wrong_says_how(start: Start, tmp_path: Path, code: str, match: str) -> None:
    outcome(
        lambda: start(tmp_path, code, start_s=SHORT if "not ready" in match else 20), ModelDidNotStart, match, within=10
    )


@pytest.mark.parametrize(
    ("code", "kind", "match"),
    [
        ("answer(request() + 1)", ModelAnswerInvalid, "request 2, which is not in flight"),
        ("request(); ready()", ModelAnswerInvalid, "request 0, which is not in flight"),
        ("wire.send(sock, wire.Ready(request(), 'again', ''))", ModelAnswerInvalid, "Ready as the answer to request 1"),
        ("answer(request(), bytes(7))", ModelAnswerInvalid, "7 bytes where 1 x 1 of float64"),
        ("answer(request(), bytes(9))", ModelAnswerInvalid, "a body of 9 bytes, more than 8"),
        ("answer(request(), columns=10**7)", ModelAnswerInvalid, "10,000,000 columns"),
        ("answer(request(), columns=0)", ModelAnswerInvalid, "0 columns"),
        ("answer(request(), columns=-4)", ModelAnswerInvalid, "-4 columns"),
        ("answer(request(), rows=2)", ModelAnswerInvalid, "2 rows where 1 were asked"),
        ("answer(request(), dtype='int64')", ModelAnswerInvalid, "values as int64"),
        ("answer(request(), dtype='O')", ModelAnswerInvalid, "does not decode"),
        ("answer(request(), bytes(16), columns=2)", ModelAnswerInvalid, "values in 2 columns"),
        ("answer(request(), kind='scores', classes=(1,))", ModelAnswerInvalid, "named 1 classes"),
        ("answer(request(), b'\\xff', 'labels', 'text')", ModelAnswerInvalid, "text that does not decode"),
        ("answer(request(), b'\\x91\\xa1\\xff', 'labels', 'text')", ModelAnswerInvalid, "text that does not decode"),
        ("answer(request(), b'\\x91' * 60000, 'labels', 'text')", ModelAnswerInvalid, "text that does not decode"),
        ("answer(request(), b'\\x90', 'labels', 'text')", ModelAnswerInvalid, "0 texts where 1"),
        ("answer(request(), bytes(10**6), 'labels', 'text')", ModelAnswerInvalid, "a body of 1,000,000 bytes"),
        ("sock.send(wire.PREFIX.pack(10, 1 << 63) + b'{}')\ntime.sleep(60)", ModelTimedOut, "did not answer 1 rows"),
        ("sock.send(b'\\x01')\ntime.sleep(60)", ModelTimedOut, "did not answer 1 rows"),
        ("for _ in range(600): sock.send(b'\\x00' * 11); time.sleep(.1)", ModelAnswerInvalid, "does not decode"),
        (
            "sock.send(wire.PREFIX.pack(999, 0))\nfor _ in range(600): sock.send(b'x'); time.sleep(.01)",
            ModelTimedOut,
            "did not answer 1 rows",
        ),
        ("request(); sys.exit(3)", ModelDied, "exited with status 3"),
        ("request(); os.abort()", ModelDied, "was ended by SIGABRT"),
        ("os.kill(os.getpid(), 24)", ModelDied, "was ended by SIGXCPU: it used up its time on the processor"),
        ("os.kill(os.getpid(), 31)", ModelDied, "was ended by SIGSYS: it made a system call that no model needs"),
        ("print('low on luck'); os.kill(os.getpid(), 9)", ModelDied, "SIGKILL; it last said: low on luck"),
    ],
)
def test_an_answer_that_is_none_says_why(
    start: Start, tmp_path: Path, code: str, kind: type[ModelError], match: str
) -> None:
    with start(tmp_path, f"ready()\n{code}", predict_s=SHORT if kind is ModelTimedOut else 20) as process:
        outcome(lambda: process.predict(ROW), kind, match)


def test_classes_that_change_are_no_answer(start: Start, tmp_path: Path) -> None:
    code = "ready(kind='scores', classes=('bad', 'good'))\nanswer(request(), kind='scores', classes=('good', 'bad'))"
    with start(tmp_path, code) as process:
        outcome(
            lambda: process.predict(ROW), ModelAnswerInvalid, r"\['good', 'bad'\] where it had said \['bad', 'good'\]"
        )


def test_a_kind_that_changes_is_no_answer(start: Start, tmp_path: Path) -> None:
    with start(tmp_path, "ready(kind='labels')\nanswer(request())") as process:
        outcome(lambda: process.predict(ROW), ModelAnswerInvalid, "values where it had said labels")


def test_an_answer_given_twice_ends_it(start: Start, tmp_path: Path) -> None:
    with start(tmp_path, "ready()\nid = request(); answer(id); answer(id); time.sleep(60)") as process:
        assert process.predict(ROW).array.tolist() == [0.0]
        outcome(lambda: process.predict(ROW), ModelAnswerInvalid, "request 1, which is not in flight")


def test_a_child_that_does_not_read_cannot_hold_us(start: Start, tmp_path: Path) -> None:
    with start(tmp_path, "ready()\ntime.sleep(60)", predict_s=SHORT) as process:
        outcome(lambda: process.predict(BIG), ModelTimedOut, "did not answer 500,000 rows")


def test_answers_may_come_in_any_order(start: Start, tmp_path: Path) -> None:
    code = """
ready()
while True:
    ids = [request() for _ in range(4)]
    for id in reversed(ids):
        answer(id, __import__("struct").pack("<d", id))
"""
    with start(tmp_path, code) as process, ThreadPoolExecutor(4) as pool:
        answers = [float(answer.array[0]) for answer in pool.map(process.predict, [ROW] * 40)]

    assert sorted(answers) == list(range(1, 41))


def test_one_request_that_times_out_ends_the_others_too(start: Start, tmp_path: Path) -> None:
    with start(tmp_path, "ready()\ntime.sleep(60)") as process, ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(process.predict, ROW, timeout) for timeout in (0.3, 30, 30)]
        began = time.monotonic()
        for one in asked:
            with pytest.raises(ModelTimedOut, match=r"within 0\.3 s"):
                one.result()

    assert time.monotonic() - began < 3


def test_a_flood_of_output_is_kept_short(start: Start, tmp_path: Path) -> None:
    with start(tmp_path, "ready()\nid = request()\nprint('x' * 10_000_000)\nanswer(id)\ntime.sleep(60)") as process:
        process.predict(ROW)
        assert 0 < len(process.output) <= 64 * 1024


def test_a_death_is_noticed_though_a_grandchild_holds_every_file_open(start: Start, tmp_path: Path) -> None:
    code = """
ready()
request()
if os.fork() == 0:
    os.setsid()
    time.sleep(20)
print(os.getpid())
os._exit(4)
"""
    with start(tmp_path, code) as process:
        outcome(lambda: process.predict(ROW), ModelDied, "exited with status 4")


def test_what_the_child_started_is_killed_with_it(start: Start, tmp_path: Path) -> None:
    code = "child = subprocess.Popen(['sleep', '60'])\nprint(child.pid)\nready()\ntime.sleep(60)"
    with start(tmp_path, code) as process:
        grandchild = outside(process, _printed(process))
        assert alive(grandchild)

    assert gone(grandchild, within=3)


def test_behind_walls_nothing_that_it_started_gets_away(start: Start, walls: Launcher, tmp_path: Path) -> None:
    if walls.level == "none":
        pytest.skip("a bare process that leaves its session gets away: that is what walls are for")
    code = """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print(os.getpid())
        time.sleep(60)
    os._exit(0)
os.wait()
ready()
request()
os._exit(0)
"""
    with start(tmp_path, code) as process:
        everything = family(process)
        grandchild = outside(process, _printed(process))
        assert alive(grandchild)
        with pytest.raises(ModelDied, match="exited with status 0"):
            process.predict(ROW)

    assert gone(grandchild, *everything, within=3)


def test_garbage_on_its_output_is_no_part_of_the_protocol(start: Start, tmp_path: Path) -> None:
    code = "os.write(1, os.urandom(5000)); ready(); os.write(2, b'\\xff\\x00' * 99)\nanswer(request())\ntime.sleep(60)"
    with start(tmp_path, code) as process:
        assert process.predict(ROW).array.tolist() == [0.0]
        assert all(char.isprintable() or char == "\n" for char in process.output)


def _printed(process: ModelProcess) -> int:
    deadline = time.monotonic() + 5
    while not process.output.endswith("\n") and not process.output.isdigit() and time.monotonic() < deadline:
        time.sleep(0.01)
    return int(process.output)
