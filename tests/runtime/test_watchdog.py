"""A process and all that it starts are held to what they may use together, at every level, and it is said why."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from gatehouse.runtime import watchdog
from gatehouse.runtime.failures import ModelDidNotStart, ModelDied, ModelError, ModelOverLimits
from gatehouse.runtime.launch import Launcher
from gatehouse.runtime.limits import MIB, Limits
from gatehouse.runtime.watchdog import Watchdog, tree
from tests.runtime.processes import family, gone, launcher
from tests.runtime.stub import Start, starter

ROW = pa.table({"x": [1.0]})
SMALL = Limits(memory_mb=400, processes=8, seconds=60)
# What an attack may take to be ended: wide, since it is not speed that is tested.
ENDED_S = 20.0


@pytest.fixture(scope="module", params=["none", "unshare", "bubblewrap"])
def small(request: pytest.FixtureRequest) -> Launcher:
    return launcher(request.param, SMALL)


@pytest.fixture
def start(small: Launcher) -> Start:
    return starter(small)


def ended(start: Start, folder: Path, code: str, kind: type[ModelError], match: str) -> None:
    """Asks a child that then runs ``code``: it ends as expected, in time, and nothing of it is left."""
    with start(folder, f"ready()\nrequest()\n{code}\ntime.sleep(60)", predict_s=60) as process:
        everything = family(process)
        began = time.monotonic()
        with pytest.raises(kind, match=match):
            process.predict(ROW)
        assert time.monotonic() - began < ENDED_S
    assert gone(*everything)


OVER_MEMORY = r"used more than 400 MB of memory and was killed"


@pytest.mark.parametrize(
    "code",
    [
        "a = bytearray(500 << 20)",
        "a = []\nwhile True: a.append(os.urandom(1 << 20))",
        # Each child is small enough; together they are not.
        "for _ in range(5):\n    if os.fork() == 0:\n        a = bytearray(100 << 20); time.sleep(60); os._exit(0)",
        # Shared, so that no limit on a process's own data counts it.
        "import mmap\na = mmap.mmap(-1, 500 << 20)\nfor at in range(0, 500 << 20, 4096): a[at] = 1",
    ],
    ids=["at once", "bit by bit", "in children", "shared"],
)
def test_too_much_memory(start: Start, tmp_path: Path, code: str) -> None:
    ended(start, tmp_path, code, ModelOverLimits, OVER_MEMORY)


def test_memory_that_is_never_touched_is_not_used(start: Start, tmp_path: Path) -> None:
    with start(tmp_path, f"ready()\na = __import__('mmap').mmap(-1, {2 * SMALL.memory})\nanswer(request())") as process:
        assert process.predict(ROW).array.tolist() == [0.0]


def test_pages_that_a_family_shares_count_once(start: Start, tmp_path: Path) -> None:
    code = """
a = bytearray(200 << 20)
for _ in range(4):
    if os.fork() == 0:
        time.sleep(60)
ready()
id = request()
time.sleep(1)
answer(id)
time.sleep(60)
"""
    with start(tmp_path, code) as process:
        assert process.predict(ROW).array.tolist() == [0.0]


def test_an_allocation_beyond_reason_fails_at_once(start: Start, tmp_path: Path) -> None:
    ended(start, tmp_path, "bytearray(100 << 30)", ModelDied, "exited with status 1; .*MemoryError")


BOMB = "while True:\n    try:\n        if os.fork() == 0: time.sleep(60)\n    except OSError: pass"
EXPLOSION = "while True:\n    try: os.fork()\n    except OSError: pass"


@pytest.mark.parametrize("code", [BOMB, EXPLOSION], ids=["many children", "children of children"])
def test_a_fork_bomb(start: Start, small: Launcher, tmp_path: Path, code: str) -> None:
    if small.level == "none" and code == EXPLOSION:
        pytest.skip("what a bare process starts can outrun its death: that is what walls are for")
    ended(start, tmp_path, code, ModelOverLimits, "started more than 8 processes and was killed")


def test_too_many_threads(start: Start, tmp_path: Path) -> None:
    # Where the kernel counts them, starting one fails; root's are not counted there, and so here.
    code = """
