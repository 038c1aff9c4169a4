"""A check that remembers: what was found for the same question before, and how often its table has been used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gatehouse.cli.scene import Scene
from gatehouse.declare.levels import reaches
from gatehouse.declare.types import Policy
from gatehouse.evaluate.gates import asked, discover
from gatehouse.evaluate.key import evidence_key
from gatehouse.evaluate.own import discover as metrics
from gatehouse.evaluate.question import basis, judging
from gatehouse.evaluate.recall import Recall, Standing, soak
from gatehouse.evaluate.result import Request, Result
from gatehouse.git import Repository

if TYPE_CHECKING:
    from gatehouse.evaluate.gates import Gate
    from gatehouse.evaluate.statistics.own import Own

FOLDER = "gatehouse/checks"


def memory(repository: Repository) -> Recall:
    """The answers of this clone, which no checkout touches and no commit takes along."""
    common = repository.run("rev-parse", "--path-format=absolute", "--git-common-dir")
    return Recall(Path(common) / FOLDER)


@dataclass(frozen=True)
class Remembered:
    """The answers to a scene's questions that were found before."""

    scene: Scene

    @cached_property
    def answers(self) -> Mapping[Request, Result]:
        found = {request: self._answer(request) for request in self.scene.requests}
        return {request: result for request, result in found.items() if result is not None}

    @property
    def open(self) -> Scene:
        """The scene with the questions that are left."""
        left = tuple(request for request in self.scene.requests if request not in self.answers)
        return replace(self.scene, requests=left)

    def keep(self, results: Iterable[Result]) -> None:
        for result in results:
            standing = self._standings.get(result.request)
            if standing is not None and self._isolated(result):
                self._memory.keep(standing, result)

    def _answer(self, request: Request) -> Result | None:
        standing = self._standings.get(request)
        found = None if standing is None else self._memory.answer(standing, request)
        return found if found is not None and self._isolated(found) else None

    def _isolated(self, result: Result) -> bool:
        """Whether the models ran as the policy asks; where they did not, the answer was a look and no more."""
        policy = self.scene.declared.policies[result.request.slot.model]
        return reaches(result.isolation, policy.sandbox.minimum)

    @cached_property
    def _memory(self) -> Recall:
        return memory(self.scene.repository)

    @cached_property
    def _standings(self) -> Mapping[Request, Standing]:
        found = {request: self._standing(request) for request in self.scene.requests}
        return {request: standing for request, standing in found.items() if standing is not None}

    def _standing(self, request: Request) -> Standing | None:
        """None for a question whose data only a fetch can read, or that a fetch will refuse anyway."""
        policy = self.scene.declared.policies.get(request.slot.model)
        if policy is None or request.slot.stage not in policy.stages:
            return None
        if self.scene.declared.held(request.slot.model, request.candidate) is not None:
            return None
        data = _digests(policy, self.scene.repository.root)
        if data is None:
            return None
        judges = judging(asked(policy.stages[request.slot.stage].gates, self._gates), self._gates, self._own)
        key = evidence_key(basis(request, self.scene.base, judges, data.get("evaluation", "")))
        return Standing(key, data, soak(self.scene.staged(request), policy, request), datetime.now(UTC).date())

    @cached_property
    def _gates(self) -> Mapping[str, Gate]:
        return discover(self.scene.base)

    @cached_property
    def _own(self) -> Own:
        return metrics(self.scene.base)


def counted(repository: Repository, results: Sequence[Result]) -> tuple[Result, ...]:
    """The results with how often their tables were used: by the evidence branch, and by this clone's own checks."""
    from gatehouse.sync.ledger import entries, uses

    here = tuple(memory(repository).results())
    models = {result.request.slot.model for result in results}
    seen = {model: (*entries(repository, model), *here) for model in models}
    return tuple(
        msgspec.structs.replace(result, uses=uses(result, seen[result.request.slot.model])) for result in results
    )


def _digests(policy: Policy, root: Path) -> Mapping[str, str] | None:
    """The digests of the policy's tables; None where one of them is no file or folder on this machine, or the policy
    looks at live traffic, of which there is more every time."""
    from gatehouse.registry.digest import file_digest

    tables = {kind: table.where for kind, table in policy.data.tables().items()}
    places = {kind: root / where.text for kind, where in tables.items() if where.kind == "path"}
    if policy.data.traffic is not None:
        return None
    if policy.engine or len(places) < len(tables) or not all(place.exists() for place in places.values()):
        return None
    return {kind: file_digest(place) for kind, place in places.items()}
