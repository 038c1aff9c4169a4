"""Honest evidence without running a model: what a check of a change would find, under the key that it would have.

Everything but the verdicts is real: the questions come from the two commits, the key from the base's policy, gates,
metrics and champion. So evidence made here holds for the change it was made for, and for nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gatehouse.declare.changes import changed_pins
from gatehouse.declare.load import require
from gatehouse.declare.source import Proposed, Revision
from gatehouse.declare.types import Declared
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
    return _asked(_Base.of(repository, base), Revision(repository, head))


def judged(repository: Repository, request: Request, when: datetime, says: Gates = passes) -> Result:
    """The result of a check in which every gate that is asked ``says`` its verdict."""
    return _judged(_Base.of(repository, request.base), request, when, says)


def check(repository: Repository, base: str, head: str, when: datetime, says: Gates = passes) -> Sequence[Result]:
    """One result for each pin that the change sets."""
    trusted = _Base.of(repository, base)
    return [_judged(trusted, request, when, says) for request in _asked(trusted, Revision(repository, head))]


@dataclass(frozen=True)
class _Base:
    """What judges, read once."""

    source: Revision
    declared: Declared

    @classmethod
    def of(cls, repository: Repository, commit: str) -> _Base:
        source = Revision(repository, commit)
        return cls(source, require(source))


def _asked(base: _Base, proposed: Revision) -> tuple[Request, ...]:
    change = changed_pins(base.declared, require(Proposed(base.source, proposed)))
    return requests(change, base.declared, base.source.commit, proposed.commit)


def _judged(base: _Base, request: Request, when: datetime, says: Gates) -> Result:
    policy, gates = base.declared.policies[request.slot.model], discover(base.source)
    names = asked(policy.stages[request.slot.stage].gates, gates)
    table = policy.data.evaluation
    data = "" if table is None else table.digest or DATA
    return Result(
        request=request,
        key=evidence_key(basis(request, base.source, judging(names, gates, metrics(base.source)), data)),
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


def _subject(pin: Pin, auc: float, when: datetime) -> Subject:
    return Subject(pin, trained_by="ada", created=when, metrics={"roc_auc": auc})
