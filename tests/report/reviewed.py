"""Reports of pull requests that people have to agree to, with the promotions before them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import msgspec

from gatehouse.declare.types import Policy, Question, Review
from gatehouse.evaluate.result import Result
from gatehouse.pin import Pin, Role, Slot
from gatehouse.report.context import Asking, Consent, Context, Earlier
from gatehouse.review.body import template
from gatehouse.review.place import needed
from gatehouse.review.sheet import Sheet
from gatehouse.review.token import token
from tests.support import results

NUMBER = 17
LIMITATIONS = ("thin-file-applicants", "post-2024-inflation")
QUESTION = Question("pricing", "Has pricing been told that scores move?", ("yes", "not needed"))


def policy(model: str = "credit-risk", limitations: Sequence[str] = LIMITATIONS, questions: int = 1) -> Policy:
    own = tuple(msgspec.structs.replace(QUESTION, id=f"pricing-{number}") for number in range(questions))
    review = Review(2, limitations=tuple(limitations), questions=own)
    return Policy(model, "@acme/credit-risk", "high", "binary", date(2026, 9, 1), {}, review=review)


def asked(result: Result, rules: Policy | None = None) -> Asking:
    """As ``gatehouse.cli.reviews.howto`` makes it of a pin that people have to agree to."""
    request, rules = result.request, rules or policy(result.request.slot.model)
    about = request.slot, request.role, request.candidate
    if not result.passed:
        return Asking(*about, Consent.PEOPLE)
    named = token(NUMBER, request.head, request.slot, request.role, result.key)
    sheet = Sheet(str(request.slot), request.candidate.version, named, request.role)
    return Asking(*about, Consent.PEOPLE, named, template(sheet, rules), needed(rules), 30)


def free(result: Result, consent: Consent = Consent.NOBODY) -> Asking:
    request = result.request
    return Asking(request.slot, request.role, request.candidate, consent)


def odd() -> Result:
    """One that passes, and differs from the last promotions in nearly everything."""
    verdicts = [results.artifact(), results.accuracy(0.8305, 0.825), results.latency(46.0), results.fairness()]
    made = results.result([*verdicts, results.drift(8, 0.143)], candidate=results.THIRD)
    candidate = msgspec.structs.replace(made.candidate, bytes=512_000_000)
    return msgspec.structs.replace(made, rows=2_500, candidate=candidate)


def promoted(
    count: int,
    *,
    auc: float = 0.836,
    gain: float = 0.0115,
    p95: float = 28.0,
    slot: Slot = results.SLOT,
    every: timedelta = timedelta(days=21),
) -> tuple[Earlier, ...]:
    """As many promotions of a slot, one about as good as the other, the last one three weeks before the samples'."""
    found = []
    for number in range(count):
        wave = (number % 3 - 1) * 0.001
        check = results.result(
            [results.accuracy(auc + wave, auc + wave - gain + wave / 2), results.latency(p95 + wave * 900)],
            candidate=Pin(number + 10, f"sha256:{number:064x}"),
            slot=slot,
        )
        at = datetime.fromisoformat("2026-11-24T03:49:00+00:00") - (count - number) * every
        found.append(Earlier(msgspec.structs.replace(check, evaluated=at - timedelta(hours=2)), at))
    return tuple(found)


def context(
    made: Sequence[Result],
    *,
    before: int = 6,
    asking: Sequence[Asking] | None = None,
    base: Context = results.CONTEXT,
) -> Context:
    """What a report on these results knows where people have to agree to each."""
    places: dict[tuple[Slot, Role], tuple[Earlier, ...]] = {
        (one.request.slot, one.request.role): promoted(before, slot=one.request.slot) for one in made
    }
    asks = tuple(map(asked, made)) if asking is None else tuple(asking)
    return msgspec.structs.replace(base, earlier=places, asking=asks)
