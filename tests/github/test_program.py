"""``python -m tests.github``: what it prints, and what it leaves behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import requests

ROOT = Path(__file__).parents[2]


def test_the_program_serves_until_told_to_stop_and_keeps_its_pages(tmp_path: Path) -> None:
    asked = (
        "--repository",
        "acme/models",
        "--person",
        "ada:write",
        "--app",
        "gatehouse",
        "--pages",
        str(tmp_path / "pages"),
    )
    command = (sys.executable, "-m", "tests.github", str(tmp_path / "github"), *asked)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        told = json.loads(program.stdout.readline())
        headers = {"Authorization": f"token {told['tokens']['ada']}"}
        assert requests.get(f"{told['api_url']}/repos/acme/models", headers=headers, timeout=5).ok
        assert "acme/models" in requests.get(told["url"], timeout=5).text
        assert (Path(told["remotes"]["acme/models"]) / "HEAD").exists()
        assert set(told["tokens"]) == {"ada", "gatehouse[bot]"}
        program.send_signal(signal.SIGTERM)
        assert program.wait(10) == 0
    assert (tmp_path / "pages" / "index.html").exists()


def test_a_role_that_github_does_not_have_is_refused(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "tests.github", str(tmp_path), "--person", "ada:king")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert (done.returncode, "a role is one of" in done.stderr) == (1, True)
