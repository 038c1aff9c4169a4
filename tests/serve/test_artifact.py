from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gatehouse.errors import GatehouseError, NotFound
from gatehouse.registry.digest import digest
from gatehouse.serve.artifact import fetch, main, verify

OTHER = f"sha256:{'0' * 64}"


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    folder = tmp_path / "store" / "model"
    folder.mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {}\n")
    (folder / "weights").write_bytes(bytes(range(256)))
    return folder


def test_an_artifact_with_the_pinned_digest_is_there_whole(artifact: Path, tmp_path: Path) -> None:
    found = fetch(str(artifact), tmp_path / "here" / "model", digest(artifact))
    assert digest(found) == digest(artifact)
    assert [path.name for path in found.parent.iterdir()] == ["model"]


def test_an_artifact_with_another_digest_leaves_nothing_behind(artifact: Path, tmp_path: Path) -> None:
    with pytest.raises(GatehouseError, match="it is not what was reviewed"):
        fetch(str(artifact), tmp_path / "here" / "model", OTHER)
    assert list((tmp_path / "here").iterdir()) == []


def test_what_is_there_already_is_checked_and_not_fetched_again(artifact: Path, tmp_path: Path) -> None:
    pinned, here = digest(artifact), tmp_path / "model"
    fetch(str(artifact), here, pinned)
    (artifact / "weights").unlink()
    assert fetch(str(artifact), here, pinned) == here
    (here / "weights").write_bytes(b"swapped")
    with pytest.raises(GatehouseError, match="is pinned"):
        fetch(str(artifact), here, pinned)


def test_one_byte_more_is_another_digest(artifact: Path) -> None:
    pinned = digest(artifact)
    assert verify(artifact, pinned) == artifact
    with (artifact / "weights").open("ab") as stream:
        stream.write(b"\0")
    with pytest.raises(GatehouseError, match="it is not what was reviewed"):
        verify(artifact, pinned)


@pytest.mark.parametrize("address", ["models:/credit-risk/1", "models:/credit-risk@champion", "runs:/1/model"])
def test_an_address_that_pins_nothing_is_not_fetched(address: str, tmp_path: Path) -> None:
    with pytest.raises(GatehouseError, match="pins nothing"):
        fetch(address, tmp_path / "model", OTHER)


def test_a_folder_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        fetch(str(tmp_path / "nowhere"), tmp_path / "model", OTHER)


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gatehouse.serve.artifact", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_the_command_starts_where_the_digest_is_right_and_never_where_it_is_not(artifact: Path) -> None:
    command = ("--", sys.executable, "-c", "print('serving')")
    right = _run("verify", str(artifact), digest(artifact), *command)
    assert (right.returncode, right.stdout) == (0, "serving\n")
    wrong = _run("verify", str(artifact), OTHER, *command)
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "is pinned" in wrong.stderr


@pytest.mark.parametrize(
    "arguments", [[], ["verify", "folder", OTHER], ["verify", "folder", OTHER, "--"], ["fetch", "x", "y"]]
)
def test_wrong_use_is_said_and_nothing_is_done(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "usage:" in capsys.readouterr().err


def test_a_command_that_is_not_there_is_a_failure_and_no_traceback(
    artifact: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(artifact), digest(artifact), "--", "/no/such/server"]) == 1
    assert capsys.readouterr().err == "/no/such/server: No such file or directory\n"
