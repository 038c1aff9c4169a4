"""``gatehouse history``: what happened to a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from gatehouse.cli import planned, remembered
from gatehouse.cli.frame import DONE, Settings, emit, progress, verb
from gatehouse.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from gatehouse.sync.event import Event

# What the table shows: changes of what is pinned or held. The JSON has everything.
_SHOWN = ("merged", "rolled back", "withdrawn", "refused", "held", "released")


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
    """Show what happened to MODEL: every promotion, roll-back, hold and refusal, newest first.

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
        pull = f"#{event.pull_request} " if event.pull_request else ""
        table.add_row(
            planned.moment(event.time),
            event.slot.label if event.slot else "",
            str(event.role or ""),
            str(event.what),
            _version(event.before),
            str(event.version) if event.version else _version(event.after),
            Text(event.who),
            Text(f"{pull}{event.text} ({event.commit[:12]})", overflow="fold"),
        )
    return [table, *(Text(f"! {note}", style="yellow") for note in found.notes)]


def _version(pin: object) -> str:
    return str(getattr(pin, "version", "")) if pin else "–"
