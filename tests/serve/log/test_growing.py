"""Files in the making: what a crash at any point leaves, and what the next writer makes of it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pyarrow as pa
import pytest

from gatehouse.evaluate.traffic.columns import OUTCOMES, SHADOW
from gatehouse.serve.log import files
from gatehouse.serve.log.growing import Growing, tidy, write
from gatehouse.serve.log.names import Names
from gatehouse.serve.log.rows import batch, schema
from tests.serve.log.made import MODEL, names, outcome, pair, written


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / MODEL / OUTCOMES.name


def of(*requests: str) -> pa.RecordBatch:
    return batch(MODEL, [outcome(request) for request in requests])[0]


def died(folder: Path, *batches: pa.RecordBatch) -> Path:
    """The journal of a writer that died after these batches."""
    name = Names().next()
    one = Growing(folder, name, batches[0].schema)
    for each in batches:
        one.add(each)
    one.leave()
    return folder / f".{name}{files.JOURNAL}"


def test_while_it_grows_nothing_is_to_be_seen_and_afterwards_nothing_else(folder: Path, tmp_path: Path) -> None:
    one = Growing(folder, Names().next(), schema(OUTCOMES))
    one.add(of("a"))
    one.add(of("b", "c"))
    assert (one.rows, written(tmp_path, OUTCOMES)) == (3, [])
    assert tidy(folder, OUTCOMES) == 0  # its writer lives
    one.publish()
    assert [row["request_id"] for row in written(tmp_path, OUTCOMES)] == ["a", "b", "c"]
    assert names(folder) == [f"{one.name}.parquet"]


def test_a_journal_cut_off_anywhere_gives_the_batches_that_are_whole(folder: Path, tmp_path: Path) -> None:
    whole = died(folder, of("a"), of("b"), of("c")).read_bytes()
    (folder / names(folder)[0]).unlink()
    seen = set()
    for length in [*range(0, len(whole), 61), len(whole)]:
        name = Names().next()
        (folder / f".{name}.journal").write_bytes(whole[:length])
        rows = tidy(folder, OUTCOMES)
        found = [row["request_id"] for row in written(tmp_path, OUTCOMES)]
        assert found == ["a", "b", "c"][:rows]
        assert [one for one in names(folder) if one.startswith(".")] == []
        seen.add(rows)
        for path in folder.iterdir():
            path.unlink()
    assert seen == {0, 1, 2, 3}


@pytest.mark.parametrize("content", [b"", b"no journal at all", b"\xff" * 1_000, b"\xff\xff\xff\xff\xff\xff\xff\x7f"])
def test_a_journal_that_is_none_is_removed(folder: Path, content: bytes) -> None:
    died(folder, of("a")).write_bytes(content)
    assert tidy(folder, OUTCOMES) == 0
    assert names(folder) == []


def test_a_death_between_the_whole_file_and_the_journals_end_doubles_nothing(folder: Path, tmp_path: Path) -> None:
    journal = died(folder, of("a"))
    write(folder, journal.name.removeprefix(".").removesuffix(".journal"), pa.Table.from_batches([of("a")]))
    assert tidy(folder, OUTCOMES) == 0
    assert [row["request_id"] for row in written(tmp_path, OUTCOMES)] == ["a"]
    assert len(names(folder)) == 1


def test_groups_are_recovered_with_their_rows(tmp_path: Path) -> None:
    folder = tmp_path / MODEL / SHADOW.name
    died(folder, batch(MODEL, [pair(groups=(("region", "north"),))], ("region",))[0])
    assert tidy(folder, SHADOW) == 1
    assert written(tmp_path, SHADOW)[0]["group.region"] == "north"


def test_a_journal_of_another_form_stays_and_is_said(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal = died(folder, pa.record_batch({"request_id": ["a"], "label": [1]}))
    assert tidy(folder, OUTCOMES) == 0
    assert names(folder) == [journal.name]
    assert "of another form" in caplog.text


def test_what_is_not_a_writers_is_left_alone(folder: Path, tmp_path: Path) -> None:
    journal = died(folder, of("a"))
    elsewhere = journal.rename(tmp_path / "elsewhere")
    journal.symlink_to(elsewhere)
    for name in (".gitkeep", ".nfs0001", ".mine.tmp", ".mine.journal"):
        (folder / name).write_bytes(b"")
    before = names(folder)
    assert tidy(folder, OUTCOMES) == 0
    assert names(folder) == before
    assert elsewhere.exists()


@pytest.mark.parametrize("suffix", [files.JOURNAL, files.PARTIAL])
def test_another_hosts_file_is_left_for_an_hour_since_locks_may_not_reach_there(folder: Path, suffix: str) -> None:
    journal = died(folder, of("a"))
    stamp, _, chance = journal.stem.split("-")
    theirs = journal.rename(folder / f"{stamp}-00000000-{chance}{suffix}")
    assert tidy(folder, OUTCOMES) == 0
    assert names(folder) == [theirs.name]
    silent = time.time() - files.SILENT_S - 1
    os.utime(theirs, (silent, silent))
    assert tidy(folder, OUTCOMES) == (suffix == files.JOURNAL)
    assert theirs.name not in names(folder)


def test_a_file_that_fails_while_it_is_written_leaves_nothing(folder: Path) -> None:
    def fail() -> None:
        with files.whole(folder, Names().next()) as file:
            file.write(b"half")
            raise RuntimeError("midway")

    with pytest.raises(RuntimeError, match="midway"):
        fail()
    assert names(folder) == []


def test_a_name_that_is_taken_is_never_written_over(folder: Path) -> None:
    name = Names().next()
    with files.begin(folder, name, files.PARTIAL), pytest.raises(FileExistsError):
        files.begin(folder, name, files.PARTIAL)


def test_a_journal_that_cannot_be_written_on_is_given_up_and_no_row_with_it(folder: Path, tmp_path: Path) -> None:
    one = Growing(folder, Names().next(), schema(OUTCOMES))
    one.add(of("a"))
    held = one._journal
    assert held is not None
    readable = os.open(folder / names(folder)[0], os.O_RDONLY)
    os.dup2(readable, held.fileno())  # from now on every write to it fails
    os.close(readable)
    with pytest.raises(OSError, match="Bad file descriptor"):
        one.add(of("b"))
    assert names(folder) == []
    one.add(of("c"))
    assert not one.journalled
    one.publish()
    assert [row["request_id"] for row in written(tmp_path, OUTCOMES)] == ["a", "b", "c"]


def test_a_file_is_on_the_disk_before_it_has_its_name_and_its_name_afterwards(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[tuple[bool, list[str]]] = []
    real = os.fsync

    def forced(handle: int) -> None:
        happened.append((Path(f"/proc/self/fd/{handle}").resolve().is_dir(), names(folder, "*.parquet")))
        real(handle)

    monkeypatch.setattr("os.fsync", forced)
    name = Names().next()
    write(folder, name, pa.Table.from_batches([of("a")]))
    assert happened == [(False, []), (True, [f"{name}.parquet"])]
