"""A result as tags on the model version, for people who look at the registry first."""

from __future__ import annotations

from collections.abc import Mapping

from gatehouse.evaluate.result import Result
from gatehouse.report.text import clean

LIMIT = 500


def tags(result: Result) -> Mapping[str, str]:
    """``gatehouse.gate.<name>`` holds the outcome and what was measured; the evidence key and the time stand beside."""
    gates = {
        f"gatehouse.gate.{clean(verdict.gate, 60)}": clean(f"{verdict.outcome} {verdict.summary}", LIMIT)
        for verdict in result.verdicts
    }
    return {
        **gates,
        "gatehouse.outcome": f"{result.outcome} for {result.request.slot.label}",
        "gatehouse.key": result.key,
        "gatehouse.evaluated": result.evaluated.isoformat(timespec="seconds"),
    }