import threading
threading.stack_size(65536)
while True:
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
"""
    ended(start, tmp_path, code, ModelError, "started more than 128 threads|can't start new thread")


def test_too_long_a_life(tmp_path: Path, small: Launcher) -> None:
    brief = starter(launcher(small.level, Limits(seconds=1)))
    ended(brief, tmp_path, "", ModelOverLimits, "ran for more than 1 s and was killed")


def test_a_limit_that_is_passed_while_loading_did_not_start(start: Start, tmp_path: Path) -> None:
    with pytest.raises(ModelDidNotStart, match=OVER_MEMORY) as caught:
        start(tmp_path, "a = bytearray(500 << 20)\ntime.sleep(60)")
    assert "policy's sandbox" in caught.value.fix


def test_closing_its_output_does_not_blind_the_watchdog(start: Start, tmp_path: Path) -> None:
    ended(start, tmp_path, "os.close(1); os.close(2)\na = bytearray(500 << 20)", ModelOverLimits, OVER_MEMORY)


def test_a_flood_of_output_does_not_blind_the_watchdog(start: Start, tmp_path: Path) -> None:
    code = "a = bytearray(500 << 20)\nwhile True: os.write(1, bytes(65536))"
    ended(start, tmp_path, code, ModelOverLimits, OVER_MEMORY)


@pytest.mark.parametrize("place", ["os.environ['HOME']", "'/dev/shm'"])
def test_a_full_scratch_is_an_error_of_the_model(start: Start, small: Launcher, tmp_path: Path, place: str) -> None:
    if small.level == "none":
        pytest.skip("a bare process writes where it likes")
    code = f"for name in 'abc': open({place} + '/' + name, 'wb').write(bytes(90 << 20))"
    ended(start, tmp_path, code, ModelDied, "exited with status 1; .*No space left on device")


def test_it_is_the_first_that_the_kernel_kills_for_want_of_memory(start: Start, tmp_path: Path) -> None:
    with start(tmp_path, "ready()\ntime.sleep(60)") as process:
        deadline = time.monotonic() + 5
        while (said := _scores(family(process))) != {"1000"} and time.monotonic() < deadline:
            time.sleep(0.05)
    assert said == {"1000"}


def _scores(pids: list[int]) -> set[str]:
    return {Path(f"/proc/{pid}/oom_score_adj").read_text().strip() for pid in pids}


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process with two children, one of which has one."""
    shell = "sleep 60 & (sleep 60; true) & wait"
    with subprocess.Popen(["/bin/sh", "-c", shell], start_new_session=True) as process:
        yield process
        os.killpg(process.pid, 9)


def test_a_tree_is_a_process_and_all_that_descend_from_it(child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 5
    while len(found := tree(child.pid)) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(found) == len(set(found)) == 4
    assert found[0] == child.pid
    assert 2 <= len(tree(child.pid, 1)) < 4


def test_a_process_that_is_gone_uses_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert watchdog.status(process.pid) == {}
    assert Watchdog(process.pid, Limits()).look() == ""


@pytest.mark.parametrize(("left", "whole", "said"), [(255, 1 << 20, "255 MB"), (19, 1000, "19 MB"), (0, 100, "0 MB")])
def test_a_machine_that_runs_out_of_memory_ends_its_models_before_the_kernel_ends_something_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: int, whole: int, said: str
) -> None:
    (tmp_path / "meminfo").write_text(f"MemTotal: {whole * 1024} kB\nMemFree: 5 kB\nMemAvailable: {left * 1024} kB\n")
    monkeypatch.setattr(watchdog, "PROC", tmp_path)
    assert Watchdog(1, Limits()).look() == f"ran while the machine had only {said} of memory left"


@pytest.mark.parametrize(("left", "whole"), [(256, 1 << 20), (20, 1000), (1000, 1000)])
def test_a_machine_with_memory_left_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: int, whole: int
) -> None:
    (tmp_path / "meminfo").write_text(f"MemTotal: {whole * 1024} kB\nMemAvailable: {left * 1024} kB\n")
    monkeypatch.setattr(watchdog, "PROC", tmp_path)
    assert Watchdog(1, Limits()).look() == ""


def test_a_kernel_that_does_not_say_what_is_left_is_no_reason_to_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "PROC", tmp_path)
    assert Watchdog(1, Limits()).look() == ""


@pytest.mark.parametrize("wrong", [{"memory_mb": 0}, {"processes": -1}, {"seconds": 0}])
def test_a_limit_of_nothing_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="every limit is above 0"):
        Limits(**wrong)


def test_memory_is_counted_in_mebibytes() -> None:
    assert Limits(memory_mb=1).memory == MIB == 1_048_576
