"""What came out of the job that ran the models, held against what that job was asked.

A model that gets out of its sandbox can write anything into the results. So nothing in them is believed that is known
without them: which questions there were, who trained what, which tables were fetched, which gates had to answer, which
key that makes, how strong a sandbox the policy asks for. What is left, the verdicts and their figures, is evaluate's
word; a result that is not the answer to its question, in the form of an honest one, is nobody's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gatehouse.declare.levels import reaches
from gatehouse.declare.tables import is_spark
from gatehouse.declare.types import Policy
from gatehouse.evaluate.gates import Gate, asked, builtin, discover, judge
from gatehouse.evaluate.key import Basis, evidence_key
from gatehouse.evaluate.own import discover as metrics
from gatehouse.evaluate.question import ENGINE, basis, judging
from gatehouse.evaluate.result import Request, Result, Subject
from gatehouse.pin import DIGEST
from gatehouse.verdict import Outcome

if TYPE_CHECKING:
    from gatehouse.declare.source import Source
    from gatehouse.evaluate.material import Case, Material
    from gatehouse.evaluate.statistics.own import Own

# Clocks of two machines differ; an answer from another day is another thing.
SKEW = timedelta(minutes=5)
EVALUATION, STAGING = "evaluation", "staging"
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Judges:
    """What judges, at the one commit that all questions of a check are judged by."""

    base: Source
    policies: Mapping[str, Policy]
    gates: Mapping[str, Gate]
    own: Own

    @classmethod
    def at(cls, base: Source, policies: Mapping[str, Policy]) -> Judges:
        """Loads the gates and metrics of ``base``. Raises GatehouseError for one that does not load."""
        return cls(base, policies, discover(base), metrics(base))

    def names(self, request: Request) -> tuple[str, ...]:
        """The gates that must have answered; none where the policy says nothing about the stage."""
        policy = self.policies.get(request.slot.model)
        stage = policy.stages.get(request.slot.stage) if policy is not None else None
        return asked(stage.gates, self.gates) if stage is not None else ()

    def key(self, request: Request, evaluation: str) -> str:
        """The evidence key of a question about the evaluation table with this digest."""
        judges = judging(self.names(request), self.gates, self.own)
        return evidence_key(basis(request, self.base, judges, evaluation))


def unasked(results: Sequence[Result], requests: Sequence[Request]) -> str:
    """Why these are not the answers to these questions, one each and in their order; "" where they are."""
    if len(results) != len(requests):
        return f"{_count(len(requests), 'question')} asked, {_count(len(results), 'answer')} given"
    for result, request in zip(results, requests, strict=True):
        if result.request != request:
            return f"{_place(request)} was asked of {request.candidate}, and the answer is about another question"
    return ""


def doubt(results: Sequence[Result], material: Material, judges: Judges, now: datetime) -> str:
    """The first reason not to believe the results of evaluating this material; "" where there is none."""
    why = unasked(results, [case.request for case in material.cases])
    if why:
        return why
    for result, case in zip(results, material.cases, strict=True):
        doubts = [*_told(result, material.fetched, now), *_unfetched(result, case)]
        doubts += (
            [] if case.problem else [*_fetched(result, case), *judged(result, judges), *_staged(result, case, judges)]
        )
        if doubts:
            return f"{_place(case.request)}: {doubts[0]}"
    return ""


def judged(result: Result, judges: Judges) -> Iterator[str]:
    """What is wrong with a result as the answer of these judges, whatever was fetched for it."""
    policy, names = judges.policies.get(result.request.slot.model), judges.names(result.request)
    if policy is None or not names:
        yield "the base commit has no gates for it"
        return
    given = tuple(verdict.gate for verdict in result.verdicts)
    if given != names:
        yield f"the gates {_listed(names)} were asked, and {_listed(given)} answered"
    if result.key != judges.key(result.request, result.data.get(EVALUATION, "")):
        yield "its evidence key is not that of the question"
    if (result.candidate.pin, result.champion and result.champion.pin) != (
        result.request.candidate,
        result.request.champion,
    ):
        yield "it was found about other versions than those of the question"
    yield from _ran(result, policy)
    yield from _said(result)


def _ran(result: Result, policy: Policy) -> Iterator[str]:
    """The engine that the policy names, and the sandbox that it asks for."""
    spark = is_spark(policy.engine)
    if result.engine != (f"{ENGINE} on {policy.engine}" if spark else ENGINE):
        yield "it was found by another engine than this one"
    if (result.isolation == "cluster") is not spark:
        yield "its isolation is not that of the policy's engine"
    minimum = policy.sandbox.minimum
    if not reaches(result.isolation, minimum):
        yield f"the model ran with isolation {result.isolation[:40] or 'none'!r}, and the policy asks for {minimum}"


def _told(result: Result, fetched: datetime, now: datetime) -> Iterator[str]:
    """What an answer says of itself that no honest one says."""
    evaluated = result.evaluated
    if evaluated.utcoffset() is None or not fetched - SKEW <= evaluated <= now + SKEW:
        yield "it was not evaluated between the fetch and now"
    longest = (now - fetched + 2 * SKEW).total_seconds()
    if not (math.isfinite(result.seconds) and 0 <= result.seconds <= longest):
        yield "it took longer than there was time"
    yield from _said(result)


def _said(result: Result) -> Iterator[str]:
    """What only the report, or nobody, says of a result."""
    if result.rows < 0 or result.uses or result.reused is not None or result.schema != SCHEMA:
        yield "it says of itself what only the report may say"


def _unfetched(result: Result, case: Case) -> Iterator[str]:
    """A question that fetch could not prepare has one answer: why."""
    if not case.problem:
        return
    given = [(verdict.gate, verdict.outcome) for verdict in result.verdicts]
    key = evidence_key(Basis(case.request, "", {}, "", ENGINE))
    if given != [("fetch", Outcome.ERROR)] or result.key != key:
        yield "nothing was fetched for it, and yet there are verdicts"


def _fetched(result: Result, case: Case) -> Iterator[str]:
    """What fetch knows better: who trained the models, what their artifacts are, what the tables hold."""
    for who, said, known in (
        ("candidate", result.candidate, case.candidate),
        ("champion", result.champion, case.champion),
    ):
        subject = known.subject if known is not None else None
        if (said and _finite(said)) != (subject and _finite(subject)):
            yield f"its {who} is not the one that was fetched"
        if known is not None and known.digest != known.subject.pin.digest and result.passed:
            yield f"it passes, though the {who}'s artifact is not the one that is pinned"
    there = {kind for kind in case.data if kind not in case.digests}
    told = {kind: digest for kind, digest in result.data.items() if kind not in there}
    if told != dict(case.digests):
        yield "its tables are not the ones that were fetched"
    if not all(DIGEST.fullmatch(result.data[kind]) for kind in there & result.data.keys()):
        yield "the digest of a table is none"


def _staged(result: Result, case: Case, judges: Judges) -> Iterator[str]:
    """The gate ``staging`` asks no model: fetch read main's history for it, so that its verdict can be found again."""
    from gatehouse.evaluate.evidence import Evidence
    from gatehouse.runtime.launch import Bare

    gate, policy = judges.gates.get(STAGING), judges.policies.get(result.request.slot.model)
    told = next((verdict for verdict in result.verdicts if verdict.gate == STAGING), None)
    # A team's own gate of that name may look at what is not here.
    if gate is None or policy is None or told is None or gate.digest != builtin()[STAGING].digest:
        return
    with Evidence(Path(), case, policy, Bare()) as evidence:
        found = judge(gate, evidence, policy.gates.get(STAGING, {}))
    if told.outcome.lets_through and not found.outcome.lets_through:
        yield f"it passes {STAGING}, and by main's history it does not: {found.summary}"


def _finite(subject: Subject) -> Subject:
    """As the document of results has it: every metric a float, and none that is no number."""
    kept = {name: float(value) for name, value in subject.metrics.items() if math.isfinite(value)}
    return msgspec.structs.replace(subject, metrics=kept)


def _place(request: Request) -> str:
    return f"{request.slot} ({request.role})"


def _listed(names: Iterable[str]) -> str:
    """At most a few names: whoever made them up may have made up many."""
    said = [name[:40] for name in names]
    return ", ".join(said[:10]) + (f" and {len(said) - 10} more" if len(said) > 10 else "") if said else "none"


def _count(amount: int, noun: str) -> str:
    return f"{amount:,} {noun}{'s' * (amount != 1)}"
