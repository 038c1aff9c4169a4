"""A repository in which version 1 serves and version 2 is proposed: where evidence is tried, without a registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gatehouse.evaluate.result import Request, Result
from gatehouse.git import Writer
from gatehouse.pin import Pin, Role, Slot
from gatehouse.sync.evidence import Shelf
from gatehouse.sync.places import Place
from gatehouse.sync.proof import Finding, Prover
from gatehouse.sync.shelve import document
from gatehouse.sync.trunk import locate
from tests.support import gated
from tests.support.gated import Gates, passes
from tests.support.repo import ADA, Promotions, encoded, promotion, promotions
from tests.support.thousand import digest

MODEL = "credit-risk"
STAGING, PRODUCTION = Slot(MODEL, "staging"), Slot(MODEL, "production")
POLICY_FILE = f"promotions/{MODEL}/policy.yaml"
POLICY = f"""\
owner: "@acme/credit-risk"
risk: high
task: binary
reviewed: 2026-03-01
data: {{evaluation: {{path: data/eval.parquet, digest: "{digest("table")}", label: defaulted}}}}
stages:
  staging: {{gates: [artifact]}}
  production: {{gates: [accuracy, artifact]}}
"""


def pin(version: int) -> Pin:
    return Pin(version, digest(f"model {version}"))


@dataclass
class Bench:
    """``ask`` what the evidence branch says of version 2 for production, as main is now."""

    repo: Promotions
    base: str
    head: str

    @property
    def request(self) -> Request:
        """The question of the proposal, against the commit of main that it was cut from."""
        (request,) = gated.questions(self.repo.repository, self.base, self.head)
        return request

    @property
    def now(self) -> Request:
        """The same question against main as it is."""
        return msgspec.structs.replace(self.request, base=self.repo.head)

    def ask(self, request: Request | None = None) -> Finding:
        return Prover(Shelf(locate(self.repo.repository))).finding(request or self.now)

    def result(self, says: Gates = passes, request: Request | None = None) -> Result:
        return gated.judged(self.repo.repository, request or self.request, self.repo.now, says)

    def judge(self, says: Gates = passes) -> Result:
        """The gates run on the proposal, and what they say is kept."""
        result = self.result(says)
        self.repo.publish_evidence(result)
        return result

    def forge(self, result: Result, path: str | None = None) -> None:
        """Somebody who can push to the evidence branch puts this there, under its own name if no other is given."""
        place = path or Place(result.request.slot.model, result.key).document
        self.repo.tamper({place: document(result)})

    def commit(self, files: Mapping[str, str | None]) -> str:
        return self.repo.commit(files)

    def aside(self, files: Mapping[str, str | None]) -> str:
        """A commit on top of main that main never is at."""
        writer = Writer(self.repo.repository, author=ADA)
        return writer.commit(writer.fetch("main"), encoded(files), "Aside")


def bench(folder: Path) -> Bench:
    repo = promotions(folder, "sqlite:///mlflow.db")
    repo.commit({POLICY_FILE: POLICY, PRODUCTION.path: promotion(pin(1)), STAGING.path: promotion(pin(1))})
    base, head = repo.propose({PRODUCTION.path: promotion(pin(2))}, gates=None)
    return Bench(repo, base, head)


def elsewhere(bench: Bench, *, slot: Slot = PRODUCTION, role: Role = Role.CHAMPION, version: int = 2) -> Result:
    """An honest check of something else."""
    request = msgspec.structs.replace(bench.request, slot=slot, role=role, candidate=pin(version))
    return bench.result(request=request)
