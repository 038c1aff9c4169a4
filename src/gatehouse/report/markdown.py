"""The comment on the pull request: what would change, whether it may, and what to do next.

Everything from a result passes through ``text.markdown`` or ``text.code``. The comment never exceeds what GitHub
takes: the longer parts are left out first, and the comment says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.result import Result, Subject
from gatehouse.report import figures
from gatehouse.report.context import Context
from gatehouse.report.reading import (
    FACES,
    blocking,
    gain_in_words,
    headline,
    overall,
    place,
    reproduce,
    sign,
    unusual,
    version_link,
    warning,
    worst_in_words,
)
from gatehouse.report.tables import MAX_VERDICTS, every_figure, gate_table
from gatehouse.report.text import below, clean, code, link, markdown
from gatehouse.verdict import Outcome, Verdict

# GitHub's limit for a comment and for a check's text is 65,535, held here in UTF-8 bytes: right however it counts
# characters. The rest is left for the line by which the comment is found again.
LIMIT = 65_400
MAX_ROWS = 200


@dataclass(frozen=True, slots=True)
class Cut:
    """How much of the report is written. ``figures``: every figure of every gate; ``sections``: a part for each
    result, else only the table of them; ``passed``: for the passing ones too; ``missing`` says what was left out."""

    figures: bool = True
    passed: bool = True
    sections: bool = True
    missing: str = ""


CUTS = (
    Cut(),
    Cut(figures=False, missing="the figures behind each gate"),
    Cut(figures=False, passed=False, missing="the figures behind each gate, and the promotions that passed"),
    Cut(figures=False, passed=False, sections=False, missing="everything but the verdicts"),
)


def comment(results: Sequence[Result], context: Context) -> str:
    """The whole comment, at most LIMIT bytes."""
    if not results:
        return _lines(
            "## No promotion in this pull request",
            "",
            "No pin under `promotions/` changes here, so there was nothing to check.",
        )
    for cut in CUTS:
        text = _fitting(_compose(results, context, cut))
        if text:
            return text
    return _table_alone(results, context)


def stale(reason: str) -> str:
    """The comment in place of a report that no longer holds, until the next check replaces it."""
    return _lines(
        "## ⏳ This report is out of date",
        "",
        f"{markdown(reason)}. Approvals of the old evidence do not count.",
        "",
        "**Next:** wait for the check that is running, or start it again.",
    )


def refused(error: GatehouseError) -> str:
    """The comment when nothing could be checked at all: wrong use, broken configuration, a service that is away."""
    fix = [f"**Next:** {markdown(error.fix, 1000)}"] if error.fix else []
    return _lines(
        "## 💥 Nothing was checked",
        "",
        markdown(error.message, 2000),
        "",
        *fix,
        "",
        "An unchecked promotion is a blocked one.",
    )


def _lines(*lines: str) -> str:
    return "\n".join(lines).rstrip() + "\n"


def _fitting(lines: Iterator[str]) -> str:
    """The lines as one text, or "" as soon as they are too long: nobody waits for what will not be posted."""
    kept, size = [], 0
    for line in lines:
        size += len(line.encode()) + 1
        if size > LIMIT:
            return ""
        kept.append(line)
    return _lines(*kept)


def _compose(results: Sequence[Result], context: Context, cut: Cut) -> Iterator[str]:
    yield from _head(results)
    for result in results if cut.sections else ():
        if cut.passed or not result.passed:
            yield ""
            yield from _section(result, context, cut, several=len(results) > 1)
    if cut.missing:
        yield ""
        yield from _shortened(cut.missing, context)
    yield ""
    yield from _ending(context)


def _table_alone(results: Sequence[Result], context: Context) -> str:
    """What is left when even the verdicts are too many: their number, and as many rows as fit for certain."""
    rows = list(_summary_table(results[:40]))
    missing = f"everything but the first {len(results[:40])} of {len(results):,} promotions"
    return _lines(f"## {_title(results)}", "", *rows, "", *_shortened(missing, context), "", *_ending(context))


def _shortened(missing: str, context: Context) -> list[str]:
    where = link("The full report", context.links.report)
    tail = f" {where} has it." if context.links.report else " The HTML report has it."
    return [f"> ✂️ Shortened to what fits into a comment: {missing} left out.{tail}"]


def _title(results: Sequence[Result]) -> str:
    blocked = sum(not result.passed for result in results)
    face = FACES[Outcome.FAIL if blocked else overall(results)]
    if blocked:
        return f"{face.sign} {blocked:,} of {figures.count(len(results), 'promotion')} blocked"
    return f"{face.sign} All {figures.count(len(results), 'promotion')} passed"


def _head(results: Sequence[Result]) -> Iterator[str]:
    if len(results) == 1:
        yield f"## {_verdict(results[0])}"
        return
    yield f"## {_title(results)}"
    yield ""
    yield from _summary_table(results[:MAX_ROWS])


def _summary_table(results: Sequence[Result]) -> Iterator[str]:
    yield "| Promotion | Change | Verdict | Gates |"
    yield "|:--|:--|:--|:--|"
    for result in results:
        before = result.request.previous
        change = f"{before.version if before else 'none'} → **{result.request.candidate.version}**"
        told = ", ".join(code(verdict.gate, 30) for verdict in [*blocking(result), *warning(result)][:4])
        yield f"| {_place(result)} | {change} | {sign(result)} {headline(result)} | {told or figures.NOTHING} |"


def _verdict(result: Result) -> str:
    return f"{sign(result)} {headline(result)}: {_place(result)}"


def _place(result: Result) -> str:
    return markdown(place(result), 120)


def _section(result: Result, context: Context, cut: Cut, *, several: bool) -> Iterator[str]:
    folded = several and result.passed
    if folded:
        yield f"<details><summary>{_verdict(result)}</summary>"
        yield ""
    elif several:
        yield f"### {_verdict(result)}"
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
    """The five lines that a reviewer reads first."""
    yield f"- **Changes:** {_change(result, context)}"
    yield f"- **Gain:** {markdown(gain_in_words(result), 300)}"
    yield f"- **Worst group:** {markdown(worst_in_words(result), 300)}"
    odd = [markdown(line, 200) for line in unusual(result)]
    rest = f" · and {len(odd) - 4} more" if len(odd) > 4 else ""
    yield f"- **Unusual:** {' · '.join(odd[:4]) or 'nothing that the gates noticed'}{rest}"
    limits = [markdown(limit, 120) for limit in context.limitations.get(result.request.slot.model, ())[:20]]
    yield f"- **To acknowledge:** {' · '.join(limits) or 'no known limitation is listed'}"


def _change(result: Result, context: Context) -> str:
    request = result.request
    model = request.slot.model
    before = f"version {request.previous.version} (`{request.previous.short}`)" if request.previous else "nothing"
    after = link(f"version {request.candidate.version}", version_link(model, request.candidate.version, context))
    parts = [f"{before} → **{after}** (`{request.candidate.short}`)"]
    parts += _origin(result.candidate, context)
    return ", ".join(parts)


def _origin(subject: Subject, context: Context) -> Iterator[str]:
    if subject.trained_by:
        yield f"trained by {markdown(subject.trained_by, 60)}"
    if subject.created:
        yield f"registered {figures.moment(subject.created)}"
    if subject.run:
        yield link(f"run {code(subject.run, 16)}", below(subject.link, context.links.mlflow))


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
    yield from (f"  - **Next:** {markdown(advice)}" for advice in verdict.advice[:5])


def _evidence(result: Result, context: Context) -> Iterator[str]:
    request = result.request
    engine, isolation = markdown(result.engine, 40), markdown(result.isolation or "none", 30)
    rows = f"{figures.count(result.rows, 'labelled row')}, " if result.rows else ""
    summary = f"Evidence <code>{_short(result.key)}</code>: {rows}{figures.duration(result.seconds)}, {engine}"
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
    return markdown(clean(key, 100).removeprefix("sha256:")[:12], 13)


def _ending(context: Context) -> Iterator[str]:
    parts = [
        link(label, url)
        for label, url in (("HTML report with plots", context.links.report), ("MLflow", context.links.mlflow))
        if url
    ]
    if parts:
        yield f"<sub>{' · '.join(parts)}</sub>"
