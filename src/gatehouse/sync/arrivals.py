"""The questions that evidence has to answer before a pin is let in: asked where main set it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from gatehouse.declare.history import Change
from gatehouse.evaluate.result import Request
from gatehouse.git import Repository
from gatehouse.pin import Pin
from gatehouse.sync.actual import Actual
from gatehouse.sync.desired import Desired, Want
from gatehouse.sync.proof import AGAIN, Finding, Flaw, Prover

ROOTLESS = Finding(None, "main's first commit set it, and no policy was there before to judge it", AGAIN, Flaw.MISSING)


def proofs(desired: Desired, actual: Actual, repository: Repository, prover: Prover) -> Mapping[str, Finding]:
    """What the evidence branch says of each pin that arrives, by Want.key; of what needs no evidence, nothing.

    Raises Unreachable when the remote does not answer.
    """
    return {
        want.key: _proof(list(questions(want, want.pin, desired.changes, repository)), prover)
        for want in actual.arriving(desired.wants)
        if want.pin is not None and not actual.knows(want)
    }


def questions(want: Want, pin: Pin, changes: Iterable[Change], repository: Repository) -> Iterator[Request]:
    """The question of the commit that put the pin into its role, which a later change of its share is not.

    A champion that returns was asked about when it first came, too: that is its evidence where its record was lost.
    ``changes`` are main's, newest first.
    """
    for change in brought(want, pin, changes):
        (commit,) = repository.log(change.commit, limit=1)
        base = commit.parents[0] if commit.parents else ""
        before = change.before.get(want.role) if change.before else None
        yield Request(want.slot, want.role, pin, None, before, base, commit.id)


def brought(want: Want, pin: Pin, changes: Iterable[Change]) -> Iterator[Change]:
    """The change that put the pin into its role; of a champion that returns, each that did. ``changes`` are main's,
    newest first, and so are these."""
    for change in changes:
        before, after = (state.get(want.role) if state else None for state in (change.before, change.after))
        if change.slot == want.slot and after == pin and before != pin:
            yield change
            if not want.returning:
                return


def _proof(asked: list[Request], prover: Prover) -> Finding:
    """The first answer that is good; where none is, what is wrong with the newest."""
    found = (prover.finding(request) if request.base else ROOTLESS for request in asked)
    wrong = ROOTLESS
    for number, finding in enumerate(found):
        if finding.result is not None:
            return finding
        wrong = finding if number == 0 else wrong
    return wrong
