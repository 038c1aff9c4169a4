"""A workflow file as the rules see it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / ".github" / "workflows"
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Step:
    """``number`` counts from 1, as people do."""

    job: str
    number: int
    tree: Mapping[str, Any]

    @property
    def place(self) -> str:
        return f"{self.job}, step {self.number}"

    @property
    def run(self) -> str:
        return str(self.tree.get("run", ""))

    @property
    def action(self) -> str:
        """The action that it uses, without its version: ``actions/checkout``; "" for a command."""
        return str(self.tree.get("uses", "")).partition("@")[0]

    @property
    def inputs(self) -> Mapping[str, Any]:
        return self.tree.get("with") or {}

    @property
    def verb(self) -> str:
        """The verb of gatehouse that it runs; "" where it runs none."""
        found = re.search(r"gatehouse (\w+)", self.run)
        return found[1] if found else ""


@dataclass(frozen=True)
class Workflow:
    """``name`` is the file's, without its ending; ``text`` what it holds."""

    name: str
    text: str

    @cached_property
    def tree(self) -> Mapping[str, Any]:
        # YAML 1.1 takes the key `on` for a truth value.
        return {"on" if key is True else key: value for key, value in yaml.safe_load(self.text).items()}

    @property
    def triggers(self) -> Mapping[str, Any]:
        """Each event that starts it, with its filters."""
        on = self.tree["on"]
        names = [on] if isinstance(on, str) else on
        return {name: (on[name] or {}) if isinstance(on, Mapping) else {} for name in names}

    @property
    def jobs(self) -> Mapping[str, Mapping[str, Any]]:
        found: Mapping[str, Mapping[str, Any]] = self.tree["jobs"]
        return found

    @property
    def steps(self) -> list[Step]:
        return [step for job in self.jobs for step in self.steps_of(job)]

    def steps_of(self, job: str) -> list[Step]:
        return [Step(job, number, tree) for number, tree in enumerate(self.jobs[job].get("steps", ()), 1)]

    @property
    def lines(self) -> list[tuple[int, str]]:
        return list(enumerate(self.text.splitlines(), 1))


def expressions(node: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every ``${{ … }}`` below a node, as (where, inside): where is its path of keys. A bare ``if`` is one too."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            here = f"{place}.{key}" if place else str(key)
            if key == "if" and isinstance(value, str) and "${{" not in value:
                yield here, value
            yield from expressions(value, here)
            yield from expressions(key, here)
    elif isinstance(node, list):
        for number, each in enumerate(node, 1):
            yield from expressions(each, f"{place}[{number}]")
    elif isinstance(node, str):
        for found in EXPRESSION.finditer(node):
            yield place, found[1]


def workflows() -> list[Workflow]:
    """The project's own."""
    return [Workflow(file.stem, file.read_text()) for file in sorted(FOLDER.iterdir())]
