"""A check's second step as a process of its own, which has a secret: ``python -m tests.adversarial.judge``.

It reads a line ``{"material": …, "level": …, "home": …}`` and answers with one: the results, or what refused to make
some. So one import serves many checks, and the secret is in an environment that a process was really started with.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from gatehouse.declare.load import require
from gatehouse.declare.source import WorkTree
from gatehouse.errors import GatehouseError
from gatehouse.evaluate.run import Evaluator
from gatehouse.runtime.isolation import at
from gatehouse.runtime.launch import Bare
from gatehouse.runtime.limits import Limits
from tests.adversarial import belongings


def judge(asked: Mapping[str, str]) -> dict[str, Any]:
    material, told = Path(asked["material"]), list[str]()
    (policy,) = require(WorkTree(material / "base")).policies.values()
    limits = Limits(policy.sandbox.memory_mb, policy.sandbox.processes, policy.sandbox.seconds)
    began = time.monotonic()
    # A file that the gates have open, as a log or a database would be.
    with open(asked["home"]):  # noqa: PTH123 (so that it is plain to see)
        try:
            # Without walls there are no limits either: what an attack would do to a process as it is.
            launcher = Bare() if asked["level"] == "none" else at(asked["level"], limits)
            (result,) = Evaluator(material, launcher, policy.sandbox.minimum, told.append).evaluate()
            found: Any = msgspec.to_builtins(result)
        except GatehouseError as error:
            found = {"refused": error.message, "fix": error.fix}
    return {"found": found, "seconds": time.monotonic() - began, "told": told}


if __name__ == "__main__":
    belongings.acquire()
    for line in sys.stdin:
        print(json.dumps(judge(json.loads(line))), flush=True)
