"""How often an evaluation table has been used: the more candidates it has judged, the more of its passes are luck.

A test at 5 % lets one in twenty through that is no better; whoever asks the same table about candidate after candidate
until one passes has chosen that one (Blum and Hardt 2015, "The Ladder"). The evidence branch is the ledger: every check
of a pull request lies there.
"""

from __future__ import annotations

from collections.abc import Iterable

from gatehouse.evaluate.result import Result
from gatehouse.git import Repository
from gatehouse.sync.evidence import BRANCH, shelved

TABLE = "evaluation"


def uses(result: Result, seen: Iterable[Result]) -> int:
    """How many candidates of the result's model its evaluation table has judged, this one included.

    The same candidate counts once, wherever it was proposed. 0 where there is no table.
    """
    table = result.data.get(TABLE)
    if not table:
        return 0
    model = result.request.slot.model
    judged = {
        other.request.candidate.digest
        for other in seen
        if other.request.slot.model == model and other.data.get(TABLE) == table and other.rows
    }
    return len(judged | {result.request.candidate.digest})


def entries(repository: Repository, model: str) -> tuple[Result, ...]:
    """What the evidence branch has of a model, as far as it was fetched: counting is not worth a wait for a remote."""
    for place in (f"refs/remotes/origin/{BRANCH}", f"refs/heads/{BRANCH}"):
        if repository.has(place):
            return shelved(repository, repository.resolve(place), model)
    return ()
