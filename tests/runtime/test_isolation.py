"""Which sandbox is taken, and what is said where none will do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gatehouse.declare.levels import LEVELS, reaches
from gatehouse.errors import GatehouseError
from gatehouse.runtime import isolation
from gatehouse.runtime.isolation import Probed, at, launcher, probe
from gatehouse.runtime.launch import Bare, Command
from gatehouse.runtime.limits import Limits
from tests.support.walls import unwalled

__all__ = ["unwalled"]


def test_every_sandbox_is_probed_strongest_first() -> None:
    assert [probed.level for probed in probe()] == ["bubblewrap", "unshare"]
    assert all(probed.works == (probed.why == "") == (probed.fix == "") for probed in probe())


def test_the_strongest_that_works_is_taken_and_given_the_limits() -> None:
    works = [probed.level for probed in probe() if probed.works]
    if not works:
        pytest.skip(f"no sandbox works on this machine: {probe()}")
    taken = launcher(Limits(memory_mb=700), "none")
    assert (taken.level, taken.limits) == (works[0], Limits(memory_mb=700))
    assert all(launcher(minimum=minimum).level == works[0] for minimum in LEVELS if reaches(works[0], minimum))


def test_a_level_is_tried_once_in_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    probe()
    monkeypatch.setattr(isolation, "_MAKERS", {})
    assert [probed.level for probed in probe()] == ["bubblewrap", "unshare"]


@pytest.mark.usefixtures("unwalled")
def test_below_the_minimum_nothing_is_started_and_the_fix_says_what_to_install() -> None:
    with pytest.raises(GatehouseError, match="at least 'unshare', and this machine reaches 'none'") as caught:
        launcher(minimum="unshare")
    assert "bubblewrap does not work: [Errno 2] No such file or directory" in caught.value.message
    for word in (
        "apt-get install bubblewrap",
        "kernel.apparmor_restrict_unprivileged_userns",
        "kernel.unprivileged_userns_clone",
        "sandbox: {minimum: none}",
    ):
        assert word in caught.value.fix


@pytest.mark.usefixtures("unwalled")
def test_a_policy_may_accept_no_walls_and_still_has_limits() -> None:
    assert launcher(Limits(), "none") == Bare(limits=Limits())
    with pytest.raises(GatehouseError, match="bubblewrap does not work on this machine"):
        at("bubblewrap")


@pytest.mark.parametrize("minimum", ["vm", "", "Unshare"])
def test_a_minimum_that_nobody_knows_is_reached_by_nothing(minimum: str) -> None:
    with pytest.raises(GatehouseError, match="at least"):
        launcher(minimum=minimum)


@pytest.mark.parametrize("level", ["cluster", "vm", ""])
def test_what_is_no_level_of_a_process_cannot_be_asked_for(level: str) -> None:
    with pytest.raises(GatehouseError, match=f"no process starts in '{level}'"):
        at(level)


@dataclass(frozen=True)
class Leaky:
    """Claims walls that it does not have; ``prefix`` goes before the command."""

    prefix: tuple[str, ...] = ()
    level: str = "bubblewrap"
    limits: Limits | None = None

    def launch(self, command: Command) -> subprocess.Popen[bytes]:
        argv = (*self.prefix, *command.argv)
        return Bare().launch(Command(argv, command.readable, command.scratch, command.inherit))


def tried(monkeypatch: pytest.MonkeyPatch, made: Callable[..., object]) -> Probed:
    monkeypatch.setattr(isolation, "_MAKERS", {"bubblewrap": made})
    return isolation._tried.__wrapped__("bubblewrap")


def test_a_sandbox_that_walls_nothing_off_does_not_work(monkeypatch: pytest.MonkeyPatch) -> None:
    probed = tried(monkeypatch, lambda *_: Leaky())
    assert not probed.works
    for missing in ("programs may gain rights", "files of others are seen", "/ can be written"):
        assert missing in probed.why
    assert "apt-get install bubblewrap" in probed.fix


def test_a_sandbox_that_says_no_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    refusing = (
        sys.executable,
        "-c",
        "print('warning\\nbwrap: setting up uid map:\\x1b[31m Permission denied'); exit(1)",
    )
    probed = tried(monkeypatch, lambda *_: Leaky(refusing))
    assert probed.why == "bwrap: setting up uid map:\\x1b[31m Permission denied"


def test_a_sandbox_that_says_nothing_is_told_by_its_status(monkeypatch: pytest.MonkeyPatch) -> None:
    probed = tried(monkeypatch, lambda *_: Leaky((sys.executable, "-c", "exit(3)")))
    assert (probed.works, probed.why) == (False, "its trial ended with status 3")


def test_a_sandbox_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "_PATIENCE_S", 0.3)
    probed = tried(monkeypatch, lambda *_: Leaky((sys.executable, "-c", "import time; time.sleep(60)")))
    assert not probed.works
    assert "timed out after 0.3 seconds" in probed.why


def test_a_trial_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    for level in isolation._MAKERS:
        isolation._tried.__wrapped__(level)
    assert list(tmp_path.iterdir()) == []
