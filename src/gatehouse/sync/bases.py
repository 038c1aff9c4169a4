"""What a commit of main asks of a pin: the policy, the gates and the champion that judge it there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from gatehouse.declare.layout import FREEZE, STAGES
from gatehouse.declare.load import require
from gatehouse.declare.source import Revision, Source
from gatehouse.declare.types import Declared, Policy
from gatehouse.errors import NotFound
from gatehouse.evaluate.gates import Gate, asked, discover
from gatehouse.evaluate.key import Basis
from gatehouse.evaluate.own import discover as metrics
from gatehouse.evaluate.question import basis, judging
from gatehouse.evaluate.request import champion_for
from gatehouse.evaluate.result import Request
from gatehouse.evaluate.statistics.own import Own
from gatehouse.git import Repository
from gatehouse.pin import ROOT


@dataclass(frozen=True, slots=True)
class Base:
    """One commit, as far as it judges one model."""

    commit: str
    source: Source
    declared: Declared
    gates: Mapping[str, Gate]
    own: Own

    def policy(self, request: Request) -> Policy:
        """Raises NotFound where no policy judges the request's slot."""
        slot = request.slot
        policy = self.declared.policies.get(slot.model)
        if policy is None or slot.stage not in policy.stages:
            path = f"{ROOT}/{slot.model}/policy.yaml"
            raise NotFound(f"main had no policy for {slot} at {self.commit[:12]}", f"merge {path} first, by itself")
        return policy

    def asks(self, request: Request) -> tuple[str, ...]:
        """The gates that have to pass. Raises NotFound where no policy judges the request's slot."""
        return asked(self.policy(request).stages[request.slot.stage].gates, self.gates)

    def pinned(self, request: Request) -> str | None:
        """The digest that the policy pins its evaluation table to; None where it leaves that open."""
        table = self.policy(request).data.evaluation
        return table.digest if table is not None else ""

    def basis(self, request: Request, data: str) -> Basis:
        """What a verdict on the request's pin rests on here, on an evaluation table with that digest."""
        question = msgspec.structs.replace(request, champion=champion_for(request.slot, self.declared))
        return basis(question, self.source, judging(self.asks(request), self.gates, self.own), data)


@dataclass(frozen=True, slots=True)
class Bases:
    """Commits of one repository, each read once for each model."""

    repository: Repository
    _found: dict[tuple[str, str], Base] = field(default_factory=dict)
    _judges: dict[str, tuple[Mapping[str, Gate], Own]] = field(default_factory=dict)

    def at(self, commit: str, model: str) -> Base:
        """Raises NotFound for an unknown commit, GatehouseError with the faults where what judges does not read."""
        if (commit, model) not in self._found:
            source = Part(Revision(self.repository, commit), model)
            # Nothing is asked of the environment: where registries are changes no question.
            base = Base(commit, source, require(source), *self._judging(commit))
            self._found[commit, model] = base
        return self._found[commit, model]

    def _judging(self, commit: str) -> tuple[Mapping[str, Gate], Own]:
        """The gates and metrics, loaded once for all commits that have the same ones."""
        listed = self.repository.run("ls-tree", "--end-of-options", commit, "gates")
        if listed not in self._judges:
            source = Revision(self.repository, commit)
            self._judges[listed] = discover(source), metrics(source)
        return self._judges[listed]


@dataclass(frozen=True, slots=True)
class Part:
    """What holds for all models, and one model's folder ("": none): the faults of other models are not its own."""

    whole: Source
    model: str = ""

    def paths(self, prefix: str) -> list[str]:
        """Nothing else is listed either: a base is read for each model, and there may be thousands."""
        if prefix.rstrip("/") != str(ROOT):
            return self.whole.paths(prefix)
        folder = self.whole.paths(f"{ROOT}/{self.model}/") if self.model else []
        return sorted([*folder, *(path for path in (STAGES, FREEZE) if self.whole.paths(path))])

    def read(self, path: str) -> bytes | None:
        return self.whole.read(path)


def moved(then: Basis, now: Basis) -> Iterator[str]:
    """What makes two questions about one pin different ones, in words."""
    before, after = then.request.champion, now.request.champion
    if before != after:
        yield f"the champion moved from {before or 'nothing'} to {after or 'nothing'}"
    if then.policy != now.policy:
        yield "the policy changed"
    for name in sorted(then.gates.keys() | now.gates.keys()):
        label = f"the metric {name.removeprefix('metrics/')}" if name.startswith("metrics/") else f"the gate {name}"
        if name not in then.gates:
            yield f"{label} is asked for now"
        elif name not in now.gates:
            yield f"{label} is not asked for any more"
        elif then.gates[name] != now.gates[name]:
            yield f"{label} changed"
    if then.data != now.data:
        yield "the evaluation table is another one"
    if then.engine != now.engine:
        yield f"the engine is {now.engine}, it was {then.engine}"
