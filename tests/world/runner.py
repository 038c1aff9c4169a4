"""What a runner knows of a workflow: its expressions, its conditions, and the few actions that this project uses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.world.artifacts import Artifacts, Missing
from tests.world.process import run

EXPRESSION = re.compile(r"\$\{\{\s*([^}]+?)\s*\}\}")
# With it, a job or step also runs when one before it has failed.
_ALWAYS = "!cancelled()"
_COMPARED = re.compile(r"(needs\.(?P<need>\w+)\.result|github\.event_name) (?P<how>[!=]=) '(?P<other>\w+)'")
_THERE = re.compile(r"github\.event\.[\w.]+")


@dataclass(frozen=True, slots=True)
class Runner:
    """A machine that takes jobs: each gets an empty folder below ``folder``, and ``env`` as any shell there has it.

    ``remote`` is the repository to check out, ``secrets`` what each environment holds, ``token`` makes a job's token
    with its permissions, ``set_up`` does in a folder what scripts/setup does.
    """

    remote: str
    folder: Path
    env: Mapping[str, str]
    secrets: Mapping[str, Mapping[str, str]]
    token: Callable[[Mapping[str, str]], str]
    set_up: Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Event:
    """What started the workflow, and what its expressions are told of it: ``github.event.…`` to value."""

    name: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Job:
    """One job while it runs: its own folder, and what it may know."""

    name: str
    tree: Mapping[str, Any]
    folder: Path
    runner: Runner
    event: Event
    needs: Mapping[str, Mapping[str, str]]
    artifacts: Artifacts
    outputs: dict[str, str] = field(default_factory=dict)
    failed: bool = False

    def value(self, expression: str) -> str:
        """What an expression stands for here. Raises ValueError for one that this runner does not know."""
        kind, _, rest = expression.partition(".")
        if kind == "secrets":
            return self._secret(rest)
        if expression == "github.token":
            return self.runner.token(self.tree.get("permissions", {}))
        if kind == "needs" and (found := re.fullmatch(r"(\w+)\.outputs\.(\w+)", rest)):
            return self.needs[found[1]][found[2]]
        known = self.outputs if kind == "steps" else self.event.values
        if expression not in known:
            raise ValueError(f"an expression that this runner does not know: {expression}")
        return known[expression]

    def filled(self, values: Mapping[str, Any]) -> dict[str, str]:
        """The values with their expressions replaced."""
        return {
            name: EXPRESSION.sub(lambda found: self.value(found[1]), _text(value)) for name, value in values.items()
        }

    def told(self) -> dict[str, str]:
        """What the job hands on to those that need it. A step that did not run has no outputs: GitHub says "" then."""
        handed = self.tree.get("outputs", {})
        return {
            name: EXPRESSION.sub(lambda found: self.outputs.get(found[1], ""), text) for name, text in handed.items()
        }

    def wants(self, step: Mapping[str, Any]) -> bool:
        """Whether a step runs, after what happened before it."""
        return _holds(step.get("if", ""), not self.failed, self.event, {})

    def _secret(self, name: str) -> str:
        environment = self.tree.get("environment")
        if environment is None:
            raise ValueError(f"{self.name} asks for the secret {name} in no environment")
        # As on GitHub, one that nobody has set is empty.
        return self.runner.secrets[environment].get(name, "")


def wanted(job: Mapping[str, Any], event: Event, results: Mapping[str, str]) -> bool:
    """Whether a job runs, after how those that it needs have ended: success, failure or skipped."""
    went_well = all(results[need] == "success" for need in needed(job))
    return _holds(job.get("if", ""), went_well, event, results)


def _holds(condition: str, went_well: bool, event: Event, results: Mapping[str, str]) -> bool:
    """As GitHub reads a condition: one that does not say otherwise also asks that all before it went well."""
    inner = _inner(condition)
    if _ALWAYS not in inner and not went_well:
        return False
    told = [[_true(term, event, results) for term in part.split(" && ")] for part in inner.split(" || ")]
    return any(map(all, told))


def _true(term: str, event: Event, results: Mapping[str, str]) -> bool:
    if term in ("", _ALWAYS):
        return True
    if _THERE.fullmatch(term):
        return bool(event.values.get(term))
    found = _COMPARED.fullmatch(term)
    if found is None:
        raise ValueError(f"a condition that this runner does not know: {term}")
    here = results[found["need"]] if found["need"] else event.name
    return (here == found["other"]) is (found["how"] == "==")


def needed(job: Mapping[str, Any]) -> list[str]:
    needs = job.get("needs", [])
    return [needs] if isinstance(needs, str) else list(needs)


def use(job: Job, action: str, inputs: Mapping[str, str]) -> Mapping[str, str]:
    """Does what an action does; its outputs. Raises Missing where it fails, ValueError for one that is not known."""
    known: Mapping[str, Callable[[Job, Mapping[str, str]], Mapping[str, str]]] = {
        "actions/checkout": _checkout,
        "actions/setup-python": lambda *_: {},
        "actions/upload-artifact": _upload,
        "actions/download-artifact": _download,
    }
    name = action.partition("@")[0]
    if name not in known:
        raise ValueError(f"an action that this runner does not know: {action}")
    return known[name](job, inputs)


def _checkout(job: Job, inputs: Mapping[str, str]) -> Mapping[str, str]:
    """The repository at ``ref``, which has to be on main: nothing else is ever trusted enough to be run."""
    ref, depth = inputs["ref"], inputs.get("fetch-depth", "1")
    shallow = () if depth == "0" else ("--depth", depth)
    _git(job, "clone", "--quiet", *shallow, f"file://{job.runner.remote}", ".")
    _git(job, "merge-base", "--is-ancestor", ref, "origin/main")
    _git(job, "checkout", "--quiet", ref)
    return {"commit": _git(job, "rev-parse", "HEAD")}


def _git(job: Job, *args: str) -> str:
    done = run(("git", *args), job.folder, job.runner.env)
    if done.exit:
        raise Missing(f"git {' '.join(args)}: {done.err}")
    return done.out.strip()


def _upload(job: Job, inputs: Mapping[str, str]) -> Mapping[str, str]:
    try:
        overwrite = inputs.get("overwrite") == "true"
        number = job.artifacts.upload(inputs["name"], job.folder / inputs["path"], overwrite=overwrite)
    except Missing:
        if inputs.get("if-no-files-found", "warn") == "error":
            raise
        return {}
    return {"artifact-id": str(number)}


def _download(job: Job, inputs: Mapping[str, str]) -> Mapping[str, str]:
    number = inputs.get("artifact-ids")
    found = job.artifacts.named(inputs["name"]) if number is None else job.artifacts.numbered(number)
    job.artifacts.download(found, job.folder / inputs.get("path", "."))
    return {}


def _inner(condition: str) -> str:
    whole = EXPRESSION.fullmatch(condition)
    return whole[1] if whole else condition


def _text(value: object) -> str:
    """As YAML writes it: ``true``, not Python's ``True``."""
    return str(value).lower() if isinstance(value, bool) else str(value)
