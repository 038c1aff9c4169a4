"""What a reviewer sees before being asked: what changes, who has to agree, and whether their own word can count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from gatehouse.cli.frame import Settings
from gatehouse.cli.reviews.view import View
from gatehouse.declare.source import Revision
from gatehouse.report.text import clean
from gatehouse.review.facts import Account, Standing
from gatehouse.review.judge import judge
from gatehouse.review.judgement import Judgement, Place, Ruled
from gatehouse.review.timing import start
from gatehouse.review.who import Who
from gatehouse.review.words import moment, seconds, span
from gatehouse.review.would import hindered, lacking, opens

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gatehouse.report.brief import Line
    from gatehouse.report.context import Context

_WIDEST = 14
# What the lines about the reviewer and about who has to agree say already.
_TOLD = ("approvals", "gates", "draft")


def preface(settings: Settings, view: View, ahead: Judgement) -> Iterator[RenderableType]:
    """``ahead`` is what would be thought if the reviewer approved now."""
    from gatehouse.cli import steps

    source = Revision(view.outlook.trunk.repository, view.outlook.trunk.commit)
    surroundings = steps.context(settings, source, view.outlook.declared, results=view.look.results)
    yield from head(view)
    for now, then in zip(judge(view.facts, view.now).places, ahead.places, strict=True):
        yield Text()
        yield _title(now)
        yield from _brief(view, now, surroundings)
        yield _line("agree", _needs(now))
        yield from (_warning(rule) for rule in lacking(now) if rule.rule not in _TOLD)
        yield from _earlier(view, now)
        yield from yours(view, then)


def head(view: View) -> Iterator[RenderableType]:
    """Which pull request it is, and whose."""
    pull = view.pull
    yield Text.assemble(
        (f"#{pull.number} {clean(pull.title, 200)}", "bold"), (f"  by @{clean(pull.author.login, 60)}", "dim")
    )
    yield Text(clean(pull.url, 300), style="dim")


def _title(place: Place) -> Text:
    asked = place.asked
    role = "" if asked.role == "champion" else f" as {asked.role}"
    return Text(f"{asked.slot.model} → {asked.slot.label}{role}, version {asked.candidate.version}", style="bold")


def _brief(view: View, place: Place, surroundings: Context) -> Iterator[RenderableType]:
    from gatehouse.report.brief import brief

    result = view.result(place.asked)
    lines: Sequence[Line] = brief(result, surroundings) if result is not None else ()
    yield from (_line(line.name.lower(), line.text) for line in lines)
    pages = {part.text: part.url for line in lines for item in line.items for part in item if part.url}
    yield from (_line(f"{clean(name, 12)}", url) for name, url in pages.items())


def _needs(place: Place) -> str:
    found = next(rule for rule in place.rules if rule.rule == "approvals")
    owners = ", ".join(place.asked.owners) or "nobody: CODEOWNERS names no owner"
    return f"{found.said}; the owners are {owners}"


def _earlier(view: View, place: Place) -> Iterator[RenderableType]:
    """Why what the reviewer said before does not count."""
    who = Who(view.facts)
    for said in view.facts.said:
        broken = [rule for rule in place.rules if rule.review == said.id and not rule.ok]
        if broken and said.standing is Standing.APPROVED and who.of(said.author.login) == who.of(view.me.login):
            told = f"your approval of {moment(said.at)} does not count: {clean(broken[0].said, 300)}"
            yield _marked("!", "yellow", told)


def yours(view: View, place: Place) -> Iterator[RenderableType]:
    """Whether the reviewer's own approval would count: if not, why, or from when on it would."""
    rules = hindered(place)
    if not rules:
        yield _marked("✓", "green", "your approval counts here")
        return
    then = opens(rules)
    if then is not None:
        since = start(view.facts, Who(view.facts), Account(view.me.login))
        took = span(seconds(since.at, view.now))
        left = span(max(1, seconds(view.now, then)))
        said = f"too early so far, {took} after {since.event}: your approval counts in {left}, from {moment(then)} on"
        yield _marked("!", "yellow", said)
        return
    for rule in rules:
        fix = f" → {clean(rule.fix, 300)}" if rule.fix else ""
        yield _marked("✗", "red", f"your approval would not count: {clean(rule.said, 300)}{fix}")


def _warning(rule: Ruled) -> RenderableType:
    fix = f" → {clean(rule.fix, 300)}" if rule.fix else ""
    return _marked("!", "yellow", f"{clean(rule.said, 400)}{fix}")


def _marked(sign: str, colour: str, text: str) -> RenderableType:
    """A sign, and beside it a text of any length."""
    return _columns(Text(f"  {sign}", style=colour), Text(text, style=colour), 3)


def _line(name: str, text: str) -> RenderableType:
    """A name in a column of its own."""
    return _columns(Text(f"  {name}", style="dim"), Text(clean(text, 600)), _WIDEST + 2)


def _columns(name: Text, text: Text, width: int) -> RenderableType:
    """What does not fit wraps beside the first column: nothing is cut off, whatever the width."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=width, no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(name, text)
    return grid
