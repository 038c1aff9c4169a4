"""How long two million logged rows take to be judged: ``python -m tests.bench.traffic [ROWS]``.

Each judgement runs in a process of its own, so that the peak is its own. Processor seconds are those of all cores.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa

from gatehouse.evaluate.traffic.columns import EXPOSURES, OUTCOMES, SHADOW, Kind
from tests.evaluate.traffic.made import CANDIDATE, CHAMPION, START, World, put

ROWS = 2_000_000
FILE = 100_000
WHAT = ("shadow", "challenger")


def _write(folder: Path, rows: int) -> None:
    random = np.random.default_rng(1)
    start = round(START.timestamp() * 1e6)
    for file in range(-(-rows // FILE)):
        n = min(FILE, rows - file * FILE)
        place = np.arange(file * FILE, file * FILE + n)
        ids = pa.array([f"{one:032x}" for one in place.tolist()])
        time_ = pa.array(start + place * (10 * 86_400_000_000 // rows), pa.timestamp("us", "UTC"))
        unit = random.integers(0, rows // 5, n)
        ours = unit % 2 == 0
        score = random.random(n)
        _put(folder, EXPOSURES, file, _exposures(ids, time_, unit, ours, score))
        _put(folder, SHADOW, file, _pairs(ids, time_, score, random))
        label = (random.random(n) < score).astype(float)
        _put(folder, OUTCOMES, file, {"request_id": ids, "label": pa.array(label), "observed": time_})


def _put(folder: Path, kind: Kind, file: int, columns: dict[str, pa.Array]) -> None:
    groups = [name.removeprefix("group.") for name in columns if name.startswith("group.")]
    schema = kind.schema(groups)
    n = len(columns["request_id"])
    table = pa.table({one.name: columns.get(one.name, pa.nulls(n, one.type)) for one in schema}, schema)
    put(folder, kind, table, f"{file:04}")


def _same(value: object, n: int) -> pa.Array:
    return pa.array([value] * n)


def _one(values: np.ndarray) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(np.arange(len(values) + 1, dtype=np.int32)), pa.array(values))


def _exposures(
    ids: pa.Array, time_: pa.Array, unit: np.ndarray, ours: np.ndarray, score: np.ndarray
) -> dict[str, pa.Array]:
    n = len(ids)
    pins = [CANDIDATE if mine else CHAMPION for mine in ours.tolist()]
    return {
        "request_id": ids,
        "time": time_,
        "unit": pa.array([f"user-{one}" for one in unit.tolist()]),
        "experiment": _same("gbm-q4", n),
        "arm": pa.array(["challenger" if mine else "champion" for mine in ours.tolist()]),
        "share": _same(0.5, n),
        "model": _same("credit-risk", n),
        "version": pa.array([pin.version for pin in pins]),
        "digest": pa.array([pin.digest for pin in pins]),
        "prediction": _one(score),
        "latency_ms": _same(10.0, n),
        "status": pa.array([200] * n, pa.int32()),
    }


def _pairs(ids: pa.Array, time_: pa.Array, score: np.ndarray, random: np.random.Generator) -> dict[str, pa.Array]:
    n = len(ids)
    return {
        "request_id": ids,
        "time": time_,
        "model": _same("credit-risk", n),
        "champion_version": _same(CHAMPION.version, n),
        "champion_digest": _same(CHAMPION.digest, n),
        "champion_prediction": _one(score),
        "champion_latency_ms": pa.array(random.gamma(4, 3, n)),
        "shadow_version": _same(CANDIDATE.version, n),
        "shadow_digest": _same(CANDIDATE.digest, n),
        "shadow_prediction": _one(np.clip(score + random.normal(0, 0.01, n), 0, 1)),
        "shadow_latency_ms": pa.array(random.gamma(4, 3, n)),
        "group.region": pa.array(random.choice(np.array(["north", "south", "east"]), n)),
    }


def _judge(folder: Path, what: str) -> None:
    """In the process of its own: what the gate says, seconds, and the peak in megabytes."""
    from tests.gates.given import Given, verdict

    world = World(folder)
    started, used = time.perf_counter(), time.process_time()
    thresholds = {"metric": "roc_auc", "min_improvement": -0.01} if what == "shadow" else {}
    found = verdict(what, Given(request=world.request, policy=world.policy, traffic=world.traffic), **thresholds)
    seconds, used = time.perf_counter() - started, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"{what:<11} {seconds:5.1f} s, {used:5.1f} s of processor  {peak:6.0f} MB  {found.outcome}: {found.summary}")


def main(arguments: list[str]) -> None:
    if len(arguments) == 2:
        _judge(Path(arguments[1]), arguments[0])
        return
    rows = int(arguments[0]) if arguments else ROWS
    with TemporaryDirectory() as folder:
        _write(Path(folder), rows)
        print(f"{rows:,} exposures, pairs and outcomes each")
        for what in WHAT:
            subprocess.run([sys.executable, "-m", "tests.bench.traffic", what, folder], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
