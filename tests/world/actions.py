"""A runner for the project's own workflow files, as GitHub would run them, without a network.

Every job starts in an empty folder of its own and has only what it checks out or downloads; secrets come from the job's
environment, and its token may do what its permissions say. Only what those files use is understood; anything else is an
error, so that a workflow cannot drift away from what is tested here. Left out is what needs ``sudo``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.world.artifacts import Artifacts, Missing
from tests.world.process import Completed, run
from tests.world.runner import Event, Job, Runner, needed, use, wanted

_SHELL = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
SET_UP = "scripts/setup"
# What scripts/setup cannot do without.
ENGINE = (SET_UP, "pyproject.toml", "requirements.lock", "src/gatehouse/__init__.py")

Told = Callable[[str, str], None]
Before = Callable[[str, Artifacts], None]


@dataclass(frozen=True, slots=True)
class Step:
    """A command that was run, as the workflow file writes it, with its whole environment; or an action that failed."""

    job: str
    written: str
    done: Completed
    env: Mapping[str, str]
    folder: Path

    @property
    def verb(self) -> str:
        """The verb of gatehouse that it runs, such as ``evaluate``; "" for another command."""
        words = self.written.split()
        return words[1] if words and words[0].endswith("/gatehouse") else ""


def play(
    text: str,
    event: Event,
    runner: Runner,
    told: Told = lambda job, command: None,
    before: Before = lambda job, artifacts: None,
) -> list[Step]:
    """Runs a workflow, whose file holds ``text``; the steps that ran, but for those that only set the machine up.

    ``told`` hears of each command before it is run, ``before`` of each job before it starts, with the artifacts that it
    will find. A job ends at its first failing step, but for steps whose condition says otherwise; so do jobs that need
    it. Raises ValueError for what this runner does not understand.
    """
    workflow = yaml.safe_load(text)
    if event.name not in triggers(text):
        raise ValueError(f"{event.name} does not start this workflow")
    artifacts = Artifacts(runner.folder / "artifacts")
    results: dict[str, str] = {}
    outputs: dict[str, Mapping[str, str]] = {}
    steps: list[Step] = []
    for name, tree in workflow["jobs"].items():
        if not wanted(tree, event, results):
            results[name] = "skipped"
            continue
        before(name, artifacts)
        needs = {need: outputs[need] for need in needed(tree)}
        job = Job(name, tree, runner.folder / name, runner, event, needs, artifacts)
        steps += _played(job, told)
        results[name], outputs[name] = "failure" if job.failed else "success", job.told()
    return steps


def triggers(text: str) -> Mapping[str, Any]:
    """What starts the workflow whose file holds ``text``: each event with its filters (None: no filter)."""
    tree = yaml.safe_load(text)
    # YAML 1.1 takes the key `on` for a truth value.
    found: Mapping[str, Any] = tree.get("on") or tree[True]
    return found


def _played(job: Job, told: Told) -> list[Step]:
    job.folder.mkdir(parents=True)
    steps = []
    for tree in job.tree["steps"]:
        if not job.wants(tree):
            continue
        step = _used(job, tree) if "uses" in tree else _ran(job, tree, told)
        if step is not None:
            steps.append(step)
            job.failed = job.failed or bool(step.done.exit and not tree.get("continue-on-error"))
    return steps


def _used(job: Job, tree: Mapping[str, Any]) -> Step | None:
    """An action, played; a step only where it fails."""
    started = time.monotonic()
    try:
        told = use(job, tree["uses"], job.filled(tree.get("with", {})))
    except Missing as error:
        done = Completed((tree["uses"],), 1, "", f"{error}\n", time.monotonic() - started)
        return Step(job.name, tree["uses"], done, {}, job.folder)
    job.outputs |= {f"steps.{tree.get('id')}.outputs.{name}": value for name, value in told.items()}
    return None


def _ran(job: Job, tree: Mapping[str, Any], told: Told) -> Step | None:
    command = tree["run"]
    if command.startswith("sudo "):
        return None
    if command == SET_UP:
        return _set_up(job)
    told(job.name, command)
    env = {**job.runner.env, **job.filled(job.tree.get("env", {})), **job.filled(tree.get("env", {}))}
    return Step(job.name, command, run((*_SHELL, command), job.folder, env), env, job.folder)


def _set_up(job: Job) -> Step | None:
    """Played by the runner, which has everything installed; a step only where the engine is not there to set up."""
    lacking = [name for name in ENGINE if not (job.folder / name).is_file()]
    if lacking:
        done = Completed((SET_UP,), 127, "", f"{SET_UP}: there is no {', '.join(lacking)}\n", 0.0)
        return Step(job.name, SET_UP, done, {}, job.folder)
    job.runner.set_up(job.folder)
    return None
