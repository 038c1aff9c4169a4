"""The demo comes out as it is told, and can be stopped anywhere."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.demo.story import MARK, room
from tests.world.line import PROJECT

pytestmark = [pytest.mark.slow, pytest.mark.e2e]


def start(folder: Path) -> subprocess.Popen[str]:
    command = (sys.executable, "-m", "tests.demo.story", "--keep", str(folder))
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(command, cwd=PROJECT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def started_below(folder: Path) -> list[int]:
    """The processes that run in the folder or were told of it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            if str(folder).encode() in told or (entry / "cwd").readlink().is_relative_to(folder):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def test_the_whole_story_comes_out_as_told(tmp_path: Path) -> None:
    folder = tmp_path / "company"
    process = start(folder)
    said, _ = process.communicate(timeout=580)
    assert process.returncode == 0, said
    assert "What to open next" in said
    for page in ("github/index.html", "report-3.html", "env.sh", "models/promotions/credit-risk/hold.yaml"):
        assert (folder / page).is_file(), page
    shell = f'. "{folder}/env.sh" && gatehouse why credit-risk 3 && gatehouse status'
    done = subprocess.run(("bash", "-c", shell), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert started_below(folder) == []


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks processes up in /proc")
@pytest.mark.parametrize(
    ("line", "seconds", "sign"),
    [
        ("gatehouse ·", 0.2, signal.SIGTERM),
        ("training", 2, signal.SIGINT),
        ("runs the gates: evaluate", 5, signal.SIGINT),
    ],
)
def test_stopped_anywhere_it_leaves_no_process_and_says_where_things_are(
    tmp_path: Path, line: str, seconds: float, sign: signal.Signals
) -> None:
    folder = tmp_path / "company"
    process = start(folder)
    assert process.stdout is not None
    while line not in (said := process.stdout.readline()):
        assert said, "it ended before it came to that line"
    time.sleep(seconds)
    assert len(started_below(folder)) > 1 or seconds < 1
    process.send_signal(sign)
    said, _ = process.communicate(timeout=20)
    assert process.returncode == 130, said
    assert "Nothing is left running" in said
    assert str(folder) in said.replace("\n", "")
    assert started_below(folder) == []


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(SystemExit, match="holds files that no demo made"):
        room(tmp_path)
    assert (tmp_path / "thesis.tex").exists()


def test_a_folder_that_a_demo_made_is_used_again(tmp_path: Path) -> None:
    room(tmp_path / "demo")
    (tmp_path / "demo" / "old").touch()
    assert {path.name for path in room(tmp_path / "demo").iterdir()} == {MARK}
