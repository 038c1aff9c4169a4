"""The reviews of a merge queue's group: GitHub names the pull request in the group's ref, and waits for the check.

No secret is in a queue's reach, so nobody sees there who is in a team. For that alone the last record on the evidence
branch counts, which a workflow of main's made that does see it: while nothing that it rests on was taken back.
"""

from __future__ import annotations

import re

from gatehouse.cli.reviews.bench import Bench, Seen
from gatehouse.errors import GatehouseError
from gatehouse.review.facts import Standing
from gatehouse.review.judgement import Place
from gatehouse.review.record import Reviewed, ReviewedPlace
from gatehouse.review.words import moment
from gatehouse.sync.places import BRANCH
from gatehouse.sync.reviews import kept, newest

_REF = re.compile(r"(?:refs/heads/)?gh-readonly-queue/main/pr-(?P<number>[1-9][0-9]{0,9})-[0-9a-f]{40}")
_FOR = (Standing.APPROVED, Standing.EMERGENCY)
# What nobody needs to see teams for; of these nothing is taken from the record.
_SEEN_HERE = frozenset({"draft", "gates", "rejected", "line", "calendar", "hours"})
_BY_EMERGENCY = frozenset({"calendar", "hours"})


def named(ref: str) -> int:
    """The pull request that a group's ref names. Raises GatehouseError for another ref."""
    found = _REF.fullmatch(ref)
    if found is None:
        raise GatehouseError(
            f"{ref!r} is not the ref of a merge queue's group for main",
            "give github.event.merge_group.head_ref: refs/heads/gh-readonly-queue/main/pr-12-…",
        )
    return int(found["number"])


def on_record(bench: Bench, seen: Seen) -> str:
    """Why a pull request passes though nobody sees who is in a team: as it was judged, and on record; "" where it does
    not. Raises Unreachable when the remote does not answer."""
    blind = any(person.teams is None for person in seen.facts.people.values())
    if seen.passed or not blind:
        return ""
    trunk = bench.outlook.trunk
    tip = trunk.writer().fetch(BRANCH)
    number, head = seen.facts.number, seen.facts.head
    record = newest(kept(trunk.repository, tip, number), head) if tip is not None else None
    if record is None or not record.passed or not _still(seen, record):
        return ""
    return f"people agreed, by the record of {moment(record.judged)}"


def _still(seen: Seen, record: Reviewed) -> bool:
    there = {said.url for said in seen.facts.said if said.standing in _FOR and said.edited is None}
    before = {(place.slot, place.role): place for place in record.places}
    return all(
        (then := before.get((place.asked.slot, place.asked.role))) is not None and _same(place, then, there)
        for place in seen.judgement.places
    )


def _same(place: Place, then: ReviewedPlace, there: set[str]) -> bool:
    """Whether a pin is what it was, with every approval still there, and nothing else stands in its way by now."""
    asked = place.asked
    broken = {ruled.rule for ruled in place.rules if ruled.review is None and not ruled.ok}
    lifted = {ruled.rule for ruled in then.rules if ruled.rule in _BY_EMERGENCY and ruled.ok and ruled.flag}
    return (
        (asked.candidate, asked.token) == (then.candidate, then.token)
        and then.passed
        and bool(then.approvals)
        and all(approval.url in there for approval in then.approvals)
        and not (broken & _SEEN_HERE) - lifted
    )
