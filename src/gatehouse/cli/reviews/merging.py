"""Merging what no person has to agree to, so that nobody waits for one: staging, where only the gates decide.

The green check of the gates is never believed alone: the evidence is held against main as it is now. Production never
merges itself, however green it is.
"""

from __future__ import annotations

from gatehouse.cli.checkrun import NAME
from gatehouse.cli.frame import note
from gatehouse.cli.reviews.bench import Bench, Seen
from gatehouse.cli.watch import Watch
from gatehouse.declare.load import require
from gatehouse.declare.source import Revision
from gatehouse.errors import GatehouseError, NotFound, Unreachable
from gatehouse.github import Refused
from gatehouse.pin import Slot
from gatehouse.sync.bases import Part
from gatehouse.sync.trunk import BRANCH

# What a merge to main starts, were it not made with a workflow's own token.
_AFTER = ("sync.yml", "evidence.yml")
MERGED = "merged"
AWAITED = "GitHub merges it once the rules of main are met"


def merge(bench: Bench, seen: Seen) -> str:
    """Merges a pull request of which nobody has to be asked; what came of it, or what stands in its way.

    "" for one that is not for a machine to merge. Raises Unreachable where GitHub or the remote does not answer; it may
    be repeated.
    """
    if not _alone(bench, seen):
        return ""
    hindrance = _hindrance(bench, seen)
    if hindrance:
        return f"not merged: {hindrance}"
    try:
        made = bench.github.pulls.merge_when_ready(seen.pull.number, seen.pull.head_sha)
    except Unreachable:
        raise
    except Refused as refused:
        return f"not merged: {refused.message}"
    if made is None:
        return AWAITED
    _start(bench)
    return MERGED


def _alone(bench: Bench, seen: Seen) -> bool:
    """Whether it sets pins in stages without a review, and changes nothing in others or beside them."""
    answers, pull = seen.found.look.answers, seen.pull
    if not pull.open or pull.base != BRANCH or not answers or seen.facts.asked:
        return False
    repository, main = bench.outlook.trunk.repository, bench.outlook.trunk.commit
    try:
        start = repository.merge_base(main, pull.head_sha)
    except NotFound:
        # A history of its own.
        return False
    stages = require(Part(Revision(repository, main))).stages
    slots = [Slot.from_path(path) for path in repository.changed(start, pull.head_sha)]
    named = [None if slot is None else stages.get(slot.stage) for slot in slots]
    return all(stage is not None and stage.review == "none" for stage in named)


def _hindrance(bench: Bench, seen: Seen) -> str:
    """What keeps it from being merged now; "" for nothing."""
    if (seen.pull.head_slug or "").lower() != bench.github.slug.lower():
        # Who pushes a branch here may write here. Anybody can fork, and say what staging is to hold.
        return "it comes from a fork: somebody who may write here merges it"
    if seen.pull.draft:
        return "it is a draft"
    if seen.rejections:
        return seen.title
    standing = bench.github.reader.checks.standing(seen.pull.head_sha, NAME)
    if standing is None or not standing.ended:
        return "its gates have not ended"
    if not standing.passed:
        return f"its gates did not pass: {standing.title}"
    watch = Watch(bench.settings, bench.github, bench.outlook)
    word, look = watch.word(seen.pull.number, seen.pull.head_sha, watch.slots(seen.pull.number))
    if word is not None:
        return word.title
    return "" if look.answers and look.good else "its evidence does not answer for every pin"


def _start(bench: Bench) -> None:
    """A merge by a workflow's own token starts nothing; each hour both run all the same."""
    for file in _AFTER:
        try:
            bench.github.workflows.dispatch(file)
        except GatehouseError as error:
            note(f"! {file} was not started, its schedule does it: {error.message}")
