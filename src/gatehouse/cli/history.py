"""``gatehouse history``: what happened to a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from gatehouse.cli import planned, remembered
from gatehouse.cli.frame import DONE, Settings, emit, progress, verb
from gatehouse.errors import NotFound
from gatehouse.report.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType
    from rich.text import Text

    from gatehouse.sync.event import Event

# What the table shows: changes of what is pinned or held, and what people said of them. The JSON has everything.
_SHOWN = ("merged", "rolled back", "withdrawn", "refused", "held", "released", "approved", "rejected")
# A cell is cut at the terminal's width; where there is no terminal, here.
_CUT = 160


class History(msgspec.Struct, frozen=True):
    """What --format json prints: every event of the model, newest first (``sync.event.Event``)."""

    model: str
    events: Sequence[Event]
    notes: Sequence[str] = ()


@verb
@click.argument("model")
@click.option("--slot", metavar="STAGE[.SEGMENT]", help="Only this slot.")
@click.option("--all", "everything", is_flag=True, help="Also show registrations, proposals, gates and syncs.")
def command(settings: Settings, model: str, slot: str | None, everything: bool) -> int:
    """Show what happened to MODEL: every promotion, approval, rejection, roll-back, hold and refusal, newest first.

    Times are those of the merge into main, in UTC; `gatehouse why MODEL VERSION` tells one version's story.
    """
    from gatehouse.sync.story import told

    with progress(settings) as say:
        memory = remembered.recall(settings, model, say)
        events = list(reversed(told(memory.sources)))
    if slot is not None:
        events = _of_slot(events, slot)
    found = History(model, events, memory.notes)
    shown = [event for event in events if everything or event.what in _SHOWN]
    emit(settings, found, _text(found, shown))
    return DONE


def _of_slot(events: Sequence[Event], slot: str) -> list[Event]:
    chosen = [event for event in events if event.slot is not None and event.slot.label == slot]
    if not chosen:
        known = sorted({event.slot.label for event in events if event.slot is not None and event.slot.stage})
        raise NotFound(f"nothing ever happened in {slot!r}", f"choose one of {', '.join(known)}" if known else "")
    return chosen


def _text(found: History, shown: Sequence[Event]) -> list[RenderableType]:
    from rich.table import Table
    from rich.text import Text

    if not shown:
        return [f"{found.model}: nothing was promoted yet"]
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("when", "slot", "role", "what", "was", "is", "who"):
        table.add_column(name, no_wrap=True)
    table.add_column("why")
    for event in shown:
        table.add_row(
            planned.moment(event.time),
            event.slot.label if event.slot else "",
            str(event.role or ""),
            str(event.what),
            _version(event.before),
            str(event.version) if event.version else _version(event.after),
            Text(event.who),
            _why(event),
        )
    return [table, *(Text(f"! {note}", style="yellow") for note in found.notes)]


def _why(event: Event) -> Text:
    """The reason, whole; of what a reviewer said as much as fits on one line, since `gatehouse why` has it all."""
    from rich.text import Text

    pull = f"#{event.pull_request} " if event.pull_request else ""
    said = _said(event)
    if said:
        return Text(f"{pull}{clean(said, _CUT)}", no_wrap=True, overflow="ellipsis")
    commit = f" ({event.commit[:12]})" if event.commit else ""
    return Text(f"{pull}{event.text}{commit}", overflow="fold")


def _said(event: Event) -> str:
    """What a reviewer said, what matters most first; "!" marks what an auditor should look at."""
    from gatehouse.review.words import span
    from gatehouse.sync.agreed import answers, emergency

    if event.approval is None:
        return event.text if event.rejection is not None else ""
    called, seconds = emergency(event.approval), event.approval.seconds
    after = "approved" if seconds is None else f"after {span(seconds)}"
    first = after if called is None else f"emergency: {called}"
    return "; ".join([f"{'! ' * event.approval.flagged}{first}", *answers(event.approval)])


def _version(pin: object) -> str:
    return str(getattr(pin, "version", "")) if pin else "–"
