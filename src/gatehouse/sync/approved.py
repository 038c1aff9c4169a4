"""Whether people agreed to the pins that arrive: asked of the merged pull request that brought each to main."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

import msgspec

from gatehouse.audit.record import Approval, Rejection
from gatehouse.declare.layout import STAGES
from gatehouse.declare.load import require
from gatehouse.declare.source import Revision
from gatehouse.declare.types import Stage
from gatehouse.errors import GatehouseError, Unreachable
from gatehouse.git import Repository
from gatehouse.pin import Pin, Slot
from gatehouse.review.record import Reviewed, ReviewedPlace
from gatehouse.serve import targets
from gatehouse.sync.actual import Actual
from gatehouse.sync.arrivals import brought
from gatehouse.sync.bases import Part
from gatehouse.sync.desired import Desired, Want, pull_request

# What people say can be long; what is told of it is not.
_LONGEST = 600
_CALENDAR = frozenset({"calendar", "line"})
_REVERT = "an approval after the merge counts for nothing: revert it, and propose it again"


class Merged(msgspec.Struct, frozen=True):
    """The pull request that brought a commit to main: its number, when it was merged, and its reviews as of then, with
    what was said against it since."""

    number: int
    at: datetime
    reviewed: Reviewed


Reviews = Callable[[str], Merged | None]
"""Asks by a commit of main for the merged pull request that brought it; None where none did.

Raises Unasked where nobody can be asked now, and GatehouseError where the reviews cannot be judged.
"""


class Unasked(GatehouseError):
    """Nobody can be asked for the reviews now; the next sync asks again."""


class Agreement(msgspec.Struct, frozen=True):
    """What was found out about one pin: ``fault`` and ``fix`` where people did not agree to it.

    ``passing``: nothing was found out yet, so it is no answer that goes on record. ``place`` is the pin's part of the
    reviews of the pull request ``merged``.
    """

    merged: Merged | None = None
    place: ReviewedPlace | None = None
    fault: str = ""
    fix: str = ""
    passing: bool = False

    @property
    def number(self) -> int | None:
        """The pull request, as GitHub says: what a commit says of itself proves nothing."""
        return self.merged.number if self.merged is not None else None

    @property
    def denied(self) -> bool:
        """Whether no pull request vouches for it, whatever the commit says of itself."""
        return bool(self.fault) and not self.passing and self.merged is None

    @property
    def approvals(self) -> tuple[Approval, ...]:
        """Those that count."""
        return self.place.approvals if self.place is not None else ()

    @property
    def rejections(self) -> tuple[Rejection, ...]:
        """All that there were."""
        return self.place.rejections if self.place is not None else ()

    @property
    def remarks(self) -> tuple[str, ...]:
        """What an auditor should look at, a sentence each."""
        if self.place is None:
            return ()
        waited = (ruled for ruled in self.place.rules if ruled.rule in _CALENDAR and not ruled.ok)
        return (*self.place.remarks, *(f"when it was merged: {ruled.said}" for ruled in waited))

    @property
    def emergency(self) -> bool:
        """Whether two people called one, which lifts the calendar."""
        rules = self.place.rules if self.place is not None else ()
        return any(ruled.rule == "emergency" and ruled.ok and ruled.flag for ruled in rules)


NOBODY = Agreement(fault="nobody was asked who agreed to it", fix="run `gatehouse sync`", passing=True)


def agreements(
    desired: Desired, actual: Actual, repository: Repository, reviews: Reviews | None
) -> Mapping[str, Agreement]:
    """What people said of each pin that arrives, by Want.key; of one that needs nobody's word, nothing.

    What the record let in before needs none, and neither does a pin whose stage asks for no review, now and in the
    commit before the one that set it: a commit does not do away with its own review. A champion that goes back to what
    served has all that it needs.
    """
    arriving = [
        (want, want.pin) for want in actual.arriving(desired.wants) if want.pin is not None and not actual.knows(want)
    ]
    set_by = {want.key: [change.commit for change in brought(want, pin, desired.changes)] for want, pin in arriving}
    before = _stages_before({commit for commits in set_by.values() for commit in commits}, repository)
    found: dict[str, Agreement] = {}
    for want, pin in arriving:
        commits = set_by[want.key]
        stages = (desired.declared.stages.get(want.slot.stage), *(before(commit, want.slot) for commit in commits))
        if any(stage is not None and stage.review != "none" for stage in stages):
            asked = (_agreement(want, pin, commit, repository, reviews) for commit in commits)
            found[want.key] = Agreement() if _served(want, pin, desired, actual, repository) else _first(asked)
    return found


def _served(want: Want, pin: Pin, desired: Desired, actual: Actual, repository: Repository) -> bool:
    """Whether a champion that returns really served, by the serving branch, which nobody writes but sync. The record
    says so too, and where it was lost an incident must not wait for people; that main once named the pin says little.
    """
    stage = desired.declared.stages.get(want.slot.stage)
    branch = actual.branches.get(stage.serving.branch) if stage is not None and stage.serving is not None else None
    if not want.returning or branch is None or branch.commit is None:
        return False
    return served(repository, branch.commit, want.slot.model, pin)


def served(repository: Repository, commit: str, model: str, pin: Pin) -> bool:
    """Whether a model's serving config ever had a pin, by the history of one commit of a serving branch."""
    return bool(repository.run("log", "-1", "--format=%H", f"-S{pin.digest}", commit, "--", *targets.places(model)))


