"""How long a person waits for the command line: ``scripts/bench cli``."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from tests.support.company import MODEL, STAGING, found
from tests.support.repo import promotion
from tests.support.thousand import thousand

ROUNDS = 5
COMMAND = Path(sys.executable).with_name("gatehouse")
# As large as 1,000,000 rows of 30 features are in Parquet.
TABLE_BYTES = 300 << 20


@dataclass(frozen=True, slots=True)
class Timing:
    """The median of several runs of one command, in seconds, and what it may take."""

    what: str
    seconds: float
    bar: float

    @property
    def kept(self) -> bool:
        return self.seconds <= self.bar


def timed(what: str, args: Sequence[str], folder: Path, bar: float) -> Timing:
    """Raises CalledProcessError when the command does not end as it should."""
    runs = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        subprocess.run([COMMAND, *args], cwd=folder, check=True, capture_output=True)
        runs.append(time.perf_counter() - start)
    return Timing(what, statistics.median(runs), bar)


def measured() -> list[Timing]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        subprocess.run(["git", "init", "--quiet", folder], check=True)
        files = thousand(folder)
        return [
            timed("gatehouse --help", ["--help"], folder, 0.3),
            timed(f"gatehouse validate, 1,000 models in {files:,} files", ["validate"], folder, 3.0),
            again(folder / "company"),
        ]


def again(folder: Path) -> Timing:
    """The second check of a question, about tables of a million rows; the first is not timed."""
    company = found(folder)
    company.repo.pull()
    root = company.repo.root
    (root / "data").mkdir()
    (root / "data" / "table.parquet").write_bytes(os.urandom(TABLE_BYTES))
    policy = root / "promotions" / MODEL / "policy.yaml"
    policy.write_text(policy.read_text() + "data: {production: {path: data/table.parquet}}\n")
    (root / STAGING.path).write_text(promotion(company.pins[2]))
    check = ["check", MODEL, "--to", "staging"]
    subprocess.run([COMMAND, *check], cwd=root, check=True, capture_output=True)
    return timed("gatehouse check, a question that was answered before", check, root, 2.0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    found = measured()
    if parser.parse_args().json:
        sys.stdout.write(msgspec.json.encode([asdict(timing) for timing in found]).decode() + "\n")
    else:
        table = Table("what", "median of 5, s", "bar, s", "")
        for timing in found:
            table.add_row(timing.what, f"{timing.seconds:.2f}", f"{timing.bar:g}", "kept" if timing.kept else "MISSED")
        Console().print(table)
    return 0 if all(timing.kept for timing in found) else 1


if __name__ == "__main__":
    sys.exit(main())
