"""``gatehouse why``: why a version is where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from gatehouse.cli import planned, remembered
from gatehouse.cli.frame import DONE, Settings, emit, progress, verb
from gatehouse.errors import NotFound
from gatehouse.report.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from gatehouse.audit.record import Figure, Gate
    from gatehouse.sync.event import Event
    from gatehouse.sync.story import Sources


class Why(msgspec.Struct, frozen=True):
    """What --format json prints: the answer in a sentence, and the events it rests on, oldest first.

    ``notes`` say which source could not be asked. Events are ``sync.event.Event``.
    """

    model: str
    version: int
    answer: str
    events: Sequence[Event]
    notes: Sequence[str] = ()


@verb
@click.argument("model")
@click.argument("version", type=click.IntRange(1))
def command(settings: Settings, model: str, version: int) -> int:
    """Show why VERSION of MODEL went where it is: one sentence, then the timeline.

    Trained, proposed, gates with their figures, merged, synced, superseded, rolled back, held: each with its time, who
    did it, the commit and the pull request. Each approval with every answer, and how long after it could be reviewed;
    each rejection with its reason. What an auditor should look at is marked with "!".
    """
    from gatehouse.sync.answer import answer
    from gatehouse.sync.story import about, told

    with progress(settings) as say:
        memory = remembered.recall(settings, model, say, version)
        everything = told(memory.sources)
    events = about(everything, version)
    if not events:
        raise _unknown(memory.sources, version)
    found = Why(model, version, answer(model, version, events), events, memory.notes)
    emit(settings, found, list(_text(found)))
    return DONE


def _unknown(sources: Sources, version: int) -> NotFound:
    pinned = {pin.version for change in sources.changes if change.after for _, pin in change.after.pins()}
    known = sorted(pinned | {found.number for found in sources.versions})
    near = sorted(sorted(known, key=lambda number: abs(number - version))[:8])
    return NotFound(f"{sources.model} has no version {version}", f"it has {', '.join(map(str, near))}")


def _text(found: Why) -> Iterator[RenderableType]:
    from rich.text import Text

    yield Text(found.answer, style="bold")
    yield ""
    for event in found.events:
        yield from line(event)
        yield from _below(event)
    for note in found.notes:
        yield Text(f"! {note}", style="yellow")


def _below(event: Event) -> Iterator[RenderableType]:
    """What the gates measured, what a reviewer answered, and what an auditor should look at: a line each."""
    from rich.text import Text

    from gatehouse.sync.agreed import answers

    told = [_gate(gate) for gate in event.evidence.gates] if event.evidence else []
    told += answers(event.approval) if event.approval else ()
    yield from (f"{'':38}{each}" for each in told)
    for remark in event.remarks:
        yield Text(f"{'':38}! {clean(remark, 2_000)}", style="yellow")


def line(event: Event) -> Iterator[RenderableType]:
    """An event for people: when, what, then who, where and by which commit."""
    from rich.text import Text

    where = f"{event.slot.label} {event.role}: " if event.slot and event.what not in _SAYS_WHERE else ""
    moved = f" {event.before or 'nothing'} → {event.after or 'nothing'}" if event.what in _MOVES else ""
    pull = f"#{event.pull_request}" if event.pull_request else ""
    marks = ", ".join(part for part in (event.who, pull, event.commit[:12]) if part)
    yield Text.assemble(
        (planned.moment(event.time), "dim"),
        f"  {event.what:<12}  {where}{event.text}{f' ({marks})' if marks else ''}",
        (f"{moved}", "dim"),
    )


_SAYS_WHERE = ("gates", "synced")
_MOVES = ("merged", "superseded", "rolled back", "withdrawn")


def _gate(gate: Gate) -> str:
    """``accuracy PASS  roc_auc 0.84 (at least 0.82, champion 0.81)``"""
    figures = "; ".join(map(_figure, gate.figures[:3]))
    more = f" and {len(gate.figures) - 3} more figures" if len(gate.figures) > 3 else ""
    return f"{gate.name} {gate.outcome}  {figures or gate.summary}{more}"


def _figure(figure: Figure) -> str:
    unit = f" {figure.unit}" if figure.unit else ""
    against = _against(figure.limit, figure.relation, figure.champion)
    return f"{figure.name} {_number(figure.value)}{unit}{against}"


def _against(limit: float | None, relation: str | None, champion: float | None) -> str:
    parts = [f"{relation or 'limit'} {_number(limit)}"] if limit is not None else []
    parts += [f"champion {_number(champion)}"] if champion is not None else []
    return f" ({', '.join(parts)})" if parts else ""


def _number(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.4g}"
