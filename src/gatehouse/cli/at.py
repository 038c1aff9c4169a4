"""``gatehouse at``: what was pinned, and what was in force, at a moment in the past."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

import click
import msgspec

from gatehouse.cli import planned, remembered
from gatehouse.cli.frame import DONE, Settings, emit, progress, verb
from gatehouse.errors import GatehouseError, NotFound
from gatehouse.pin import Pin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import RenderableType

    from gatehouse.audit.record import Record
    from gatehouse.declare.types import Declared
    from gatehouse.pin import Role, Slot


class Placed(msgspec.Struct, frozen=True):
    """One role of one slot: what main asked for then, and what the audit record had let in by then."""

    slot: str
    role: str
    pinned: Pin | None
    in_force: Pin | None


class At(msgspec.Struct, frozen=True):
    """What --format json prints. ``commit`` was main's at ``time``, made by ``author`` at ``committed``."""

    time: datetime
    commit: str
    author: str
    committed: datetime
    slots: Sequence[Placed]


@verb
@click.argument("moment", metavar="TIME")
@click.argument("model", required=False)
def command(settings: Settings, moment: str, model: str | None) -> int:
    """Show what was pinned at TIME, of every model or of MODEL.

    TIME is 2026-03-03 (the end of that day), 2026-03-03T09:30 (both in UTC), or has a zone: 2026-03-03T09:30+01:00.
    Beside what main asked for stands what the audit record says was in force.
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
    records = [link.content for link in remembered.audit_store(settings, now).read(model)]
    slots = _slots(then, {(one.slot, one.role): one for one in records if one.accepted and one.when <= when}, model)
    if model is not None and not slots:
        known = {slot.model for slot in (*then.promotions, *now.promotions)}
        if model not in known:
            raise planned.unknown(model, known)
        raise NotFound(
            f"{model} was not promoted anywhere at {planned.moment(when)}", f"see `gatehouse history {model}`"
        )
    return At(when, commit.id, commit.author, commit.time, slots)


def _slots(then: Declared, accepted: Mapping[tuple[Slot, Role], Record], model: str | None) -> list[Placed]:
    pinned = {(slot, role): pin for slot, promotion in then.promotions.items() for role, pin in promotion.pins()}
    keys = [key for key in {**pinned, **accepted} if model in (None, key[0].model)]
    rows = [
        Placed(str(slot), str(role), pinned.get((slot, role)), _after(accepted.get((slot, role))))
        for slot, role in sorted(keys, key=lambda key: (key[0].path, key[1]))
    ]
    return [row for row in rows if row.pinned or row.in_force]


def _after(record: Record | None) -> Pin | None:
    return record.after if record else None


def _text(found: At) -> list[RenderableType]:
    from rich.table import Table

    made = f"committed {planned.moment(found.committed)} by {found.author}"
    head = f"at {planned.moment(found.time)} main was {found.commit[:12]}, {made}"
    if not found.slots:
        return [head, "nothing was promoted"]
    table = Table("slot", "role", "pinned by main", "in force by the audit record", box=None, padding=(0, 2, 0, 0))
    for row in found.slots:
        table.add_row(row.slot, row.role, str(row.pinned or "nothing"), str(row.in_force or "not on record"))
    return [head, table]
