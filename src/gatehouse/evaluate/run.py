"""Step 2 of a check: run the models and the gates on what was fetched. Needs no credentials and no repository."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from gatehouse.declare.levels import Level
from gatehouse.declare.load import require
from gatehouse.declare.source import WorkTree
from gatehouse.declare.types import Policy
from gatehouse.errors import GatehouseError
from gatehouse.evaluate.engines.engine import Engines
from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.fetch import BASE
from gatehouse.evaluate.gates import Gate, asked, discover, foreseen, judge
from gatehouse.evaluate.key import Basis, evidence_key
from gatehouse.evaluate.material import Case, read
from gatehouse.evaluate.own import discover as metrics
from gatehouse.evaluate.question import ENGINE, basis, judging
from gatehouse.evaluate.result import Result, Subject
from gatehouse.evaluate.walls import walls
from gatehouse.pin import ROOT
from gatehouse.runtime.launch import Launcher
from gatehouse.verdict import Outcome, Verdict, plainly


@dataclass(frozen=True, slots=True)
class Trusted:
    """What judges, from the base commit, and how each model is started for it."""

    base: WorkTree
    policies: Mapping[str, Policy]
    gates: Mapping[str, Gate]
    launchers: Mapping[str, Launcher]


@dataclass(frozen=True, slots=True)
class Evaluator:
    """Evaluates the cases of one material folder.

    ``launcher`` starts the models' processes, the strongest one that works here where none is given; ``accepted`` is
    the weakest isolation to go on with, instead of what each policy asks for. ``foretell`` is told what a case's table
    is too small to decide, before its models are asked.
    """

    folder: Path
    launcher: Launcher | None = None
    accepted: Level | None = None
    progress: Callable[[str], None] = lambda _: None
    foretell: Callable[[str], None] = lambda _: None

    def evaluate(self) -> tuple[Result, ...]:
        """One result a case, in the material's order.

        Raises GatehouseError for a folder that is no material, and, before any model is started, where this machine
        cannot wall one off as its policy asks.
        """
        base, cases = WorkTree(self.folder / BASE), read(self.folder).cases
        policies = require(base).policies
        named = {case.request.slot.model for case in cases}
        launchers = walls([policies[model] for model in sorted(named & policies.keys())], self.launcher, self.accepted)
        trusted = Trusted(base, policies, discover(base), launchers)
        with Engines(self.progress) as engines:
            return tuple(self._result(case, trusted, engines) for case in cases)

    def _result(self, case: Case, trusted: Trusted, engines: Engines) -> Result:
        started = time.monotonic()
        request = case.request
        rows, undecidable, data = 0, tuple[str, ...](), case.digests
        launcher = trusted.launchers.get(request.slot.model)
        ran, isolation = ENGINE, "none" if launcher is None else launcher.level
        if case.problem or launcher is None:
            verdicts: tuple[Verdict, ...] = (_unfetched(case),)
            rests_on = Basis(request, "", {}, "", ENGINE)
        else:
            policy, gates = trusted.policies[request.slot.model], trusted.gates
            names = asked(policy.stages[request.slot.stage].gates, gates)
            own, engine = metrics(trusted.base), engines.of(policy.engine)
            with Evidence(self.folder, case, policy, launcher, own, engine) as evidence:
                undecidable = self._foreseen(evidence, [gates[name] for name in names if name in gates])
                verdicts = self._verdicts(evidence, [(name, gates.get(name)) for name in names])
                rows, data = evidence.rows, _contents(evidence, case)
            rests_on = basis(request, trusted.base, judging(names, gates, own), data.get("evaluation", ""))
            if engine.isolation is not None:
                ran, isolation = f"{ENGINE} on {engine.name}", engine.isolation
        return Result(
            request=request,
            key=evidence_key(rests_on),
            verdicts=verdicts,
            candidate=case.candidate.subject if case.candidate else Subject(request.candidate),
            champion=case.champion.subject if case.champion else None,
            evaluated=datetime.now(UTC),
            seconds=time.monotonic() - started,
            engine=ran,
            isolation=isolation,
            data=data,
            rows=rows,
            undecidable=undecidable,
        )

    def _foreseen(self, evidence: Evidence, gates: list[Gate]) -> tuple[str, ...]:
        said = [line for gate in gates for line in foreseen(gate, evidence, evidence.policy.gates.get(gate.name, {}))]
        for line in said:
            self.foretell(line)
        return tuple(said)

    def _verdicts(self, evidence: Evidence, named: list[tuple[str, Gate | None]]) -> tuple[Verdict, ...]:
        """Each gate's verdict, in the order of ``asked``. Gates that always run are called last, wherever they stand:
        they look at a model that the others have measured."""
        last = sorted(range(len(named)), key=lambda place: (gate := named[place][1]) is not None and gate.always)
        found = {place: self._verdict(evidence, *named[place]) for place in last}
        return tuple(found[place] for place in range(len(named)))

    def _verdict(self, evidence: Evidence, name: str, gate: Gate | None) -> Verdict:
        """A gate that does not exist is an ERROR, never passed over."""
        request, policy = evidence.request, evidence.policy
        step = f"{request.slot.model} version {request.candidate.version}: {name}"
        self.progress(step)
        evidence.say = partial(self._further, step)
        if gate is not None:
            return judge(gate, evidence, policy.gates.get(name, {}))
        return plainly(
            Outcome.ERROR,
            f"there is no gate called {name!r}",
            f"add gates/{name}.py, or take it out of {ROOT}/{policy.model}/policy.yaml",
        ).named(name)

    def _further(self, step: str, said: str) -> None:
        self.progress(f"{step}: {said}")


def _contents(evidence: Evidence, case: Case) -> Mapping[str, str]:
    """The tables' digests; where one cannot be read, the gates that wanted it have said so."""
    try:
        return evidence.digests
    except GatehouseError:
        return case.digests


def _unfetched(case: Case) -> Verdict:
    problem = case.problem or f"the base has no policy for {case.request.slot.model}"
    return plainly(Outcome.ERROR, problem, *([case.fix] if case.fix else [])).named("fetch")
