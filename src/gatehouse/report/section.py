"""One promotion's part of the comment: what a reviewer reads first, why it is blocked, the gates, the evidence.

Everything from a result passes through ``text.markdown`` or ``text.code``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gatehouse.evaluate.result import Result
from gatehouse.report import figures
from gatehouse.report.basis import next_steps
from gatehouse.report.brief import UNUSUAL, Part, brief
from gatehouse.report.context import Context
from gatehouse.report.reading import (
    FACES,
    blocking,
    headline,
    place,
    reproduce,
    sign,
    warning,
)
from gatehouse.report.tables import MAX_VERDICTS, every_figure, gate_table
from gatehouse.report.text import clean, code, escaped, link, markdown
from gatehouse.report.weight import remarks
from gatehouse.verdict import Verdict

# On one screen; the page has room for all of them.
MOST_UNUSUAL = 5


@dataclass(frozen=True, slots=True)
class Cut:
    """How much of the report is written. ``figures``: every figure of every gate; ``forms``: what reviewers fill in;
    ``tables``: of what passed more than the five lines; ``sections``: a part for each result, else only the table of
    them; ``passed``: for the passing ones too; ``missing`` says what was left out."""

    figures: bool = True
    forms: bool = True
    tables: bool = True
    passed: bool = True
    sections: bool = True
    missing: str = ""


def verdict_line(result: Result) -> str:
    """``✅ Passed, 7 of 7 gates: credit-risk → production``, escaped."""
    return f"{sign(result)} {headline(result)}: {place_of(result)}"


def place_of(result: Result) -> str:
    """The model, its slot and the role, escaped."""
    return markdown(place(result), 120)


def section(result: Result, context: Context, cut: Cut, *, several: bool, asked: bool) -> Iterator[str]:
    """The part of one result, line by line; among others, what passed is folded away, but for what people who are
    ``asked`` to agree have to read."""
    shown = not several or not result.passed or asked
    if not shown:
        yield f"<details><summary>{verdict_line(result)}</summary>"
        yield ""
    elif several:
        yield f"### {verdict_line(result)}"
        yield ""
    yield from _brief(result, context)
    if blocking(result):
        yield ""
        yield from _why(result)
    if warning(result):
        yield ""
        yield "**Worth a look**"
        yield ""
        yield from (line for verdict in warning(result)[:MAX_VERDICTS] for line in _reason(verdict))
    if cut.tables or not result.passed:
        yield from _details(result, context, cut, folded=several and result.passed and shown)
    if not shown:
        yield ""
        yield "</details>"


def _details(result: Result, context: Context, cut: Cut, *, folded: bool) -> Iterator[str]:
    if folded:
        yield ""
        yield "<details><summary>Gates, figures and evidence</summary>"
    yield ""
    yield from gate_table(result, context)
    if cut.figures:
        yield ""
        yield from every_figure(result)
    yield ""
    yield from _evidence(result, context)
    if folded:
        yield ""
        yield "</details>"


def _brief(result: Result, context: Context) -> Iterator[str]:
    """What a reviewer reads first: five lines, and what is to be said of the evidence as a whole."""
    for line in brief(result, context):
        told = ["".join(map(_part, item)) for item in line.items]
        if line.name == UNUSUAL and len(told) > MOST_UNUSUAL + 1:
            told = [*told[:MOST_UNUSUAL], f"and {len(told) - MOST_UNUSUAL} more in the HTML report"]
        yield f"- **{line.name}:** {' · '.join(told)}"
    for remark in remarks(result):
        yield f"- **{remark.name}:** {' · '.join(markdown(line, 300) for line in remark.lines)}"


def _part(part: Part) -> str:
    label = link(code(part.text) if part.code else escaped(part.text), part.url)
    return f"**{label}**" if part.strong else label


def _why(result: Result) -> Iterator[str]:
    yield "**Why it is blocked, and what to do next**"
    yield ""
    for verdict in blocking(result)[:MAX_VERDICTS]:
        yield from _reason(verdict)
    command = reproduce(result)
    again = f"; the same check on your machine: `{command}`" if command else ""
    yield f"- Push a better pin or a fix to this branch, and this report is made anew{again}."


def _reason(verdict: Verdict) -> Iterator[str]:
    face = FACES[verdict.outcome]
    meaning = f" _{face.meaning}_" if face.meaning and not verdict.outcome.lets_through else ""
    yield f"- {face.sign} **{markdown(verdict.gate, 40)}** {face.word}: {markdown(verdict.summary)}{meaning}"
    yield from (f"  - **Next:** {markdown(advice)}" for advice in next_steps(verdict)[:5])


def _evidence(result: Result, context: Context) -> Iterator[str]:
    request = result.request
    engine, isolation = markdown(result.engine, 40), markdown(result.isolation or "none", 30)
    rows = f"{figures.count(result.rows, 'labelled row')}, " if result.rows else ""
    summary = f"Evidence {_short(result.key)}: {rows}{figures.duration(result.seconds)}, {engine}"
    yield f"<details><summary>{summary}, isolation {isolation}</summary>"
    yield ""
    yield f"- evidence key {code(result.key, 80)}"
    champion = code(request.champion.digest) if request.champion else "none"
    yield f"- candidate {code(request.candidate.digest)}, champion {champion}"
    yield f"- gates and policy from base {code(request.base, 40)}, pin from head {code(request.head, 40)}"
    yield from (f"- {markdown(name, 60)} data {code(digest, 80)}" for name, digest in list(result.data.items())[:20])
    yield f"- evaluated {figures.moment(result.evaluated)}"
    if owner := context.owners.get(request.slot.model):
        # Named as code: the report should not ring the owners each time it is made anew.
        yield f"- policy owned by {code(owner)}"
    yield ""
    yield "</details>"


def _short(key: str) -> str:
    return code(clean(key, 100).removeprefix("sha256:")[:12], 13)
