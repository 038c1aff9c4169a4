"""The comment on the pull request: what would change, whether it may, and what to do next.

Everything from a result passes through ``text.markdown`` or ``text.code``. The comment never exceeds what GitHub
takes: the longer parts are left out first, and the comment says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.result import Result
from gatehouse.report import figures, howto
from gatehouse.report.context import Context
from gatehouse.report.reading import FACES, blocking, headline, overall, sign, warning
from gatehouse.report.section import Cut, place_of, section, verdict_line
from gatehouse.report.text import code, link, markdown
from gatehouse.verdict import Outcome

# GitHub's limit for a comment and for a check's text is 65,535, held here in UTF-8 bytes: right however it counts
# characters. The rest is left for the line by which the comment is found again.
LIMIT = 65_400
MAX_ROWS = 200

CUTS = (
    Cut(),
    Cut(figures=False, missing="the figures behind each gate"),
    Cut(figures=False, forms=False, missing="the figures behind each gate"),
    Cut(
        figures=False, forms=False, tables=False, missing="the figures behind each gate, and the tables of what passed"
    ),
    Cut(
        figures=False,
        forms=False,
        tables=False,
        passed=False,
        missing="the figures behind each gate, and the promotions that passed",
    ),
    Cut(
        figures=False,
        forms=False,
        tables=False,
        passed=False,
        sections=False,
        missing="everything but the verdicts",
    ),
)


def comment(results: Sequence[Result], context: Context, room: int = LIMIT) -> str:
    """The whole comment, at most ``room`` bytes."""
    if not results:
        return _lines(
            "## No promotion in this pull request",
            "",
            "No pin under `promotions/` changes here, so there was nothing to check.",
        )
    for cut in CUTS:
        text = _fitting(_compose(results, context, cut), room)
        if text:
            return text
    return _table_alone(results, context)


def stale(reason: str) -> str:
    """The comment in place of a report that no longer holds, until the next check replaces it."""
    return _lines(
        "## ⏳ This report is out of date",
        "",
        f"{markdown(reason)}. Approvals of the old evidence do not count any more, and its token is void.",
        "",
        "**Next:** wait for the check that is running, or start it again. Its report has the new token, and whoever "
        "approved before is asked again.",
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


def _fitting(lines: Iterator[str], room: int) -> str:
    """The lines as one text, or "" as soon as they are too long: nobody waits for what will not be posted."""
    kept, size = [], 0
    for line in lines:
        size += len(line.encode()) + 1
        if size > room:
            return ""
        kept.append(line)
    return _lines(*kept)


def _compose(results: Sequence[Result], context: Context, cut: Cut) -> Iterator[str]:
    yield from _head(results, context)
    asked = howto.in_sight(results, context)
    for result in results if cut.sections else ():
        if cut.passed or not result.passed:
            mine = (result.request.slot, result.request.role) in asked
            yield ""
            yield from section(result, context, cut, several=len(results) > 1, asked=mine)
    yield from howto.section(results, context, forms=cut.forms)
    if cut.missing:
        yield ""
        yield from _shortened(cut.missing, context)


def _table_alone(results: Sequence[Result], context: Context) -> str:
    """What is left when even the verdicts are too many: their number, and as many rows as fit for certain."""
    rows = list(_summary_table(results[:40]))
    missing = f"everything but the first {len(results[:40])} of {len(results):,} promotions"
    how = howto.in_short(results, context)
    return _lines(f"## {_title(results)}", *_links(context), "", *rows, "", *how, *_shortened(missing, context))


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


def _head(results: Sequence[Result], context: Context) -> Iterator[str]:
    if len(results) == 1:
        yield f"## {verdict_line(results[0])}"
        yield from _links(context)
        return
    yield f"## {_title(results)}"
    yield from _links(context)
    yield ""
    yield from _summary_table(results[:MAX_ROWS])


def _links(context: Context) -> Iterator[str]:
    """Where to read on, below the title."""
    parts = [
        link(label, url)
        for label, url in (("HTML report with plots", context.links.report), ("MLflow", context.links.mlflow))
        if url
    ]
    if parts:
        yield ""
        yield f"<sub>{' · '.join(parts)}</sub>"


def _summary_table(results: Sequence[Result]) -> Iterator[str]:
    yield "| Promotion | Change | Verdict | Gates |"
    yield "|:--|:--|:--|:--|"
    for result in results:
        before = result.request.previous
        change = f"{before.version if before else 'none'} → **{result.request.candidate.version}**"
        told = ", ".join(code(verdict.gate, 30) for verdict in [*blocking(result), *warning(result)][:4])
        yield f"| {place_of(result)} | {change} | {sign(result)} {headline(result)} | {told or figures.NOTHING} |"
