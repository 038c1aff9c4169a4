"""The writer: what is put is read back by DuckDB and by the gates, and nothing that goes wrong is felt by who puts."""

from __future__ import annotations

import errno
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from gatehouse.evaluate.traffic.columns import EXPOSURES, OUTCOMES, SHADOW
from gatehouse.pin import Pin
from gatehouse.serve.log import files
from gatehouse.serve.log.rows import ROW_LIMIT
from gatehouse.serve.log.writer import Limits, LogWriter
from tests.evaluate.traffic.made import World
from tests.serve.log.made import CHAMPION, MODEL, NOW, PATIENT, SHADOWED, exposure, names, outcome, pair, written


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[LogWriter]:
    opened = LogWriter(tmp_path, PATIENT)
    yield opened
    opened.close(1)


def until(true: Any, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


def test_what_was_put_is_read_by_duckdb_and_by_the_gates(writer: LogWriter, tmp_path: Path) -> None:
    rows = [exposure(f"r{at}", prediction=(at / 10,), time=NOW + at) for at in range(10)]
    assert all(writer.put(MODEL, row) for row in rows)
    assert writer.put(MODEL, pair(groups=(("region", "north"),)))
    assert writer.put(MODEL, outcome(label=0.0))
    assert writer.close()

    found = written(tmp_path)
    assert [row["prediction"] for row in found] == [[at / 10] for at in range(10)]
    assert {row["model"] for row in found} == {MODEL}
    assert written(tmp_path, SHADOW)[0]["group.region"] == "north"
    assert written(tmp_path, OUTCOMES) == [
        {"request_id": "r1", "label": 0.0, "observed": datetime(2026, 3, 2, 8, tzinfo=UTC)}
    ]
    with duckdb.connect() as connection:
        query = (
            f"SELECT count(*), sum(prediction[1]), max(epoch_us(time)) FROM '{tmp_path}/{MODEL}/exposures/*.parquet'"
        )
        assert connection.sql(query).fetchall() == [(10, pytest.approx(4.5), NOW + 9)]
    counts = writer.counts()
    assert (counts.written, counts.dropped, counts.failed, counts.queued, counts.open) == (12, 0, 0, 0, 0)
    assert counts.files == 3


def test_the_gates_judge_a_shadow_and_an_experiment_by_what_was_written(writer: LogWriter, tmp_path: Path) -> None:
    hour = 3_600_000_000
    for at in range(40):
        trial = at % 2
        arm = {"arm": "challenger", "version": 4, "digest": SHADOWED} if trial else {}
        row = exposure(f"r{at}", unit=f"u{at}", experiment="gbm", share=0.5, time=NOW + at * hour, **arm)
        writer.put(MODEL, row)
        writer.put(MODEL, pair(f"r{at}", time=NOW + at * hour))
        writer.put(MODEL, outcome(f"r{at}", float(trial), NOW + at * hour + 1))
    assert writer.close()

    world = World(tmp_path / MODEL, candidate=Pin(4, SHADOWED), champion=Pin(3, CHAMPION))
    shadow = world.traffic.shadow(timedelta())
    tried = world.traffic.experiment(timedelta(hours=1))

    assert shadow is not None
    assert (shadow.counted.compared, shadow.counted.failed) == (40, 0)
    assert tried is not None
    assert (tried.challenger.values.n, tried.challenger.values.mean) == (20, 1.0)


def test_a_row_is_whole_within_its_time_without_being_asked_for(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path, Limits(batch_s=0.02, file_s=0.05))
    writer.put(MODEL, exposure())
    until(lambda: writer.counts().written == 1)
    assert len(written(tmp_path)) == 1
    assert writer.close()


def test_a_file_ends_when_it_is_large_enough(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path, Limits(batch_s=600, batch_rows=100, file_s=600, file_bytes=1_000))
    for at in range(3):
        for _ in range(100):
            writer.put(MODEL, exposure())
        until(lambda at=at: writer.counts().written == 100 * (at + 1))
    assert writer.counts().files == 3
    assert writer.close()


def test_flush_waits_for_what_was_put_before_it(writer: LogWriter, tmp_path: Path) -> None:
    for at in range(3):
        writer.put(MODEL, exposure(f"r{at}"))
        assert writer.flush(10)
        assert len(written(tmp_path)) == at + 1


class Unwritable:
    """A disk that can be broken and mended: what it raises instead of making a new file."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.error: int | None = None
        real = os.open

        def opened(path: Any, flags: int, *more: Any, **named: Any) -> int:
            if self.error is not None and flags & os.O_CREAT:
                raise OSError(self.error, os.strerror(self.error))
            return real(path, flags, *more, **named)

        monkeypatch.setattr("os.open", opened)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Unwritable:
    return Unwritable(monkeypatch)


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_disk_that_fails_is_said_once_and_loses_nothing_that_there_is_room_for(
    tmp_path: Path, disk: Unwritable, caplog: pytest.LogCaptureFixture, fault: int
) -> None:
    disk.error = fault
    writer = LogWriter(tmp_path, Limits(batch_s=0.01, file_s=0.01))
    with caplog.at_level(logging.WARNING, "gatehouse.serve.log"):
        for at in range(5):
            assert writer.put(MODEL, exposure(f"r{at}"))
        assert not writer.flush(0.1)
        until(lambda: writer.counts().errors > 2)
        assert (writer.counts().written, names(tmp_path)) == (0, [])
        disk.error = None
        assert writer.flush(10)
    assert [row["request_id"] for row in written(tmp_path)] == [f"r{at}" for at in range(5)]
    assert writer.counts().dropped == 0
    said = [record.getMessage() for record in caplog.records]
    assert [os.strerror(fault) in one for one in said] == [True, False]
    assert "written again" in said[1]
    assert writer.close()


def test_a_disk_that_stays_broken_holds_memory_to_its_bounds_and_close_to_its_time(
    tmp_path: Path, disk: Unwritable
) -> None:
    disk.error = errno.ENOSPC
    writer = LogWriter(tmp_path, Limits(queue_rows=50, batch_s=0.01, batch_rows=20, file_s=0.01, file_bytes=2_000))
    put = 0
    deadline = time.monotonic() + 10
    while writer.counts().dropped < 100 and time.monotonic() < deadline:
        writer.put(MODEL, exposure())
        put += 1
    counts = writer.counts()
    assert counts.queued <= 50
    assert counts.open < 1_000
    started = time.monotonic()
    assert not writer.close(0.3)
    assert time.monotonic() - started < 5
    counts = writer.counts()
    assert (counts.written, counts.dropped, counts.queued) == (0, put, 0)


def test_what_cannot_be_written_takes_no_more_memory_than_a_file_and_is_dropped(
    tmp_path: Path, disk: Unwritable
) -> None:
    disk.error = errno.ENOSPC
    writer = LogWriter(tmp_path, Limits(batch_s=0.001, file_s=0.01, file_bytes=5_000))
    for _ in range(20):
        for _ in range(20):
            assert writer.put(MODEL, exposure())
        until(lambda: writer.counts().queued == 0)
    until(lambda: writer.counts().open + writer.counts().dropped == 400)
    assert 10 < writer.counts().open < 100
    kept = writer.counts().open
    disk.error = None
    assert writer.close()
    assert len(written(tmp_path)) == writer.counts().written == kept


def test_a_file_without_a_journal_is_finished_as_soon_as_the_disk_is_back(tmp_path: Path, disk: Unwritable) -> None:
    disk.error = errno.ENOSPC
    writer = LogWriter(tmp_path, Limits(batch_s=0.01, file_s=600))
    writer.put(MODEL, exposure())
    until(lambda: writer.counts().errors)
    disk.error = None
    until(lambda: writer.counts().written == 1)
    assert writer.close()


def test_a_full_queue_drops_and_counts_and_never_waits(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path, Limits(queue_rows=10, batch_s=600))
    assert [writer.put(MODEL, exposure()) for _ in range(12)] == [True] * 10 + [False] * 2
    assert not writer.put_all(MODEL, [outcome()])
    assert (writer.counts().dropped, writer.counts().queued) == (3, 10)
    assert writer.close()
    assert len(written(tmp_path)) == 10


def test_the_queue_is_bounded_in_bytes_too(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path, Limits(queue_bytes=100_000, batch_s=600))
    kept = [writer.put(MODEL, exposure(error="x" * 30_000)) for _ in range(5)]
    assert kept == [True] * 3 + [False] * 2
    assert writer.put(MODEL, exposure())
    assert writer.flush(10)
    assert writer.put(MODEL, exposure(error="x" * 30_000))  # what was written takes no room
    assert writer.close()
    assert [len(row["error"] or "") for row in written(tmp_path)] == [500, 500, 500, 0, 500]


def test_rows_that_belong_together_are_taken_together_or_not_at_all(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path, Limits(queue_rows=3, batch_s=600))
    assert not writer.put_all(MODEL, [outcome(f"r{at}") for at in range(4)])
    assert writer.put_all(MODEL, [outcome(f"r{at}") for at in range(3)])
    assert writer.counts().dropped == 4
    assert writer.close()
    assert len(written(tmp_path, OUTCOMES)) == 3


def test_a_row_that_no_file_can_hold_is_counted_and_takes_no_other_with_it(writer: LogWriter, tmp_path: Path) -> None:
    wrong: list[Any] = [
        exposure(request_id=None),
        exposure(time=-1),
        exposure(time=2**63),
        exposure(status=2**31),
        exposure(version="three"),
        exposure(prediction=("high",)),
        exposure(latency_ms=None),
        exposure(unit="u" * ROW_LIMIT),
        pair(groups=(("region", 3),)),
        "no row",
        None,
    ]
    for row in wrong:
        writer.put(MODEL, exposure())
        writer.put(MODEL, row)
    for model in ("../elsewhere", "", ".hidden", "a/b", None):
        writer.put(model, exposure())  # type: ignore[arg-type]
    assert writer.close()
    assert writer.counts().failed == len(wrong) + 5
    assert len(written(tmp_path)) == len(wrong)
    assert [path.name for path in tmp_path.iterdir()] == [MODEL]
    assert not (tmp_path.parent / "elsewhere").exists()


def test_a_new_group_begins_a_new_file_and_all_files_are_read_together(writer: LogWriter, tmp_path: Path) -> None:
    for at, groups in enumerate([(), (("region", "north"),), (("age", None), ("region", "south"))]):
        writer.put(MODEL, pair(f"r{at}", groups=groups))
        assert writer.flush(10)
    writer.put(MODEL, pair("r3"))
    assert writer.close()
    assert [row["group.region"] for row in written(tmp_path, SHADOW)] == [None, "north", "south", None]


def test_after_close_rows_are_dropped_and_closing_again_is_no_fault(writer: LogWriter, tmp_path: Path) -> None:
    assert writer.close()
    assert not writer.put(MODEL, exposure())
    assert writer.close()
    assert writer.counts().dropped == 1


def test_putting_from_many_threads_loses_and_doubles_nothing(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path, Limits(batch_s=0.001, batch_rows=50, file_s=0.02))

    def put(place: int) -> None:
        for at in range(500):
            assert writer.put(MODEL, exposure(f"r{place}.{at}"))

    threads = [threading.Thread(target=put, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert writer.close()
    found = [row["request_id"] for row in written(tmp_path)]
    assert sorted(found) == sorted(f"r{place}.{at}" for place in range(4) for at in range(500))


def test_files_beyond_their_age_are_removed_and_nothing_else_is(tmp_path: Path) -> None:
    folder = tmp_path / MODEL / EXPOSURES.name
    folder.mkdir(parents=True)
    recent = f"{datetime.now(UTC) - timedelta(days=6):%Y%m%dT%H%M%S%f}Z-00000000-{'0' * 16}.parquet"
    for name in (f"20200101T000000000000Z-00000000-{'0' * 16}.parquet", recent, "20200101-by-hand.parquet"):
        (folder / name).write_bytes(b"")
    writer = LogWriter(tmp_path, Limits(keep=timedelta(days=7)))
    assert writer.close()
    assert names(folder) == sorted([recent, "20200101-by-hand.parquet"])
    assert writer.counts().removed == 1


CHILD = """
import sys, time
from pathlib import Path
from gatehouse.serve.log.writer import Limits, LogWriter
from tests.serve.log.made import MODEL, exposure, outcome
root, rows, name = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
writer = LogWriter(root, Limits(batch_s=0.02, file_s=600 if name == "killed" else 0.05))
for at in range(rows):
    writer.put(MODEL, exposure(f"{name}{at}"))
    if at % 100 == 0:
        time.sleep(0.005)
if name == "killed":
    while writer.counts().open < rows:
        time.sleep(0.01)
    time.sleep(0.1)  # until it is noted
    print("noted", flush=True)
    time.sleep(600)
print(writer.close(), writer.counts().written, flush=True)
"""


def child(root: Path, rows: int, name: str) -> subprocess.Popen[str]:
    paths = os.pathsep.join([str(Path(files.__file__).parents[3]), str(Path(__file__).parents[3])])
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(root), str(rows), name],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )


def test_what_a_killed_process_had_noted_is_recovered_by_the_next_writer(tmp_path: Path) -> None:
    killed = child(tmp_path, 1_000, "killed")
    assert killed.stdout is not None
    assert killed.stdout.readline() == "noted\n"
    assert names(tmp_path, "*.parquet") == []
    alive = LogWriter(tmp_path, PATIENT)
    assert alive.close()
    assert alive.counts().recovered == 0  # its writer still lives
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    killed.stdout.close()
    journal = next(path for path in tmp_path.rglob(".*.journal"))
    with journal.open("ab") as file:
        file.write(b"\xff\xff\xff\xff\x10\x01\x00\x00half a batch")
    partial = journal.with_suffix(".tmp")
    partial.write_bytes(b"PAR1 half a file")

    for recovered in (1_000, 0):
        writer = LogWriter(tmp_path, PATIENT)
        assert writer.close()
        assert writer.counts().recovered == recovered
        assert {row["request_id"] for row in written(tmp_path)} == {f"killed{at}" for at in range(1_000)}
        assert len(written(tmp_path)) == 1_000
        assert len(names(tmp_path)) == 1


def test_two_processes_and_this_one_write_into_one_folder(tmp_path: Path) -> None:
    others = [child(tmp_path, 2_000, name) for name in ("a", "b")]
    writer = LogWriter(tmp_path, Limits(batch_s=0.01, file_s=0.02))
    for at in range(500):
        writer.put(MODEL, exposure(f"c{at}"))
    for other in others:
        said, _ = other.communicate(timeout=60)
        assert said == "True 2000\n"
    assert writer.close()
    wanted = [f"{name}{at}" for name, rows in (("a", 2_000), ("b", 2_000), ("c", 500)) for at in range(rows)]
    assert sorted(row["request_id"] for row in written(tmp_path)) == sorted(wanted)
    assert [name for name in names(tmp_path) if name.startswith(".")] == []


def test_one_log_that_cannot_be_written_leaves_the_others_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "churn").write_text("a file in the way")
    writer = LogWriter(tmp_path, Limits(batch_s=0.01, file_s=0.01, file_bytes=1_000))
    for at in range(20):
        writer.put("churn", exposure())
        writer.put(MODEL, exposure(f"r{at}"))
        until(lambda at=at: writer.counts().written == at + 1)
    assert not writer.flush(0.1)
    assert len([one for one in caplog.records if "churn" in one.getMessage()]) == 1
    assert not writer.close(0.1)
    assert len(written(tmp_path)) == 20
    assert writer.counts().dropped == 20


def test_a_disk_that_hangs_is_not_felt_by_who_puts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging, mended = threading.Event(), threading.Event()
    real = os.fsync

    def slow(handle: int) -> None:
        hanging.set()
        mended.wait(30)
        real(handle)

    monkeypatch.setattr("os.fsync", slow)
    writer = LogWriter(tmp_path, Limits(queue_rows=1_000, batch_s=0.01))
    writer.put(MODEL, exposure("first"))
    assert hanging.wait(10)
    started = time.monotonic()
    kept = [writer.put(MODEL, exposure()) for _ in range(1_100)]
    assert time.monotonic() - started < 5  # the disk hangs for as long as we like
    assert (sum(kept), writer.counts().dropped) == (1_000, 100)
    assert not writer.close(0.05)
    mended.set()
    writer._thread.join(30)
    assert len(written(tmp_path)) == 1_001


def test_a_fault_that_nobody_foresaw_ends_neither_the_thread_nor_its_patience(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = True
    real = files.whole

    def whole(folder: Path, name: str) -> Any:
        if broken:
            raise RuntimeError("unforeseen")
        return real(folder, name)

    monkeypatch.setattr(files, "whole", whole)
    writer = LogWriter(tmp_path, PATIENT)
    writer.put(MODEL, exposure())
    assert not writer.flush(0.1)
    assert writer.counts().errors
    broken = False
    assert writer.close()
    assert len(written(tmp_path)) == 1
