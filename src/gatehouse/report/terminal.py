"""Results in a terminal: one compact table a promotion, then why it is blocked and what to do next.

Colour only repeats what a word already says. Text of a result is never read as markup.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gatehouse.evaluate.result import Result
from gatehouse.report import figures
from gatehouse.report.basis import next_steps
from gatehouse.report.brief import brief
from gatehouse.report.context import Context
from gatehouse.report.reading import (
    FACES,
    blocking,
    deciding,
    headline,
    interval_title,
    levels_differ,
    place,
    reproduce,
    warning,
)
from gatehouse.report.text import clean, middle
from gatehouse.report.weight import remarks
from gatehouse.verdict import Measure, Outcome, Verdict

# Signs one cell wide in every terminal; emoji are two in some and one in others.
SIGNS = {
    Outcome.PASS: ("✓", "green"),
    Outcome.WARN: ("!", "yellow"),
    Outcome.INSUFFICIENT: ("?", "magenta"),
    Outcome.FAIL: ("✗", "red"),
    Outcome.ERROR: ("✗", "red"),
}

# The column of names is narrow.
NAMES = {"To acknowledge": "acknowledge"}
GAP = 3  # cells between two columns: the padding, and the blank line of the box
# A terminal narrower than this many cells loses the column; the verdict, the value and the limit always stay.
NEEDS = {"interval": 104, "champion": 80, "measured": 62}


@dataclass(frozen=True, slots=True)
class Report:
    """Results that fit themselves to the width they are printed at."""

    results: Sequence[Result]
    context: Context

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if not self.results:
            yield Text("No promotion in this change: there was nothing to check.")
        for index, result in enumerate(self.results):
            if index:
                yield Text()
            yield from _result(result, self.context, options.max_width)
        if self.results and self.context.links.report:
            yield Text()
            yield Text.assemble(("report  ", "dim"), clean(self.context.links.report, 500))


def render(results: Sequence[Result], context: Context) -> Report:
    """All results, one under the other, for a console of any width."""
    return Report(results, context)


def _result(result: Result, context: Context, width: int) -> Iterator[RenderableType]:
    outcome = result.outcome if result.passed else Outcome.FAIL
    sign, colour = SIGNS[outcome]
    yield Text.assemble((f"{sign} {headline(result)}", f"bold {colour}"), f"  {clean(place(result), 120)}")
    for line in brief(result, context):
        yield _line(NAMES.get(line.name, line.name.lower()), line.text, 2000)
    for remark in remarks(result):
        yield from (_line("" if index else remark.name.lower(), line) for index, line in enumerate(remark.lines))
    yield Text()
    yield _table(result.verdicts, width)
    told = [*blocking(result), *warning(result)]
    for verdict in told:
        yield Text()
        yield from _reason(verdict)
    command = reproduce(result)
    if blocking(result) and command:
        yield Text()
        yield Text.assemble("After a change, ask again:  ", (command, "bold"))


def _line(name: str, text: str, limit: int = 400) -> RenderableType:
    """A name in a column of its own; what does not fit wraps beside it."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", width=11, no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(name, Text(clean(text, limit)))
    return Padding(grid, (0, 0, 0, 2))


def _table(verdicts: Sequence[Verdict], width: int) -> Table:
    """The deciding figure of each gate. Columns that would be empty, or find no room, are left out."""
    chosen = [deciding(verdict) for verdict in verdicts]
    measures = [measure for measure in chosen if measure]
    compared = width >= NEEDS["champion"] and any(measure.champion is not None for measure in measures)
    bounded = width >= NEEDS["interval"] and any(measure.interval for measure in measures)
    titles = ["value", "limit", *["champion"][:compared], *[interval_title(measures).lower()][:bounded]]
    words = [" ".join((SIGNS[verdict.outcome][0], FACES[verdict.outcome].word)) for verdict in verdicts]
    levels = levels_differ(measures)
    figured = [_cells(measure, compared=compared, bounded=bounded, levels=levels) for measure in chosen]
    names = [middle(verdict.gate, 20) for verdict in verdicts]
    # Figures keep their room, and what was measured is elided to what is left.
    room = width - GAP - sum(_widest(column) + GAP for column in (names, words, *zip(titles, *figured, strict=True)))
    named = width >= NEEDS["measured"] and room > 12
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for title in ("gate", "verdict", *["measured"][:named]):
        table.add_column(title, no_wrap=True)
    for title in titles:
        table.add_column(title, justify="right", no_wrap=True)
    for verdict, measure, name, word, cells in zip(verdicts, chosen, names, words, figured, strict=True):
        what = [Text(middle(measure.name, room) if measure else clean(verdict.summary, room))] if named else []
        table.add_row(Text(name), Text(word, style=SIGNS[verdict.outcome][1]), *what, *map(Text, cells))
    return table


def _widest(cells: Sequence[str]) -> int:
    return max(map(cell_len, cells), default=0)


def _cells(measure: Measure | None, *, compared: bool, bounded: bool, levels: bool) -> list[str]:
    if measure is None:
        return ["" for _ in range(2 + compared + bounded)]
    cells = [figures.value_of(measure), figures.limit_of(measure)]
    cells += [figures.champion_of(measure)] if compared else []
    cells += [figures.interval_of(measure, levels=levels)] if bounded else []
    return ["" if cell == figures.NOTHING else cell for cell in cells]


def _reason(verdict: Verdict) -> Iterator[RenderableType]:
    sign, colour = SIGNS[verdict.outcome]
    yield Text.assemble(
        (f"{sign} {clean(verdict.gate, 60)} {FACES[verdict.outcome].word}", f"bold {colour}"),
        f": {clean(verdict.summary, 400)}",
    )
    if meaning := FACES[verdict.outcome].meaning:
        yield Padding(Text(meaning, style="dim"), (0, 0, 0, 2))
    for advice in next_steps(verdict)[:8]:
        yield Padding(Text(f"→ {clean(advice, 400)}"), (0, 0, 0, 2))
