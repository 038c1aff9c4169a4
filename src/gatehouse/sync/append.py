"""Adding files to the evidence branch, to which several runs may add in the same second."""

from __future__ import annotations

from collections.abc import Callable

from gatehouse.errors import GatehouseError, Unreachable
from gatehouse.git import Repository, Writer
from gatehouse.sync.places import BRANCH
from gatehouse.sync.trunk import MACHINE

# Checks of several pull requests may end in the same second.
ATTEMPTS = 5

# What to add to the branch as it is at a commit (None: there is no branch yet); nothing where it is all there.
Lacking = Callable[[str | None], dict[str, bytes]]


def append(repository: Repository, remote: str | None, lacking: Lacking, message: str) -> tuple[str | None, bool]:
    """Commits what is lacking to the branch of the remote: the branch's commit then (None: there is no branch), and
    whether something was added.

    A branch that moved meanwhile is read again. Raises Unreachable when the remote does not answer, GatehouseError when
    it refuses every attempt.
    """
    writer = Writer(repository, remote, MACHINE)
    for attempt in range(1, ATTEMPTS + 1):
        parent = writer.fetch(BRANCH)
        files = lacking(parent)
        if not files:
            return parent, False
        commit = writer.commit(parent, files, message)
        try:
            writer.push(commit, BRANCH, parent)
        except Unreachable:
            raise
        except GatehouseError:
            if attempt == ATTEMPTS:
                raise
            continue
        return commit, True
    raise AssertionError("every attempt returns or raises")
