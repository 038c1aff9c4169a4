"""The statistics of the gates, beside what people use now and beside straight numpy: ``scripts/bench gates``.

Every figure is checked to be the same on all sides before its time counts. A peer that is not installed is reported as
skipped; ``--peers PYTHON`` names the interpreter of another environment that has fairlearn and evidently.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from gatehouse.evaluate.statistics import ranking
from gatehouse.evaluate.statistics.drift import drift
from gatehouse.evaluate.statistics.fairness import Rule
from gatehouse.evaluate.statistics.profile import Profile
from gatehouse.evaluate.statistics.rows import Plan
from gatehouse.evaluate.statistics.scoreboard import batch_of, score
from tests.bench import _limits
from tests.bench._data import FEATURES, Scores, batches, features, written

ROWS = 1_000_000
DRIFT_ROWS = 200_000
ROUNDS = 5
HERE = Path(__file__).parent
BOTH = ("candidate", "champion")


@dataclass(frozen=True, slots=True)
class Line:
    """One bar: a figure of ours, what it was held against, and the most (or the least) that it may be.

    ``kept`` is None where the other side was not there to be measured.
    """

    what: str
    figure: float | None
    unit: str
    bar: float
    least: bool
    against: str

    @property
    def kept(self) -> bool | None:
        if self.figure is None:
            return None
        return self.figure >= self.bar if self.least else self.figure <= self.bar


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer's seconds and figures, or why it was not measured."""

    seconds: float | None
    figures: tuple[float, ...] = ()
    missing: str = ""


def side_by_side(*works: Callable[[], Any]) -> list[tuple[float, Any]]:
    """Each work's median seconds and its last answer, measured in turns so that a busy machine is busy for all."""
    seconds: list[list[float]] = [[] for _ in works]
    answers: list[Any] = [None] * len(works)
    for _ in range(ROUNDS):
        for index, work in enumerate(works):
            start = time.perf_counter()
            answers[index] = work()
            seconds[index].append(time.perf_counter() - start)
    return [(statistics.median(taken), answer) for taken, answer in zip(seconds, answers, strict=True)]


