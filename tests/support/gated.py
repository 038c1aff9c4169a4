"""Honest evidence without running a model: what a check of a change would find, under the key that it would have.

Everything but the verdicts is real: the questions come from the two commits, the key from the base's policy, gates,
metrics and champion. So evidence made here holds for the change it was made for, and for nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from gatehouse.declare.changes import changed_pins
from gatehouse.declare.load import require
from gatehouse.declare.source import Proposed, Revision
from gatehouse.evaluate.gates import asked, discover
from gatehouse.evaluate.key import evidence_key
from gatehouse.evaluate.own import discover as metrics
from gatehouse.evaluate.question import ENGINE, basis, judging
from gatehouse.evaluate.request import requests
from gatehouse.evaluate.result import Request, Result, Subject
from gatehouse.git import Repository
from gatehouse.pin import Pin
from gatehouse.verdict import Verdict, at_least

# The digest that an evaluation table has where the policy does not say.
DATA = "sha256:d"
Gates = Callable[[str], Verdict]


def passes(gate: str, value: float = 0.84) -> Verdict:
    """A gate that measured 0.84 where 0.82 is asked for; other values pass or fail as they stand to that."""
    measure = at_least("roc_auc", value, 0.82, rows=5000)
    return Verdict(gate, measure.outcome, f"roc_auc {value}", (measure,))


def fails(gate: str) -> Verdict:
    return passes(gate, 0.7)


def questions(repository: Repository, base: str, head: str) -> tuple[Request, ...]:
    """What a pull request from ``base`` to ``head`` asks."""
    trusted, proposed = Revision(repository, base), Revision(repository, head)
    declared = require(trusted)
    change = changed_pins(declared, require(Proposed(trusted, proposed)))
    return requests(change, declared, trusted.commit, proposed.commit)


def judged(repository: Repository, request: Request, when: datetime, says: Gates = passes) -> Result:
    """The result of a check in which every gate that is asked ``says`` its verdict."""
    base = Revision(repository, request.base)
    policy, gates = require(base).policies[request.slot.model], discover(base)
    names = asked(policy.stages[request.slot.stage].gates, gates)
    table = policy.data.evaluation
    data = "" if table is None else table.digest or DATA
    return Result(
        request=request,
        key=evidence_key(basis(request, base, judging(names, gates, metrics(base)), data)),
        verdicts=tuple(says(name) for name in names),
        candidate=_subject(request.candidate, 0.84, when),
        champion=_subject(request.champion, 0.81, when) if request.champion else None,
        evaluated=when,
        seconds=1.5,
        engine=ENGINE,
        isolation="bubblewrap",
        data={"evaluation": data} if data else {},
        rows=5000,
    )


def check(repository: Repository, base: str, head: str, when: datetime, says: Gates = passes) -> Sequence[Result]:
    """One result for each pin that the change sets."""
    return [judged(repository, request, when, says) for request in questions(repository, base, head)]


def _subject(pin: Pin, auc: float, when: datetime) -> Subject:
    return Subject(pin, trained_by="ada", created=when, metrics={"roc_auc": auc})
