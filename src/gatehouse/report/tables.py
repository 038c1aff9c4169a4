"""The comment's tables of figures, as lines of Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from gatehouse.evaluate.result import Result
from gatehouse.report import figures
from gatehouse.report.context import Context
from gatehouse.report.reading import FACES, deciding, docs_link, interval_title, levels_differ
from gatehouse.report.text import link, markdown
from gatehouse.verdict import Measure, Verdict

MAX_VERDICTS = 100


def gate_table(result: Result, context: Context) -> Iterator[str]:
    """One row a gate, with the figure that decided it."""
    rows = []
    for verdict in result.verdicts[:MAX_VERDICTS]:
        face, measure = FACES[verdict.outcome], deciding(verdict)
        what = markdown(measure.name, 60) if measure else markdown(verdict.summary, 120)
        rows.append(((_gate(verdict, context), f"{face.sign} {face.word}", what), measure))
    yield from _table(("Gate", "Verdict", "Measured"), rows)
    if len(result.verdicts) > MAX_VERDICTS:
        yield ""
        yield f"{len(result.verdicts) - MAX_VERDICTS:,} further gates are not shown."


def _gate(verdict: Verdict, context: Context) -> str:
    """The gate's name; a link to its documentation where the base commit has a section on it."""
    return link(markdown(verdict.gate, 40), docs_link(verdict.gate, context))


def _table(heads: Sequence[str], rows: Sequence[tuple[Sequence[str], Measure | None]]) -> Iterator[str]:
    """A table of escaped leading cells, each row with the figures of its measure; a column that would be empty
    throughout is left out."""
    measures = [measure for _, measure in rows if measure]
    columns: list[tuple[str, str, Callable[[Measure], str]]] = [
        ("Value", "--:", figures.value_of),
        ("Limit", "--:", figures.limit_of),
        ("Champion", "--:", figures.champion_of),
        (interval_title(measures), ":--", partial(figures.interval_of, levels=levels_differ(measures))),
    ]
    kept = [column for column in columns if any(column[2](measure) != figures.NOTHING for measure in measures)]
    yield f"| {' | '.join([*heads, *(title for title, _, _ in kept)])} |"
    yield f"|{'|'.join([':--'] * len(heads) + [side for _, side, _ in kept])}|"
    for cells, measure in rows:
        told = [markdown(of(measure), 60) if measure else figures.NOTHING for _, _, of in kept]
        yield f"| {' | '.join([*cells, *told])} |"


def every_figure(result: Result) -> Iterator[str]:
    """Every figure and note of every gate, folded away."""
    total = sum(len(verdict.measures) for verdict in result.verdicts)
    yield f"<details><summary>All {figures.count(total, 'figure')}, and notes</summary>"
    for verdict in result.verdicts:
        yield ""
        yield f"**{markdown(verdict.gate, 40)}** {FACES[verdict.outcome].word}: {markdown(verdict.summary)}"
        if verdict.measures:
            yield ""
            yield from _table(("Figure", "Verdict"), [(_figure(measure), measure) for measure in verdict.measures])
        if verdict.notes:
            yield ""
            yield from (f"- {markdown(note)}" for note in verdict.notes)
    yield ""
    yield "</details>"


def _figure(measure: Measure) -> tuple[str, str]:
    note = f" ({markdown(measure.note, 120)})" if measure.note else ""
    word = FACES[measure.outcome].word if measure.limit is not None else figures.NOTHING
    return markdown(measure.name, 80) + note, word
