"""What walls cost: ``scripts/bench sandbox``. Starts and single-row latency behind each level's walls and without any.

Everything is measured side by side in one run. Starts alternate, and the quickest of each side are compared; the load
is the latency gate's own, in blocks A B B A, and the figure is the median of the rounds' quotients of p95. A busy
machine makes both coarse: the load average is printed, and a verdict needs a machine that has little else to do.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa

from gatehouse.evaluate.load import Load, measure
from gatehouse.runtime import isolation
from gatehouse.runtime.launch import Bare, Launcher
from gatehouse.runtime.process import ModelProcess
from gatehouse.runtime.watchdog import tree
from tests.bench.gates import Line, show
from tests.support import models

STARTS = 5
START_BAR_S = 0.5
P95_BAR = 1.05
ROUNDS = 3
RATE_PER_S, SPAN_S = 100.0, 10.0


def starts(folder: Path, level: str, walls: Launcher) -> Line:
    """Seconds until a small scikit-learn model is ready, over a bare process."""
    seconds: dict[str, list[float]] = {"bare": [], level: []}
    worked: dict[str, list[float]] = {"bare": [], level: []}
    for _ in range(STARTS):
        for name, launcher in (("bare", Bare()), (level, walls)):
            with ModelProcess.start(folder, launcher=launcher) as process:
                seconds[name].append(process.hello.seconds)
                worked[name].append(_worked(process))
    quickest = {name: min(taken) for name, taken in seconds.items()}
    against = ", ".join(
        f"{name} {quickest[name]:.2f} to {max(taken):.2f} s ({min(worked[name]):.2f} s of processor)"
        for name, taken in seconds.items()
    )
    return Line(f"start, {level}", quickest[level] - quickest["bare"], "s", START_BAR_S, False, against)


def _worked(process: ModelProcess) -> float:
    """Processor seconds of a process, its launcher and all that they started: what a busy machine hardly changes."""
    assert process.pid is not None
    stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in tree(process.pid)]
    return sum(int(ticks) for stat in stats for ticks in stat[11:15]) / os.sysconf("SC_CLK_TCK")


def latency(folder: Path, level: str, walls: Launcher, seconds: float) -> Line:
    """The p95 of single rows behind the walls, as a multiple of the bare one's."""
    rows = pa.Table.from_pandas(models.features(1_000, seed=3))
    quotients: list[float] = []
    p95: dict[str, list[float]] = {"bare": [], level: []}
    with ModelProcess.start(folder) as bare, ModelProcess.start(folder, launcher=walls) as walled:
        for seed in range(ROUNDS):
            load = Load(RATE_PER_S, seconds, seed=seed)
            found = measure({"bare": bare.predict, level: walled.predict}, rows, load)
            here = {name: float(np.quantile(one.latency_s, 0.95, method="higher")) for name, one in found.items()}
            quotients.append(here[level] / here["bare"] if math.isfinite(here["bare"]) else math.inf)
            for name, value in here.items():
                p95[name].append(value * 1e3)
    if not all(map(math.isfinite, quotients)):
        return Line(f"p95 of single rows, {level}", None, "x", P95_BAR, False, "skipped: requests were left unanswered")
    figures = ", ".join(f"{name} {statistics.median(values):.2f} ms" for name, values in p95.items())
    return Line(
        f"p95 of single rows, {level}",
        statistics.median(quotients),
        "x",
        P95_BAR,
        False,
        f"{figures}; {', '.join(f'{one:.3f}' for one in sorted(quotients))} x",
    )


def measured(seconds: float) -> list[Line]:
    lines = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = models.save(models.train(), Path(scratch) / "model")
        for probed in isolation.probe():
            if not probed.works:
                lines.append(Line(f"start, {probed.level}", None, "s", START_BAR_S, False, f"skipped: {probed.why}"))
                continue
            walls = isolation.at(probed.level)
            lines += [starts(folder, probed.level, walls), latency(folder, probed.level, walls, seconds)]
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--seconds", type=float, default=SPAN_S, help="seconds of load a model and round")
    options = parser.parse_args()
    before, cores = os.getloadavg()[0], os.cpu_count() or 1
    lines = measured(options.seconds)
    if options.json:
        figures = [{**asdict(line), "kept": line.kept} for line in lines]
        sys.stdout.write(msgspec.json.encode({"load_before": before, "cores": cores, "lines": figures}).decode() + "\n")
    else:
        show(lines)
        busy = "; too much for a verdict on latency" if before > cores / 2 else ""
        sys.stdout.write(f"load before: {before:.2f} on {cores} cores{busy}\n")
    return 1 if any(line.kept is False for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
