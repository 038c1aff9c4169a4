"""A model that is not asked cannot slow down the one that is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from gatehouse.evaluate.turns import turns
from gatehouse.runtime.process import ModelProcess
from tests.runtime.processes import family, gone, launcher
from tests.runtime.stub import starter

ROW = pa.table({"x": [1.0]})
# Clock ticks; a process that runs for half a second uses up to 50.
LATE = 2
# Answers, and uses a processor of its own and a child's whenever nobody looks.
BURNS = """
import threading
if os.fork() == 0:
    while True: pass
def burn():
    while True: pass
threading.Thread(target=burn, daemon=True).start()
ready()
while True: answer(request())
"""
WAITS = "ready()\nwhile True: answer(request())"


@pytest.fixture(params=["none", "unshare", "bubblewrap"])
def models(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, ModelProcess]]:
    start = starter(launcher(request.param))
    with start(tmp_path, BURNS) as burning, start(tmp_path, WAITS) as waiting:
        yield {"candidate": burning, "champion": waiting}


def used(process: ModelProcess) -> int:
    """Processor time of a process and all that it started, in clock ticks."""
    stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in family(process)]
    return sum(int(stat[11]) + int(stat[12]) for stat in stats)


def burns(process: ModelProcess, seconds: float) -> bool:
    """Whether it uses the processor within ``seconds``: more than what the kernel books late."""
    before, deadline = used(process), time.monotonic() + seconds
    while (burning := used(process) - before > LATE) is False and time.monotonic() < deadline:
        time.sleep(0.05)
    return burning


def test_who_is_not_asked_has_no_processor(models: dict[str, ModelProcess]) -> None:
    with turns(models, {who: process.predict for who, process in models.items()}) as asking:
        for _ in range(2):
            assert asking["champion"](ROW)
            assert not burns(models["candidate"], 0.5)
            assert asking["candidate"](ROW)
            assert burns(models["candidate"], 20)
        asking["champion"](ROW)
    # Paused no longer, whoever was asked last.
    assert burns(models["candidate"], 20)
    assert models["candidate"].predict(ROW).array.tolist() == [0.0]


def test_all_run_again_after_an_error(models: dict[str, ModelProcess]) -> None:
    def fails() -> None:
        with turns(models, {who: one.predict for who, one in models.items()}) as asking:
            asking["champion"](ROW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert models["candidate"].predict(ROW).array.tolist() == [0.0]


def test_a_paused_model_is_ended_like_any_other(models: dict[str, ModelProcess]) -> None:
    everything = family(models["candidate"])
    models["candidate"].pause()
    models["candidate"].close()
    assert gone(*everything[1:], within=5)
