"""Spark's Python daemon on this machine, with what its workers need imported once, before it forks them.

Importing MLflow takes seconds; a worker that is forked from here has it at once. Models are loaded in the workers, so
nothing of one is ever in here.
"""

from __future__ import annotations

import importlib
import os

from gatehouse.evaluate.engines.spark.session import ROLE
from gatehouse.runtime import cluster

_KERNELS = (
    "gatehouse.evaluate.engines.spark.answers",
    "gatehouse.evaluate.statistics.drift",
    "gatehouse.evaluate.statistics.scoreboard",
    "pandas",
    "pyarrow.compute",
)


def preload(role: str) -> None:
    if role:
        cluster.preload()
        return
    for module in _KERNELS:
        importlib.import_module(module)


if __name__ == "__main__":
    from pyspark.daemon import manager

    preload(os.environ.get(ROLE, ""))
    manager()
