from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from gatehouse.runtime.launch import Bare, Command


def run(launcher: Bare, scratch: Path, code: str, inherit: tuple[int, ...] = ()) -> str:
    command = Command((sys.executable, "-c", code), (), scratch, inherit)
    with launcher.launch(command) as process:
        said, _ = process.communicate(timeout=20)
    return said.decode()


def test_a_bare_process_has_a_clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "canary-4711")
    code = "import os; print(sorted(os.environ.items()), os.getcwd())"

    said = run(Bare(), tmp_path, code)

    assert "canary" not in said
    assert f"('HOME', '{tmp_path}')" in said
    assert said.rstrip().endswith(str(tmp_path))


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_are_fixed_before_anything_is_imported(tmp_path: Path, threads: int) -> None:
    code = "import os; print([os.environ[f'{name}_NUM_THREADS'] for name in ('OMP', 'OPENBLAS', 'MKL')])"

    assert run(Bare(threads), tmp_path, code).strip() == str([str(threads)] * 3)


def test_only_the_named_descriptors_are_inherited(tmp_path: Path) -> None:
    kept, left = os.pipe()
    os.set_inheritable(left, True)
    code = f"""
import os
for descriptor in ({kept}, {left}):
    try:
        os.fstat(descriptor)
        print("open")
    except OSError:
        print("closed")
"""
    try:
        assert run(Bare(), tmp_path, code, (kept,)).split() == ["open", "closed"]
    finally:
        os.close(kept)
        os.close(left)


def test_output_and_errors_are_one_stream_in_order(tmp_path: Path) -> None:
    code = "import os; os.write(1, b'one '); os.write(2, b'two '); os.write(1, b'three')"

    assert run(Bare(), tmp_path, code) == "one two three"


def test_a_bare_process_leads_its_own_session_and_claims_no_isolation(tmp_path: Path) -> None:
    assert run(Bare(), tmp_path, "import os; print(os.getsid(0) == os.getpid())").strip() == "True"
    assert Bare().level == "none"
