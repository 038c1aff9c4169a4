"""All statistics of all gates over Parquet files, alone in a process: prints seconds and peak memory as JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from gatehouse.evaluate.engines.embedded import Embedded
from gatehouse.evaluate.statistics.drift import drift
from gatehouse.evaluate.statistics.fairness import Kind, Rule
from gatehouse.evaluate.statistics.metrics import names
from gatehouse.evaluate.statistics.profile import Profile
from gatehouse.evaluate.statistics.rows import Plan
from gatehouse.evaluate.statistics.scoreboard import score


def everything(folder: Path) -> None:
    """Every binary metric of two models with intervals, compared, by group and by intersection; drift of thirty
    features from the raw training table."""
    engine = Embedded()
    plan = Plan("binary", names("binary"), models=("candidate", "champion"), groups=("group", "region"))
    board = score(plan, engine.open(str(folder / "evaluation.parquet")).batches())
    for name in plan.metrics:
        board.estimate(name)
        if name != "expected_calibration_error":
            board.compare(name, 0.005)
    for model in plan.models:
        for criterion in ("roc_auc", "equalized_odds", "demographic_parity"):
            for kind in Kind:
                board.disparity(criterion, Rule(0.8 if kind is Kind.RATIO else 0.05, kind, depth=2), model)
    profile = Profile.of(engine.open(str(folder / "training.parquet")).batches())
    drift(profile, engine.open(str(folder / "production.parquet")).batches())


if __name__ == "__main__":
    start, busy = time.perf_counter(), time.process_time()
    everything(Path(sys.argv[1]))
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": seconds, "cpu_seconds": busy, "peak_mb": peak}) + "\n")
