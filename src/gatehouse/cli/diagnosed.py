"""What doctor found, in words for a terminal, wide or narrow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import structs

from gatehouse.cli.frame import console
from gatehouse.doctor.finding import Finding, Level, Unseen
from gatehouse.report.text import clean

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gatehouse.doctor.facts import Facts
    from gatehouse.doctor.mend import Change

_MARKS = {Level.OK: ("✓", "green"), Level.WARN: ("!", "yellow"), Level.BAD: ("✗", "red"), Level.UNKNOWN: ("?", "cyan")}
# Below this many columns a check's name stands above its finding, not beside it.
_WIDE = 90


def said(facts: Facts, findings: Sequence[Finding]) -> Iterator[RenderableType]:
    where = "" if isinstance(facts.github, Unseen) else f"{_clean(facts.github.host.slug)}, "
    yield f"{where}main at {facts.main.commit[:12]}"
    yield from drawn(findings)
    yield _summary(findings)


def drawn(findings: Sequence[Finding]) -> Iterator[RenderableType]:
    """Each finding; of several that are mended in one place, the first says where."""
    draw: Callable[[Finding], RenderableType] = _beside if console().width >= _WIDE else _below
    link = ""
    for finding in findings:
        yield draw(structs.replace(finding, link="") if finding.link == link else finding)
        link = finding.link or link


def _mark(finding: Finding) -> tuple[str, str]:
    mark, style = _MARKS[finding.level]
    return (mark, "dim") if finding.accepted else (mark, style)


def _beside(finding: Finding) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    mark, style = _mark(finding)
    table = Table.grid(padding=(0, 1))
    table.add_column(width=1)
    table.add_column(width=27, no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(Text(mark, style=style), Text(finding.check, style="dim"), _words(finding))
    return table


def _below(finding: Finding) -> RenderableType:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    mark, style = _mark(finding)
    if finding.level is Level.OK:
        return Text.assemble((mark, style), " ", (finding.check, "dim"))
    table = Table.grid()
    table.add_row(Text.assemble((mark, style), " ", (finding.check, "dim")))
    table.add_row(Padding(_words(finding), (0, 0, 0, 2)))
    return table


def _words(finding: Finding) -> RenderableType:
    from rich.text import Text

    text = Text("accepted: " if finding.accepted else "", style="dim" if finding.accepted else "")
    text.append(_clean(finding.what))
    if finding.fix:
        text.append(f"\nfix: {_clean(finding.fix)}")
        if finding.settable:
            text.append(" (--fix sets it)")
    if finding.link:
        text.append(f"\n{_clean(finding.link)}", style="dim")
    return text


def _summary(findings: Sequence[Finding]) -> RenderableType:
    from rich.text import Text

    def count(level: Level, word: str) -> tuple[str, str] | None:
        number = sum(finding.level is level and not finding.accepted for finding in findings)
        return (f"{number} {word}", _MARKS[level][1]) if number else None

    words = ((Level.BAD, "bad"), (Level.WARN, "to think about"), (Level.UNKNOWN, "not seen"), (Level.OK, "fine"))
    parts = [part for level, word in words if (part := count(level, word))]
    accepted = sum(finding.accepted for finding in findings)
    parts += [(f"{accepted} accepted", "dim")] if accepted else []
    text = Text("\n")
    for number, part in enumerate(parts):
        text.append(", " if number else "").append(*part)
    settable = sum(finding.settable for finding in findings)
    if settable:
        text.append(f"; `gatehouse doctor --fix` sets {settable} of them")
    return text


def planned(plan: Sequence[Change]) -> Iterator[RenderableType]:
    yield "\nto set:" if plan else "\nthere is nothing to set that GitHub's API could"
    for one in plan:
        yield f"  {_clean(one.title)}"
        yield from (f"    {_clean(line)}" for line in one.sets)


def _clean(text: str) -> str:
    """Names and messages come from elsewhere: nothing in them steers a terminal."""
    return clean(text, 1_000)
