"""Where the token of a questionnaire comes from, when it is none of this pull request as it is now."""

from __future__ import annotations

from collections.abc import Iterable

from gatehouse.cli.reviews.view import View
from gatehouse.errors import GatehouseError
from gatehouse.evaluate.result import Result
from gatehouse.review.sheet import Sheet
from gatehouse.review.token import token

# Pull requests that may have been opened since.
_LATER = 50


def whence(seen: View, sheet: Sheet) -> str:
    """In words: another pull request's, an earlier commit's of this one, or nobody knows whose."""
    if not sheet.token:
        return "the form names no token, so that nobody can tell what it is about"
    number = seen.pull.number
    model = sheet.promotion.partition("/")[0]
    models = dict.fromkeys([*([model] if model else []), *(asked.slot.model for asked in seen.facts.asked)])
    found = _found(sheet.token, number, [result for name in models for result in _kept(seen, name)])
    if found is None:
        return f"its token {sheet.token} is not one of #{number}: of another pull request, or of an earlier commit"
    other, result = found
    if other != number:
        return f"its token {sheet.token} is that of pull request #{other}, of {result.request.slot}"
    if result.request.head != seen.facts.head:
        return f"its token {sheet.token} is that of an earlier commit of #{number}, {result.request.head[:12]}"
    return f"its token {sheet.token} is that of an earlier check of #{number}: main has changed since"


def _kept(seen: View, model: str) -> tuple[Result, ...]:
    from gatehouse.sync.evidence import Shelf

    try:
        return Shelf(seen.outlook.trunk).results(model)
    except GatehouseError:
        # Only the wording depends on it.
        return ()


def _found(wanted: str, number: int, results: Iterable[Result]) -> tuple[int, Result] | None:
    numbers = sorted(range(1, number + _LATER), key=lambda other: abs(other - number))
    for result in results:
        request = result.request
        for other in numbers:
            if token(other, request.head, request.slot, request.role, result.key) == wanted:
                return other, result
    return None
