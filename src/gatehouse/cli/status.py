"""``gatehouse status``: desired beside actual."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from gatehouse.cli import planned
from gatehouse.cli.frame import BLOCKED, DONE, Settings, emit, progress, verb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from gatehouse.sync.actions import Plan, Refusal, Standing

_STYLES = {
    "in sync": "green", "out of sync": "red", "refused": "red", "held": "yellow", "frozen": "cyan", "waiting": "yellow",
}  # fmt: skip


class Status(msgspec.Struct, frozen=True):
    """What --format json prints; the parts are those of ``sync.actions``. ``changes`` counts what sync would do."""

    in_sync: bool
    commit: str
    source: str
    standings: Sequence[Standing]
    refusals: Sequence[Refusal]
    warnings: Sequence[str]
    changes: int


@verb
@click.argument("model", required=False)
def command(settings: Settings, model: str | None) -> int:
    """Show desired beside actual, for every slot or for those of MODEL. Changes nothing.

    Exit 1 when registry or serving config is not what main says, or a pin is refused.
    """
    from gatehouse.sync.run import look

    with progress(settings) as say:
        plan = look(planned.scene(settings, say)).plan
    status = _status(plan, model)
    emit(settings, status, _text(plan, status))
    return DONE if status.in_sync else BLOCKED


def _status(plan: Plan, model: str | None) -> Status:
    from gatehouse.sync.actions import State

    standings = [standing for standing in plan.standings if model in (None, standing.slot.model)]
    if model is not None and not standings:
        raise planned.unknown(model, {standing.slot.model for standing in plan.standings})
    refusals = [refusal for refusal in plan.refusals if model in (None, refusal.slot.model)]
    in_sync = plan.in_sync if model is None else all(one.state in (State.IN_SYNC, State.HELD) for one in standings)
    return Status(
        in_sync and not refusals, plan.commit, plan.source, standings, refusals, plan.warnings, len(plan.actions)
    )


def _text(plan: Plan, status: Status) -> list[RenderableType]:
    from rich.text import Text

    parts: list[RenderableType] = [f"main is {plan.source}", _table(status.standings)]
    for refusal in status.refusals:
        parts += planned.refused(refusal)
    parts += [Text(f"! {warning}", style="yellow") for warning in status.warnings]
    if not status.in_sync:
        parts.append("out of sync: see `gatehouse plan`, then run `gatehouse sync`")
    return parts


def _table(standings: Sequence[Standing]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    if not standings:
        return "nothing is promoted yet"
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("slot", "role", "desired", "actual", "state"):
        table.add_column(name, no_wrap=True)
    table.add_column("")
    for one in standings:
        table.add_row(
            Text(str(one.slot)),
            str(one.role),
            str(one.desired or "nothing"),
            f"version {one.actual}" if one.actual else "nothing",
            Text(one.state, style=_STYLES[one.state]),
            Text(one.note, overflow="fold"),
        )
    return table