def _stages_before(commits: Iterable[str], repository: Repository) -> Callable[[str, Slot], Stage | None]:
    """Tells the stage of a slot as it was before a commit; None where there was none. One git process for all commits,
    and a few more for each state of stages.yaml."""
    listed = sorted(commits)
    asked = "".join(f"{commit}^:{STAGES}\n" for commit in listed)
    said = repository.run("cat-file", "--batch-check=%(objectname)", data=asked.encode()) if listed else ""
    blobs = dict(zip(listed, (line.split()[0] for line in said.splitlines()), strict=True))
    read: dict[str, Mapping[str, Stage]] = {}

    def tell(commit: str, slot: Slot) -> Stage | None:
        blob = blobs[commit]
        if blob not in read:
            read[blob] = _stages(repository, f"{commit}^") if repository.has(f"{commit}^") else {}
        return read[blob].get(slot.stage)

    return tell


def _stages(repository: Repository, commit: str) -> Mapping[str, Stage]:
    declared = require(Part(Revision(repository, repository.resolve(commit))))
    return {stage.name: stage for stage in declared.stages.stages}


def _first(found: Iterator[Agreement]) -> Agreement:
    """The first that is good, of those a champion that returns came in by; where none is, the newest."""
    newest: Agreement | None = None
    for agreement in found:
        if not agreement.fault:
            return agreement
        newest = newest or agreement
    return newest or NOBODY


def _agreement(want: Want, pin: Pin, commit: str, repository: Repository, reviews: Reviews | None) -> Agreement:
    if reviews is None:
        return NOBODY
    try:
        merged = reviews(commit)
    except (Unasked, Unreachable) as error:
        return Agreement(fault=error.message, fix=error.fix, passing=True)
    except GatehouseError as error:
        return Agreement(fault=f"its review cannot be judged: {error.message}", fix=error.fix or _REVERT)
    if merged is None:
        return _pushed(commit, repository)
    return _judged(merged, want, pin)


def _pushed(commit: str, repository: Repository) -> Agreement:
    """Nobody agreed to what no pull request brought, whatever the commit says of itself."""
    (made,) = repository.log(commit, limit=1)
    named = pull_request(made)
    claim = f" (its message names #{named}, which did not bring it)" if named is not None else ""
    return Agreement(
        fault=f"{made.author} <{made.email}> pushed it in commit {commit[:12]}{claim}: no merged pull request brought "
        "it, so nobody agreed to it",
        fix=f"revert {commit[:12]}, and propose it with `gatehouse propose`, so that people can agree to it",
    )


def _judged(merged: Merged, want: Want, pin: Pin) -> Agreement:
    places = (place for place in merged.reviewed.places if (place.slot, place.role) == (want.slot, want.role))
    place = next((place for place in places if place.candidate == pin), None)
    if place is None:
        return Agreement(
            merged,
            fault=f"#{merged.number} brought it, and people were not asked to agree to {pin} as {want.role} there",
            fix=f"revert it, and propose it {_anew(want)}",
        )
    # Each of these is the whole pin's; what is wrong with one person's word shows in what is lacking.
    broken = [ruled for ruled in place.rules if ruled.review is None and not ruled.ok]
    if place.passed or (broken and all(ruled.rule in {*_CALENDAR, "emergency"} for ruled in broken)):
        # What was frozen then may be open now: the rule about freezes asks that, as of now.
        return Agreement(merged, place)
    said = "; ".join(ruled.said for ruled in broken if ruled.rule not in _CALENDAR)
    rejected = any(ruled.rule == "rejected" for ruled in broken)
    fix = f"revert it, or dismiss the rejection on #{merged.number}" if rejected and len(broken) == 1 else _REVERT
    return Agreement(merged, place, _short(f"when #{merged.number} was merged, people did not agree: {said}"), fix)


def _anew(want: Want) -> str:
    """Of a champion that the files once had nobody is asked: it is taken for one that goes back."""
    return "as a version of its own: register its artifact again" if want.returning else "again"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
