"""How people agree to the pins of a pull request: the token, the form and the number of approvals, for the report."""

from __future__ import annotations

from collections.abc import Sequence

from gatehouse.cli.outlook import returning
from gatehouse.declare.types import Declared
from gatehouse.evaluate.result import Result
from gatehouse.git import Repository
from gatehouse.report.context import Asking, Consent
from gatehouse.review import body
from gatehouse.review.place import needed
from gatehouse.review.sheet import Sheet
from gatehouse.review.token import token


def asking(results: Sequence[Result], declared: Declared, repository: Repository, number: int) -> tuple[Asking, ...]:
    """One for each pin that was judged; without token and form where its gates did not pass, since there is nothing to
    agree to yet.

    ``declared`` is what the base asks. The same evidence on the same commit has the same token, however often it is
    posted.
    """
    return tuple(_one(result, declared, repository, number) for result in results)


def _one(result: Result, declared: Declared, repository: Repository, number: int) -> Asking:
    request = result.request
    about = request.slot, request.role, request.candidate
    stage = declared.stages.get(request.slot.stage)
    policy = declared.policies.get(request.slot.model)
    if stage is not None and stage.review == "none":
        return Asking(*about, Consent.NOBODY)
    if returning(repository, request, declared):
        return Asking(*about, Consent.RETURNING)
    if policy is None or not result.passed:
        return Asking(*about, Consent.PEOPLE)
    named = token(number, request.head, request.slot, request.role, result.key)
    sheet = Sheet(str(request.slot), request.candidate.version, named, request.role)
    return Asking(
        *about,
        Consent.PEOPLE,
        token=named,
        form=body.template(sheet, policy),
        approvals=needed(policy),
        soonest=int(policy.review.block_under.total_seconds()),
    )
