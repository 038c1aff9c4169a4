"""The open pull requests to main that change promotions: found with one question to GitHub and one fetch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gatehouse.errors import GatehouseError, NotFound, Unreachable
from gatehouse.pin import Slot
from gatehouse.sync.trunk import BRANCH, Trunk

if TYPE_CHECKING:
    from gatehouse.git import Repository
    from gatehouse.github import GitHubReader, Pull

# Arguments of one fetch: far below what a command line holds.
_BATCH = 200


@dataclass(frozen=True, slots=True)
class Rival:
    """An open pull request, and the slots whose file it changes since it left main."""

    pull: Pull
    slots: frozenset[Slot]


def rivals(trunk: Trunk, github: GitHubReader) -> tuple[Rival, ...]:
    """Every open pull request that changes a promotion, from whatever branch or fork, oldest first.

    Raises Unreachable when GitHub or the remote does not answer.
    """
    pulls = github.pulls.open(BRANCH)
    fetch(trunk, pulls)
    found = (Rival(pull, _slots(_paths(trunk, github, pull))) for pull in pulls)
    return tuple(rival for rival in found if rival.slots)


def older(among: Iterable[Rival], number: int, slots: Iterable[Slot]) -> tuple[Rival, Slot] | None:
    """The oldest pull request before ``number`` that changes one of the slots, and which; None where there is none."""
    wanted = set(slots)
    for rival in sorted(among, key=lambda rival: rival.pull.number):
        shared = rival.slots & wanted
        if shared and rival.pull.number < number:
            return rival, min(shared, key=str)
    return None


def others(among: Iterable[Rival], slot: Slot, branch: str, slug: str) -> list[Pull]:
    """The pull requests that change a slot, oldest first, without the one from ``branch`` of the repository ``slug``.

    A fork's branch of the same name is somebody else's.
    """
    found = sorted((rival.pull for rival in among if slot in rival.slots), key=lambda pull: pull.number)
    return [pull for pull in found if (pull.head, (pull.head_slug or "").lower()) != (branch, slug.lower())]


def fetch(trunk: Trunk, pulls: Sequence[Pull]) -> None:
    """Brings the heads that this clone lacks. One that the remote does not have is left to whoever asks for it."""
    missing = [pull for pull in pulls if not trunk.repository.has(pull.head_sha)]
    for start in range(0, len(missing), _BATCH):
        batch = [f"refs/pull/{pull.number}/head" for pull in missing[start : start + _BATCH]]
        if not _fetched(trunk, batch) and len(batch) > 1:
            # One that is missing keeps all the others from coming.
            for ref in batch:
                _fetched(trunk, [ref])


def bring(trunk: Trunk, commit: str) -> None:
    """Fetches a commit by its id where this clone lacks it. Raises NotFound where the remote has no such commit."""
    if not trunk.repository.has(commit) and not _fetched(trunk, [commit]):
        raise NotFound(f"no commit {commit!r}, here or on the remote", "check the id, or fetch its branch first")


def _fetched(trunk: Trunk, refs: Sequence[str]) -> bool:
    if trunk.remote is None:
        return False
    try:
        trunk.repository.run(
            "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--end-of-options", trunk.remote, *refs
        )
    except Unreachable:
        raise
    except GatehouseError:
        return False
    return True


def _paths(trunk: Trunk, github: GitHubReader, pull: Pull) -> Iterable[str]:
    """What a pull request changes: by git, which names every file; by GitHub's list where its head cannot be had."""
    if trunk.repository.has(pull.head_sha):
        return trunk.repository.changed(_start(trunk.repository, trunk.commit, pull.head_sha), pull.head_sha)
    changes = github.pulls.files(pull.number)
    return [path for change in changes for path in (change.path, change.previous) if path is not None]


def _start(repository: Repository, main: str, head: str) -> str:
    try:
        return repository.merge_base(main, head)
    except NotFound:
        # A history of its own: all that is in it is new to main.
        return main


def _slots(paths: Iterable[str]) -> frozenset[Slot]:
    return frozenset(slot for slot in map(Slot.from_path, paths) if slot is not None)