def peer(name: str, interpreter: str, data: Path) -> Peer:
    """Runs a peer in an interpreter that has it."""
    done = subprocess.run(
        [interpreter, str(HERE / "_peers.py"), name, str(data)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return Peer(None, (), (done.stderr.strip().splitlines() or ["it ended without a word"])[-1])
    found = msgspec.json.decode(done.stdout.strip().splitlines()[-1], type=_Printed)
    return Peer(found.seconds, found.figures)


class _Printed(msgspec.Struct, frozen=True):
    seconds: float
    figures: tuple[float, ...]


def same(what: str, ours: Sequence[float], theirs: Sequence[float], apart: float = 1e-9) -> None:
    """Raises SystemExit where figures differ: a quick wrong number is worth nothing."""
    if not theirs:
        return
    worst = float(np.abs(np.array(ours) - np.array(theirs)).max())
    if len(ours) != len(theirs) or not worst <= apart:
        raise SystemExit(f"{what}: the figures differ by {worst:.3g}")


def _faster(what: str, other: Peer, ours: float, least: float, name: str) -> Line:
    if other.seconds is None:
        return Line(what, None, "x", least, True, f"{name} skipped: {other.missing}")
    return Line(what, other.seconds / ours, "x", least, True, f"{name} {other.seconds:.2f} s, ours {ours:.3f} s")


def _slower(what: str, ours: float, limit: float, most: float) -> Line:
    return Line(what, ours / limit, "x", most, False, f"straight numpy {limit:.3f} s, ours {ours:.3f} s")


def by_group(scores: Scores, batch: pa.RecordBatch, fairlearn: Peer) -> list[Line]:
    metrics = ("roc_auc", "selection_rate", "tpr", "fpr")

    def ours() -> list[list[float]]:
        board = score(Plan("binary", metrics, groups=("group",)), batches(batch))
        found = [board.disparity(metric, Rule(0.05)) for metric in metrics]
        return [[one.estimate.value or 0.0 for one in each.groups] for each in found]

    (seconds, figures), (limit, straight) = side_by_side(ours, lambda: _limits.by_group(scores))
    flat = [value for each in figures for value in each]
    same("groups", flat, [value for name in metrics for value in straight[name][:-1]])
    same("groups, fairlearn", flat, fairlearn.figures)
    what = "AUC, selection rate, tpr, fpr of 6 groups, intervals and tests"
    return [_slower(what, seconds, limit, 2.0), _faster(what, fairlearn, seconds, 30.0, "fairlearn")]


def population_stability(training: pa.RecordBatch, production: pa.RecordBatch, evidently: Peer) -> list[Line]:
    names = training.schema.names
    columns = [[side.column(name).to_numpy() for name in names] for side in (training, production)]

    def ours() -> list[float]:
        found = drift(Profile.of(batches(training)), batches(production))
        by_name = {column.feature: column.psi or 0.0 for column in found.columns}
        return [by_name[name] for name in names]

    (seconds, figures), (limit, straight) = side_by_side(ours, lambda: _limits.psi(*columns))
    same("PSI", figures, straight)
    # Evidently cuts its own bins; the same drift shows in both, at another number.
    same("PSI, evidently", figures, evidently.figures, 0.05)
    what = f"PSI of {FEATURES} columns, 200k against 200k (ours: all divergences and tests)"
    return [_slower(what, seconds, limit, 2.0), _faster(what, evidently, seconds, 40.0, "evidently")]


def one_auc(scores: Scores, sklearn: Peer) -> list[Line]:
    label, candidate = scores.label, scores.candidate
    (seconds, figure), (limit, straight) = side_by_side(
        lambda: ranking.auc(label, candidate), lambda: _limits.auc(label, candidate)
    )
    same("AUC", [figure], [straight])
    same("AUC, scikit-learn", [figure], sklearn.figures)
    return [
        Line("one AUC", seconds, "s", 0.10, False, f"straight numpy {limit:.3f} s"),
        _faster("one AUC", sklearn, seconds, 1.0, "scikit-learn"),
    ]


def paired(scores: Scores, batch: pa.RecordBatch) -> list[Line]:
    def ours() -> tuple[float, float]:
        found = score(Plan("binary", ("roc_auc",), models=BOTH), batches(batch)).compare("roc_auc")
        interval = found.difference.interval
        assert interval is not None
        return found.difference.value or 0.0, (interval.high - interval.low) / 2 / 1.959963984540054

    (seconds, figures), (limit, straight) = side_by_side(ours, lambda: _limits.delong(scores))
    same("DeLong", figures, straight)
    return [_slower("two AUCs with the paired DeLong test", seconds, limit, 1.3)]


def classifier(batch: pa.RecordBatch, mlflow: Peer) -> list[Line]:
    metrics = ("accuracy", "precision", "recall", "f1")

    def ours() -> list[float]:
        board = score(Plan("binary", metrics), batches(batch))
        return [board.estimate(metric).value or 0.0 for metric in metrics]

    ((seconds, figures),) = side_by_side(ours)
    same("classifier metrics, mlflow", figures, mlflow.figures)
    return [_faster("classifier metrics", mlflow, seconds, 15.0, "mlflow.models.evaluate")]


def everything(folder: Path, large: bool) -> list[Line]:
    """All gates over Parquet, in a process of its own each time, so that its peak is its own."""
    small = _everything(folder / "small", ROWS)
    lines = [
        Line("all statistics of all gates, 1 M rows, reading included", small.seconds, "s", 5.0, False, ""),
        Line("… its peak memory", small.peak_mb, "MB", 1024.0, False, ""),
    ]
    if large:
        big = _everything(folder / "large", 10 * ROWS)
        against = f"{big.seconds:.1f} s"
        lines += [
            Line("… 10 M rows", big.seconds / small.seconds, "x", 11.0, False, against),
            Line("… 10 M rows, peak memory", big.peak_mb, "MB", 2048.0, False, ""),
        ]
    return lines


class _Run(msgspec.Struct, frozen=True):
    seconds: float
    cpu_seconds: float
    peak_mb: float


def _everything(folder: Path, rows: int) -> _Run:
    folder.mkdir()
    written(folder, rows)
    runs = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench._everything", str(folder)],
            capture_output=True,
            check=True,
            cwd=HERE.parents[1],
        )
        runs.append(msgspec.json.decode(done.stdout, type=_Run))
    return sorted(runs, key=lambda run: run.seconds)[1]


def measured(peers: str, large: bool) -> list[Line]:
    scores = Scores.of(ROWS)
    batch = batch_of(scores.columns())
    training, production = features(DRIFT_ROWS, 0.0, 1), features(DRIFT_ROWS, 0.1, 2)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        np.savez(folder / "scores.npz", label=scores.label, candidate=scores.candidate, group=scores.group)
        tables = {
            name: np.column_stack([column.to_numpy() for column in side.columns])
            for name, side in (("training", training), ("production", production))
        }
        np.savez(folder / "features.npz", training=tables["training"], production=tables["production"])
        data = folder / "scores.npz"
        return [
            *by_group(scores, batch, peer("fairlearn", peers, data)),
            *population_stability(training, production, peer("evidently", peers, folder / "features.npz")),
            *one_auc(scores, peer("scikit-learn", sys.executable, data)),
            *paired(scores, batch),
            *classifier(batch, peer("mlflow", sys.executable, data)),
            *everything(folder, large),
        ]


def show(lines: Sequence[Line]) -> None:
    table = Table("what", "ours", "bar", "", "measured")
    verdicts = {True: "kept", False: "MISSED", None: "SKIPPED"}
    for line in lines:
        figure = "" if line.figure is None else f"{line.figure:.3g} {line.unit}"
        bar = f"{'at least' if line.least else 'at most'} {line.bar:g} {line.unit}"
        table.add_row(line.what, figure, bar, verdicts[line.kept], line.against)
    Console().print(table)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--peers", default=sys.executable, help="an interpreter that has fairlearn and evidently")
    parser.add_argument("--small", action="store_true", help="leave out the 10 M rows")
    options = parser.parse_args()
    lines = measured(options.peers, not options.small)
    if options.json:
        sys.stdout.write(msgspec.json.encode([{**asdict(line), "kept": line.kept} for line in lines]).decode() + "\n")
    else:
        show(lines)
    return 1 if any(line.kept is False for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
