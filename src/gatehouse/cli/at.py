"""``gatehouse at``: what was pinned, and what was in force, at a moment in the past."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

import click
import msgspec

from gatehouse.audit.record import Approval
from gatehouse.cli import planned, remembered
from gatehouse.cli.frame import DONE, Settings, emit, progress, verb
from gatehouse.errors import GatehouseError, NotFound
from gatehouse.pin import Pin
from gatehouse.report.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from gatehouse.audit.record import Record
    from gatehouse.declare.types import Declared


class Placed(msgspec.Struct, frozen=True):
    """One role of one slot: what main asked for then, what the audit record had let in by then, who had agreed to that,
    and what of it an auditor should look at."""

    slot: str
    role: str
    pinned: Pin | None
    in_force: Pin | None
    approvals: tuple[Approval, ...] = ()
    remarks: tuple[str, ...] = ()


class At(msgspec.Struct, frozen=True):
    """What --format json prints. ``commit`` was main's at ``time``, made by ``author`` at ``committed``."""

    time: datetime
    commit: str
    author: str
    committed: datetime
    slots: Sequence[Placed]
    notes: Sequence[str] = ()


@verb
@click.argument("moment", metavar="TIME")
@click.argument("model", required=False)
def command(settings: Settings, moment: str, model: str | None) -> int:
    """Show what was pinned at TIME, of every model or of MODEL.

    TIME is 2026-03-03 (the end of that day), 2026-03-03T09:30 (both in UTC), or has a zone: 2026-03-03T09:30+01:00.
    Beside what main asked for stands what the audit record says was in force, and who had approved it.
    """
    when = parse(moment)
    with progress(settings) as say:
        found = _at(settings, when, model, say)
    emit(settings, found, _text(found))
    return DONE


def parse(text: str) -> datetime:
    """The moment that TIME names. Raises GatehouseError for what is no time."""
    try:
        if len(text) <= len("2026-03-03"):
            return datetime.combine(date.fromisoformat(text), time.max.replace(microsecond=0), UTC)
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise GatehouseError(
            f"{text!r} is no time", "write 2026-03-03, 2026-03-03T09:30 or 2026-03-03T09:30+01:00"
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _at(settings: Settings, when: datetime, model: str | None, say: remembered.Say) -> At:
    from gatehouse.declare.history import declared_at
    from gatehouse.declare.load import require
    from gatehouse.declare.source import Revision

    trunk, now = remembered.main(settings, say)
    commit = declared_at(trunk.repository, trunk.commit, when)
    # Without an environment: what a variable says today is not what it said then.
    then = require(Revision(trunk.repository, commit.id), None)
    records, notes = remembered.readable(remembered.audit_store(settings, now).read(model))
    slots = _slots(then, [record for record in records if record.accepted and record.when <= when], model)
    if model is not None and not slots:
        known = {slot.model for slot in (*then.promotions, *now.promotions)}
        if model not in known:
            raise planned.unknown(model, known)
        raise NotFound(
            f"{model} was not promoted anywhere at {planned.moment(when)}", f"see `gatehouse history {model}`"
        )
    return At(when, commit.id, commit.author, commit.time, slots, notes)


def _slots(then: Declared, records: Sequence[Record], model: str | None) -> list[Placed]:
    """Every role that main filled, or the record: ``records`` are those that changed one, oldest first."""
    pinned = {(slot, role): pin for slot, promotion in then.promotions.items() for role, pin in promotion.pins()}
    in_force = {(record.slot, record.role): record.after for record in records}
    # Who goes back to a pin needs nobody's word: it was given when the pin came in first.
    agreed = {(one.slot, one.role, one.after): one for one in records if one.approvals}
    rows = []
    for slot, role in sorted({**pinned, **in_force}, key=lambda key: (key[0].path, key[1])):
        pin = in_force.get((slot, role))
        said = agreed.get((slot, role, pin))
        if model in (None, slot.model) and (pin or (slot, role) in pinned):
            words = (said.approvals, said.remarks) if said else ((), ())
            rows.append(Placed(str(slot), str(role), pinned.get((slot, role)), pin, *words))
    return rows


def _text(found: At) -> list[RenderableType]:
    from rich.table import Table
    from rich.text import Text

    made = f"committed {planned.moment(found.committed)} by {found.author}"
    head = f"at {planned.moment(found.time)} main was {found.commit[:12]}, {made}"
    if not found.slots:
        return [head, "nothing was promoted"]
    table = Table("slot", "role", "pinned by main", "in force by the audit record", box=None, padding=(0, 2, 0, 0))
    for row in found.slots:
        table.add_row(row.slot, row.role, str(row.pinned or "nothing"), str(row.in_force or "not on record"))
    return [head, table, *_agreed(found.slots), *(Text(f"! {note}", style="yellow") for note in found.notes)]


def _agreed(slots: Sequence[Placed]) -> Iterator[RenderableType]:
    """Who had agreed to what was in force, a line each, and what an auditor should look at."""
    from rich.text import Text

    from gatehouse.sync.agreed import heard

    for row in slots:
        for said in row.approvals:
            yield f"{row.slot} {row.role}: approved by {clean(said.who, 100)}, {heard(said)}"
        for remark in row.remarks:
            yield Text(f"! {row.slot} {row.role}: {clean(remark, 2_000)}", style="yellow")
