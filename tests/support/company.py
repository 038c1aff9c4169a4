"""A registry, a promotions repository, and the command line on top: what most tests after the merge start from."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gatehouse.audit.record import Record
from gatehouse.audit.sqlite import SqliteStore
from gatehouse.cli.main import main
from gatehouse.pin import Pin, Slot
from gatehouse.registry.reader import RegistryReader
from gatehouse.sync.actions import Plan
from gatehouse.sync.apply import Hands
from gatehouse.sync.run import Scene, sync
from tests.support.approving import approving
from tests.support.mlflow import fresh_registry
from tests.support.registered import register
from tests.support.repo import Promotions, promotions

MODEL = "credit-risk"
STAGING, PRODUCTION = Slot(MODEL, "staging"), Slot(MODEL, "production")


@dataclass
class Company:
    """A registry with three versions of a model, and a promotions repository without a promotion."""

    folder: Path
    registry: str
    repo: Promotions
    pins: dict[int, Pin]

    def scene(self, hands: Callable[[Hands], Hands] = lambda hands: hands) -> Scene:
        self.repo.later(0.1)
        reviews = approving(self.repo.repository)
        return Scene(self.repo.repository, {}, self.repo.now, hands=hands, reviews=reviews)

    def sync(self, *, verify: bool = False) -> Plan:
        return sync(self.scene(), verify=verify)

    def ask_people(self) -> None:
        """From now on people must agree to what goes to production."""
        path = "promotions/stages.yaml"
        text = (self.repo.repository.read("origin/main", path) or b"").decode()
        production = text.index("- name: production")
        self.repo.commit({path: text[:production] + text[production:].replace("review: none", "review: required")})

    @property
    def reader(self) -> RegistryReader:
        return RegistryReader(self.registry)

    @property
    def store(self) -> SqliteStore:
        return SqliteStore(self.repo.root / "audit.db")

    @property
    def records(self) -> list[Record]:
        return [link.content for link in self.store.read()]

    def state(self) -> Mapping[str, Any]:
        """Everything that a sync leaves behind, without times and hashes."""
        versions = {version.number: dict(version.tags) for version in self.reader.versions(MODEL)}
        keys = [record.key for record in self.records]
        files = {path: text for path, text in self.repo.remote_files("serving").items() if path != "audit/head"}
        return {"aliases": dict(self.reader.aliases(MODEL)), "tags": versions, "records": sorted(keys), "files": files}


def found(folder: Path, review: str = "required") -> Company:
    """A company in ``folder``; ``review`` says whether people must agree to what goes to production."""
    registry = fresh_registry(folder / "mlflow")
    pins = {number: register(registry, folder / "artifacts", MODEL, f"v{number}") for number in (1, 2, 3)}
    return Company(folder, registry, promotions(folder, registry, review=review), pins)


@dataclass(frozen=True)
class Ran:
    """How a command ended: its exit code, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as JSON, of which it must be one document."""
        return json.loads(self.out)


class Cli:
    """Runs gatehouse in this process, as a person would in the company's clone."""

    def __init__(self, company: Company, capsys: pytest.CaptureFixture[str]) -> None:
        self.company, self.capsys = company, capsys

    def __call__(self, *args: str, json: bool = False) -> Ran:
        """The exit code and output of ``gatehouse args``; with ``json`` in that format."""
        self.capsys.readouterr()
        form = ["--format", "json"] if json else []
        with pytest.raises(SystemExit) as ended:
            main([*args, "--repo", str(self.company.repo.root), *form])
        out, err = self.capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, out, err)
