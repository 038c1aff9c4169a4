"""What a workflow file asks for: the environments and secrets of its jobs, and the events that start it."""

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


@dataclass(frozen=True, slots=True)
class Job:
    """One job. ``environment`` "" where it names none; ``secrets`` are the names that it reads, GITHUB_TOKEN aside;
    ``every``: it takes all there are."""

    workflow: str
    name: str
    environment: str
    secrets: tuple[str, ...]
    every: bool = False

    @property
    def path(self) -> str:
        return FOLDER + self.workflow

    def __str__(self) -> str:
        return f"{self.workflow} ({self.name})"


@dataclass(frozen=True, slots=True)
class Workflow:
    """One file; ``fault`` where it cannot be read, and then nothing else is known. ``looks_up``: a job of it looks up
    evidence."""

    path: str
    events: tuple[str, ...] = ()
    jobs: tuple[Job, ...] = ()
    looks_up: bool = False
    fault: str = ""


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
    jobs = (_job(path, str(name), job, shared) for name, job in told["jobs"].items() if isinstance(job, dict))
    looks_up = any(_LOOK_UP in text for text in _texts(told["jobs"]))
    return Workflow(path, tuple(_events(told)), tuple(jobs), looks_up)


def _events(told: Mapping[Any, Any]) -> Iterator[str]:
    # YAML 1.1 reads the key `on` as true.
    events = told.get("on", told.get(True))
    if isinstance(events, str):
        yield events
    elif isinstance(events, list | dict):
        yield from map(str, events)


def _job(path: str, name: str, job: Mapping[str, Any], shared: tuple[str, ...]) -> Job:
    environment = job.get("environment")
    if isinstance(environment, Mapping):
        environment = environment.get("name")
    found = [*shared, *_secrets(job)]
    inherits = job.get("secrets") == "inherit"
    named = tuple(dict.fromkeys(secret for secret in found if secret.upper() != "GITHUB_TOKEN"))
    every = inherits or any(_ALL.search(text) for text in _texts(job))
    return Job(path.removeprefix(FOLDER), name, str(environment or ""), named, every)


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
