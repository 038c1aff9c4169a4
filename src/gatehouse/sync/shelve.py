"""Putting results on the evidence branch, where they stay."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gatehouse.errors import GatehouseError, Unreachable
from gatehouse.evaluate.result import Result
from gatehouse.git import Repository, Writer
from gatehouse.sync.evidence import BRANCH
from gatehouse.sync.trunk import MACHINE

# Checks of several pull requests may end in the same second.
ATTEMPTS = 5


def shelve(repository: Repository, results: Sequence[Result], remote: str = "origin") -> str:
    """Commits each result to the evidence branch of the remote, on top of what is there; the branch's commit.

    A branch that moved meanwhile is read again. Raises Unreachable when the remote does not answer, GatehouseError
    when it refuses every attempt.
    """
    writer = Writer(repository, remote, MACHINE)
    files = {place(result): msgspec.json.format(msgspec.json.encode(result), indent=1) for result in results}
    message = "\n".join(["Evidence", "", *(_line(result) for result in results)])
    for attempt in range(1, ATTEMPTS + 1):
        parent = writer.fetch(BRANCH)
        commit = writer.commit(parent, files, message)
        if commit == parent:
            return commit
        try:
            writer.push(commit, BRANCH, parent)
        except Unreachable:
            raise
        except GatehouseError:
            if attempt == ATTEMPTS:
                raise
            continue
        return commit
    raise AssertionError("every attempt returns or raises")


def place(result: Result) -> str:
    """The result's file on the branch, by its evidence key."""
    return f"{BRANCH}/{result.request.slot.model}/{result.key.removeprefix('sha256:')}.json"


def _line(result: Result) -> str:
    request = result.request
    return f"{request.slot} version {request.candidate.version} as {request.role}: {result.outcome}"
