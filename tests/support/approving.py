"""People who agreed to everything that came in by a merge, for tests whose subject is something else."""

from __future__ import annotations

from datetime import datetime, timedelta

from gatehouse.audit.record import Approval
from gatehouse.git import Repository
from gatehouse.pin import Pin, Role, Slot
from gatehouse.review.judgement import Ruled
from gatehouse.review.record import Reviewed, ReviewedPlace
from gatehouse.sync.approved import Agreement, Merged, Reviews
from gatehouse.sync.desired import pull_request
from tests.support.gated import questions

PASSED = (Ruled("approvals", True, "2 of 2 approvals: @olga and @nils"),)


def place(slot: Slot, role: Role, pin: Pin, at: datetime, rules: tuple[Ruled, ...] = PASSED) -> ReviewedPlace:
    """What olga and nils said of a pin a quarter of an hour before ``at``; ``rules`` is what came of it."""
    when = at - timedelta(minutes=15)
    approvals = tuple(Approval(who, when, {"harm": "nobody"}, 150.0) for who in ("olga", "nils"))
    passed = all(ruled.ok for ruled in rules)
    return ReviewedPlace(slot, role, pin, "sha256:e", "token", passed, approvals if passed else (), (), rules)


def merged(number: int, at: datetime, *places: ReviewedPlace, head: str = "h" * 40) -> Merged:
    passed = all(each.passed for each in places)
    return Merged(number, at, Reviewed(number, head, "dana", at, passed, places))


def agreed(slot: Slot, role: Role, pin: Pin, at: datetime, number: int = 1) -> Agreement:
    """Two people agreed to a pin."""
    here = place(slot, role, pin, at)
    return Agreement(merged(number, at, here), here)


def approving(repository: Repository) -> Reviews:
    """Two people agreed to each pin that a merge commit brought; nobody brought anything else."""

    def ask(commit: str) -> Merged | None:
        (made,) = repository.log(commit, limit=1)
        number = pull_request(made)
        if len(made.parents) != 2 or number is None:
            return None
        base, head = made.parents
        asked = questions(repository, base, head)
        return merged(number, made.time, *(place(q.slot, q.role, q.candidate, made.time) for q in asked), head=head)

    return ask
