"""Limits as the kernel is told them, and the program that tells it."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from gatehouse.runtime.launch import Bare, Command
from gatehouse.runtime.limits import Limits, confined

LIMITS = Limits(memory_mb=300, processes=8, seconds=60)
ASK = "import json, resource as r; print(json.dumps({n: r.getrlimit(getattr(r, n)) for n in {names!r}}))"


def within(scratch: Path, code: str, limits: Limits = LIMITS) -> tuple[int, str]:
    """The exit status and output of Python code that a bare launcher started."""
    with Bare(limits=limits).launch(Command((sys.executable, "-c", code), (), scratch, ())) as process:
        said, _ = process.communicate(timeout=60)
    return process.returncode, said.decode()


def test_each_process_is_told_its_limits(tmp_path: Path) -> None:
    wanted = LIMITS.rlimits()
    # Outside namespaces of its own the kernel would count everything that the user runs.
    del wanted["RLIMIT_NPROC"]
    status, said = within(tmp_path, ASK.replace("{names!r}", repr(list(wanted))))
    hard = {name: resource.getrlimit(getattr(resource, name))[1] for name in wanted}
    assert status == 0
    for name, (soft, most) in json.loads(said).items():
        bound = wanted[name][1] if hard[name] == resource.RLIM_INFINITY else min(hard[name], wanted[name][1])
        assert (soft, most) == (min(bound, wanted[name][0]), bound)


_LOWER = "import os, resource as r, sys; r.setrlimit(r.RLIMIT_NOFILE, (64, 64)); os.execv(sys.argv[1], sys.argv[1:])"
_SAY = "import resource as r; print(r.getrlimit(r.RLIMIT_NOFILE), r.getrlimit(r.RLIMIT_CORE))"


def test_a_limit_that_is_lower_already_stays() -> None:
    spec = json.dumps({"rlimits": {"RLIMIT_NOFILE": [1024, 2048], "RLIMIT_CORE": [0, 0]}, "seccomp": ""})
    confine = (sys.executable, "-P", "-s", "-m", "gatehouse.runtime.confine", spec)
    command = (sys.executable, "-c", _LOWER, *confine, sys.executable, "-c", _SAY)
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said == "(64, 64) (0, 0)\n"


def test_a_processor_used_for_too_long_ends_it(tmp_path: Path) -> None:
    status, _ = within(tmp_path, "while True: pass", Limits(seconds=1))
    assert status == -24  # SIGXCPU


def test_memory_asked_for_beyond_what_libraries_reserve_is_not_given(tmp_path: Path) -> None:
    status, said = within(tmp_path, "bytearray(2 << 30)")
    assert status == 1
    assert "MemoryError" in said


def test_no_program_gains_rights(tmp_path: Path) -> None:
    status, said = within(tmp_path, "print([line for line in open('/proc/self/status') if 'NoNewPrivs' in line])")
    assert (status, "NoNewPrivs:\\t1" in said) == (0, True)


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with Bare(limits=LIMITS).launch(Command(("/usr/bin/no-such-program",), (), tmp_path, ())) as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert b"FileNotFoundError" in said


@pytest.mark.parametrize("walled", [True, False])
def test_walls_add_the_filter_of_system_calls_and_a_count_of_tasks(walled: bool) -> None:
    *_, spec, program = confined(("/bin/true",), LIMITS, walled=walled)
    told = json.loads(spec)
    assert program == "/bin/true"
    assert ("RLIMIT_NPROC" in told["rlimits"], bool(told["seccomp"])) == (
        walled,
        walled and os.uname().machine in _KNOWN,
    )


_KNOWN = ("x86_64", "aarch64")
