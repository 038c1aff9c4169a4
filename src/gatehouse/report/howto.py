"""How to agree to a promotion, or to say no: what the comment and the page tell a reviewer beside the five lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gatehouse.evaluate.result import Result
from gatehouse.pin import MODEL, Role, Slot
from gatehouse.report import figures
from gatehouse.report.context import Asking, Consent, Context
from gatehouse.report.text import code, markdown

TITLE = "How to review"
MOST_IN_SIGHT = 5


def people(results: Sequence[Result], context: Context) -> tuple[Asking, ...]:
    """The pins that people can agree to now: () while a gate blocks, and where nobody is asked."""
    if not all(result.passed for result in results):
        return ()
    return tuple(asking for asking in context.asking if asking.token)


def in_sight(results: Sequence[Result], context: Context) -> frozenset[tuple[Slot, Role]]:
    """The places whose five lines are not folded away: those that people are asked about, where there are few."""
    asked = people(results, context)
    return frozenset((each.slot, each.role) for each in asked) if len(asked) <= MOST_IN_SIGHT else frozenset()


def notes(results: Sequence[Result], context: Context) -> tuple[str, ...]:
    """What is to be said behind "Review:" where nobody can review yet, or need not; a sentence each, plain text."""
    kinds = {asking.consent for asking in context.asking}
    passed = all(result.passed for result in results)
    if Consent.PEOPLE in kinds and not passed:
        return ("once every gate has passed, this report says how.",)
    return tuple(
        sentence for kind, sentence in _without(context, alone=len(kinds) == 1, passed=passed) if kind in kinds
    )


def _without(context: Context, *, alone: bool, passed: bool) -> Iterator[tuple[Consent, str]]:
    stages = dict.fromkeys(asking.slot.stage for asking in context.asking if asking.consent is Consent.NOBODY)
    named, once = ", ".join(stages), "now that" if passed else "once"
    itself = f" It merges itself {once} its gates have passed." if alone else ""
    yield Consent.NOBODY, f"not needed for {named}: the gates alone decide there.{itself}"
    back = [f"version {each.candidate.version}" for each in context.asking if each.consent is Consent.RETURNING]
    one = len(back) == 1
    told = f"{', '.join(back)} {'was' if one else 'were'} champion here before, and may come back"
    yield Consent.RETURNING, f"not needed to go back: {told}."


def needs(asked: Sequence[Asking]) -> str:
    """``2 approvals``; the most that one of the pins needs."""
    return figures.count(max(each.approvals for each in asked), "approval")


def place(asking: Asking) -> str:
    """``credit-risk → production, version 3``."""
    role = "" if asking.role is Role.CHAMPION else f" as {asking.role}"
    return f"{asking.slot.model} → {asking.slot.label}{role}, version {asking.candidate.version}"


def approve(asking: Asking) -> str:
    return f"/approve-model {asking.slot.model} {asking.candidate.version} {asking.token}"


def reject(asking: Asking) -> str:
    return f"/reject-model {asking.slot.model} {asking.candidate.version} …"


def form(asked: Sequence[Asking]) -> str:
    """All forms as one text that counts as a review and as a comment: each begins with the command of its pin."""
    return "\n".join(f"{approve(each)}\n\n{each.form}" for each in asked if MODEL.fullmatch(each.slot.model))


def warnings(asked: Sequence[Asking]) -> tuple[str, ...]:
    """What makes an honest approval void; plain text."""
    told = ["The token names the last commit and this evidence: after a push, or new evidence, there is another one."]
    soonest = max(each.soonest for each in asked)
    if soonest:
        told.append(f"An approval within {soonest} s of the evidence does not count: nobody reads that fast.")
    return tuple(told)


def section(results: Sequence[Result], context: Context, *, forms: bool) -> Iterator[str]:
    """The comment's part, line by line; nothing where nobody knows who has to agree."""
    for note in notes(results, context):
        yield ""
        yield f"**Review:** {markdown(note, 400)}"
    asked = people(results, context)
    if asked:
        yield ""
        yield from _fold(asked, context, forms=forms)


def in_short(results: Sequence[Result], context: Context) -> Iterator[str]:
    """What stays of it where even the pins are too many."""
    asked = people(results, context)
    if asked:
        yield f"**{TITLE}:** `gatehouse review {context.pull_request}` shows each pin with its token; {needs(asked)}."
        yield ""


def _fold(asked: Sequence[Asking], context: Context, *, forms: bool) -> Iterator[str]:
    command = f"gatehouse review {context.pull_request}"
    yield f"<details><summary><strong>{TITLE}</strong>: {needs(asked)}, two minutes each</summary>"
    yield ""
    for each in asked:
        yield f"- {markdown(place(each), 200)}: token {code(each.token, 20)}, {needs([each])}"
    yield ""
    yield f"**In a terminal:** `{command}` shows the evidence, asks the questions and submits the review."
    yield ""
    # GitHub breaks a line of a comment where its text does, so that each paragraph is one line.
    if forms:
        yield (
            "**Here:** copy the form below, answer behind each `>`, put an `x` into boxes, and submit it as a review "
            "that approves, or as a comment."
        )
    else:
        yield (
            f"**Here:** the form is too long for this comment: `{command} --template` prints it. Filled in, submit it "
            "as a review that approves, or as a comment below this command:"
        )
        yield ""
        yield from (f"- {code(approve(each), 300)}" for each in asked)
    yield ""
    yield (
        "**To say no:** comment with your reason in place of the dots, or request changes with it. It goes on record, "
        "the proposer sees it, and nothing else happens."
    )
    yield ""
    yield from (f"- {code(reject(each), 300)}" for each in asked)
    yield ""
    yield " ".join(markdown(text, 300) for text in warnings(asked))
    if forms:
        yield ""
        yield from _fenced(form(asked))
    yield ""
    yield "</details>"


def _fenced(text: str) -> Iterator[str]:
    """Code in a fence that nothing inside can close."""
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    fence = "`" * max(4, longest + 1)
    yield f"{fence}markdown"
    yield from text.rstrip("\n").split("\n")
    yield fence
