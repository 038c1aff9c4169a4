"""A judgement in words: the title and the Markdown of the check, and lines for a terminal.

No word depends on when it is written, so that the same judgement says the same an hour later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from gatehouse.pin import Role
from gatehouse.report.text import clean, code, markdown
from gatehouse.review.facts import Asked, Facts
from gatehouse.review.judgement import Judgement, Place, Ruled
from gatehouse.review.who import Who
from gatehouse.review.words import moment, people
from gatehouse.review.would import lacking

NOBODY = "No person has to agree"
# A commit status, where a token may not make check runs, takes 140 characters.
_LIMIT = 130
# What is told first, of several reasons: what somebody did comes before what is still to be done.
_FIRST = ("rejected", "line", "draft", "gates", "approvals", "teams", "calendar", "hours", "emergency")
_OURS = re.compile(r"\\`(gatehouse review [0-9]+)\\`")
_SAID, _FIX = 500, 500
_MOST = 40


def title(facts: Facts, judgement: Judgement) -> str:
    """Few words, in plain text: what is missing and who can give it, or who agreed."""
    if not judgement.places:
        return NOBODY
    blocked = [place for place in judgement.places if not place.passed]
    if not blocked:
        return clean(_agreed(judgement), _LIMIT)
    more = f" (and {len(blocked) - 1} more)" if len(blocked) > 1 else ""
    which = f"{blocked[0].asked.slot}: " if len(judgement.places) > 1 else ""
    return clean(which + _missing(facts, blocked[0]), _LIMIT - len(more)) + more


def _agreed(judgement: Judgement) -> str:
    places = judgement.places
    said = next((ruled.said for place in places for ruled in place.rules if _told(place, ruled)), "people agree")
    flagged = any(place.flagged for place in places)
    return said + ("; flagged for the audit" if flagged else "")


def _told(place: Place, ruled: Ruled) -> bool:
    return ruled.rule == ("emergency" if place.emergency else "approvals")


def _missing(facts: Facts, place: Place) -> str:
    found = min(lacking(place), key=lambda ruled: _FIRST.index(ruled.rule) if ruled.rule in _FIRST else len(_FIRST))
    if found.rule == "gates":
        return "waiting for the gates: there is no evidence to review yet"
    if found.rule != "approvals":
        return found.said
    if found.unblocks is not None:
        return f"{found.said}; too fast, again from {moment(found.unblocks)}"
    return f"{found.said}; {people(_able(facts, place))} can approve"


def _able(facts: Facts, place: Place) -> list[str]:
    """Who was asked and may still agree; else the owners of the file."""
    who, asked = Who(facts), place.asked
    gone = who.all(
        [
            facts.author.login,
            *([facts.pushed_by.login] if facts.pushed_by else []),
            *facts.committers,
            *asked.trained_by,
            *(counted.who for counted in place.counted),
        ]
    )
    named = [name for name in facts.requested if "/" not in name and who.of(name) not in gone]
    owners = [owner.removeprefix("@") for owner in asked.owners if owner.startswith("@")]
    return named or [owner for owner in owners if who.of(owner) not in gone] or ["a code owner"]


def summary(facts: Facts, judgement: Judgement) -> str:
    """The Markdown below the title: each rule of each pin, what is missing first."""
    if not judgement.places:
        return "No pin changes here in a stage where people have to agree.\n"
    sign = "✅" if judgement.passed else "⏳"
    head = [f"## {sign} {markdown(title(facts, judgement), _LIMIT)}"]
    parts = (line for place in judgement.places for line in _place(place))
    foot = [] if judgement.passed else ["", *_next(facts)]
    return "\n".join([*head, *parts, *foot]).rstrip() + "\n"


def _place(place: Place) -> Iterator[str]:
    yield from ("", f"### {code(str(place.asked.slot))} {_pin(place.asked)}", "")
    yield from ("| | Rule | What was found | Next |", "|:--|:--|:--|:--|")
    yield from (_row(ruled) for ruled in _sorted(ruled for ruled in place.rules if ruled.review is None))
    tried = list(_tried(place))
    if tried:
        yield from ("", "| | Approval | What was found | Next |", "|:--|:--|:--|:--|")
        yield from tried[:_MOST]
    if len(tried) > _MOST:
        yield from ("", f"… and {len(tried) - _MOST:,} more")


def _sorted(rules: Iterator[Ruled]) -> list[Ruled]:
    return sorted(rules, key=lambda ruled: ruled.ok)


def _tried(place: Place) -> Iterator[str]:
    """What is broken or flagged of each approval and emergency; of one that simply counts, how long it took."""
    rules = [ruled for ruled in place.rules if ruled.review is not None]
    for _, group in groupby(rules, key=lambda ruled: ruled.review):
        mine = list(group)
        told = [ruled for ruled in mine if not ruled.ok or ruled.flag]
        yield from map(_row, told or [ruled for ruled in mine if ruled.rule == "timing"])


def _row(ruled: Ruled) -> str:
    unblocks = f" (from {moment(ruled.unblocks)} on)" if ruled.unblocks is not None else ""
    fix = advice(ruled.fix + unblocks, _FIX) or "–"
    return f"| {_sign(ruled, '✅', '🚩', '⏳')} | {ruled.rule} | {markdown(ruled.said, _SAID)} | {fix} |"


def advice(text: str, limit: int) -> str:
    """What to do, in Markdown: the one command that is ours stays one that can be copied."""
    return _OURS.sub(r"`\1`", markdown(text, limit))


def _sign(ruled: Ruled, good: str, flag: str, bad: str) -> str:
    return bad if not ruled.ok else flag if ruled.flag else good


def _next(facts: Facts) -> list[str]:
    return [
        f"Review it with `gatehouse review {facts.number}`, or with the form in the report's comment; "
        "`/reject-model MODEL VERSION reason` rejects it. This check is looked at again whenever somebody says "
        "something, after every push, and every hour.",
    ]


def lines(judgement: Judgement) -> list[str]:
    """Every rule's outcome in its order, for a terminal: what was found, what to do, and from when on it can hold."""
    told: list[str] = []
    for place in judgement.places:
        told.append(clean(f"{place.asked.slot} {_pin(place.asked)}", _SAID))
        for ruled in place.rules:
            told += _lines(ruled)
        if place.unblocks is not None:
            told.append(f"  it can pass from {moment(place.unblocks)} on")
    return told


def _lines(ruled: Ruled) -> Sequence[str]:
    told = [f"  {_sign(ruled, '✓', '⚑', '✗')} {ruled.rule:<11} {clean(ruled.said, _SAID)}"]
    if not ruled.ok and ruled.fix:
        told.append(f"      fix: {clean(ruled.fix, _FIX)}")
    if not ruled.ok and ruled.unblocks is not None:
        told.append(f"      unblocks: {moment(ruled.unblocks)}")
    return told


def _pin(asked: Asked) -> str:
    part = "" if asked.role is Role.CHAMPION else f" as {asked.role}"
    return f"version {asked.candidate.version}{part}"
