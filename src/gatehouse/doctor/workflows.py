"""What a workflow file asks for: environments, secrets, permissions, and the events that start it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

FOLDER = ".github/workflows/"
_SECRET = re.compile(r"\bsecrets\s*(?:\.\s*|\[\s*['\"])([A-Za-z_]\w*)")
# These hand over every secret there is.
_ALL = re.compile(r"\btoJSON\(\s*secrets\s*\)", re.IGNORECASE)

_LOOK_UP = "gatehouse evidence check"
_ALL_OF_THEM = "*"


@dataclass(frozen=True, slots=True)
class Job:
    """One job. ``environment`` "" where it names none; ``secrets`` are the names that it reads, GITHUB_TOKEN aside;
    ``every``: it takes all there are. ``permissions`` are those of its token by name, its own or the whole file's; None
    where neither says. ``commands`` are what its steps run."""

    workflow: str
    name: str
    environment: str
    secrets: tuple[str, ...]
    every: bool = False
    permissions: Mapping[str, str] | None = None
    commands: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return FOLDER + self.workflow

    def __str__(self) -> str:
        return f"{self.workflow} ({self.name})"

    def runs(self, command: str) -> bool:
        return any(command in text for text in self.commands)

    def may(self, permission: str, level: str) -> bool:
        """Whether its token has a permission outright; where nothing is said, the repository's settings decide."""
        given = self.permissions or {}
        return given.get(permission, given.get(_ALL_OF_THEM, "none")) in (level, "write")


@dataclass(frozen=True, slots=True)
class Workflow:
    """One file; ``fault`` where it cannot be read, and then nothing else is known. ``looks_up``: a job of it looks up
    evidence. ``follows`` are the names of the workflows whose end starts it."""

    path: str
    events: tuple[str, ...] = ()
    jobs: tuple[Job, ...] = ()
    looks_up: bool = False
    fault: str = ""
    name: str = ""
    follows: tuple[str, ...] = ()


def read(path: str, data: bytes) -> Workflow:
    """A workflow file. Whatever is wrong with it is its ``fault``: GitHub would not start it either."""
    import yaml

    try:
        # CSafeLoader where libyaml is there; both are the safe ones.
        told = yaml.load(data.decode(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        return Workflow(path, fault=str(error).split("\n")[0] or type(error).__name__)
    if not isinstance(told, dict) or not isinstance(told.get("jobs"), dict):
        return Workflow(path, fault="it has no jobs")
    shared = tuple(_secrets(told.get("env")))
    permissions = _permissions(told.get("permissions"))
    jobs = tuple(
        _job(path, str(name), job, shared, permissions) for name, job in told["jobs"].items() if isinstance(job, dict)
    )
    looks_up = any(job.runs(_LOOK_UP) for job in jobs)
    # GitHub calls a workflow by its path where it has no name.
    name = str(told.get("name") or path)
    return Workflow(path, tuple(_events(told)), jobs, looks_up, name=name, follows=tuple(_follows(told)))


def _on(told: Mapping[Any, Any]) -> Any:
    # YAML 1.1 reads the key `on` as true.
    return told.get("on", told.get(True))


def _events(told: Mapping[Any, Any]) -> Iterator[str]:
    events = _on(told)
    if isinstance(events, str):
        yield events
    elif isinstance(events, list | dict):
        yield from map(str, events)


def _follows(told: Mapping[Any, Any]) -> Iterator[str]:
    events = _on(told)
    started = events.get("workflow_run") if isinstance(events, dict) else None
    names = started.get("workflows") if isinstance(started, dict) else None
    if isinstance(names, str | list):
        yield from [names] if isinstance(names, str) else map(str, names)


def _permissions(told: Any) -> Mapping[str, str] | None:
    """By name; ``read-all`` and ``write-all`` stand for every one."""
    if isinstance(told, Mapping):
        return {str(name): str(level) for name, level in told.items()}
    return {_ALL_OF_THEM: told.removesuffix("-all")} if isinstance(told, str) else None


def _job(
    path: str, name: str, job: Mapping[str, Any], shared: tuple[str, ...], permissions: Mapping[str, str] | None
) -> Job:
    environment = job.get("environment")
    if isinstance(environment, Mapping):
        environment = environment.get("name")
    found = [*shared, *_secrets(job)]
    inherits = job.get("secrets") == "inherit"
    named = tuple(dict.fromkeys(secret for secret in found if secret.upper() != "GITHUB_TOKEN"))
    every = inherits or any(_ALL.search(text) for text in _texts(job))
    own = _permissions(job.get("permissions"))
    return Job(
        path.removeprefix(FOLDER),
        name,
        str(environment or ""),
        named,
        every,
        permissions if own is None else own,
        tuple(_commands(job)),
    )


def _commands(job: Mapping[str, Any]) -> Iterator[str]:
    steps = job.get("steps")
    for step in steps if isinstance(steps, list) else ():
        if isinstance(step, Mapping) and isinstance(step.get("run"), str):
            yield step["run"]


def _secrets(value: Any) -> Iterator[str]:
    for text in _texts(value):
        yield from _SECRET.findall(text)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
