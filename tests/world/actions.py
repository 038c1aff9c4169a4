"""A runner for the project's own workflow files: their ``run:`` steps, in their order, with their environment.

Only what those files use is understood; anything else is an error, so that a workflow cannot drift away from what is
tested here. Checkout and set-up are the caller's: a step that ``uses`` an action or runs ``scripts/setup`` is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.world.process import Completed, run

_EXPRESSION = re.compile(r"\$\{\{\s*([^}]+?)\s*\}\}")
_SHELL = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
# A job with this condition also runs when a job that it needs has failed (but not when that one was skipped).
_AFTER_FAILURE = re.compile(r"!cancelled\(\) && needs\.(\w+)\.result != 'skipped'")


@dataclass(frozen=True, slots=True)
class Step:
    """One ``run:`` step that was executed, as the workflow file writes it."""

    job: str
    written: str
    done: Completed


def play(
    workflow: Path,
    context: Mapping[str, str],
    env: Mapping[str, str],
    cwd: Path,
    told: Callable[[str, str], None] = lambda job, command: None,
) -> list[Step]:
    """Runs a workflow's jobs in ``cwd``; ``context`` answers its expressions, such as ``github.token``.

    ``told`` hears of each command before it is run. A job ends at its first failing step; jobs that need a failed or
    skipped job are skipped unless their condition says otherwise. Raises ValueError for what it does not understand.
    """
    jobs: Mapping[str, Any] = yaml.safe_load(workflow.read_text())["jobs"]
    results: dict[str, str] = {}
    steps: list[Step] = []
    for name, job in jobs.items():
        if not _wanted(job, results):
            results[name] = "skipped"
            continue
        results[name] = "success"
        for step in job["steps"]:
            if "uses" in step or step["run"] == "scripts/setup":
                continue
            told(name, step["run"])
            given = {**env, **_filled(job.get("env", {}), context), **_filled(step.get("env", {}), context)}
            steps.append(Step(name, step["run"], run((*_SHELL, step["run"]), cwd, given)))
            if steps[-1].done.exit:
                results[name] = "failure"
                break
    return steps


def _wanted(job: Mapping[str, Any], results: Mapping[str, str]) -> bool:
    needs = job.get("needs", [])
    before = [results[need] for need in ([needs] if isinstance(needs, str) else needs)]
    condition = job.get("if")
    if condition is None:
        return all(result == "success" for result in before)
    inner = _EXPRESSION.fullmatch(condition)
    match = _AFTER_FAILURE.fullmatch(inner[1]) if inner else None
    if match is None:
        raise ValueError(f"a condition that this runner does not know: {condition}")
    return results[match[1]] != "skipped"


def _filled(env: Mapping[str, str], context: Mapping[str, str]) -> dict[str, str]:
    """The values with their expressions replaced; raises ValueError for one that the context does not answer."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in context:
            raise ValueError(f"an expression that this runner does not know: {match[0]}")
        return context[match[1]]

    return {name: _EXPRESSION.sub(value, str(text)) for name, text in env.items()}
