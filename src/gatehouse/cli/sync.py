"""``gatehouse sync``: registry and serving config become what main says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from gatehouse.cli import planned
from gatehouse.cli.frame import BLOCKED, DONE, Settings, emit, progress, verb

if TYPE_CHECKING:
    from gatehouse.sync.actions import Plan


class Synced(msgspec.Struct, frozen=True):
    """What --format json prints. ``carried_out``: the plan was executed to its end (not so for a dry run)."""

    carried_out: bool
    plan: Plan


@verb
@click.option("--dry-run", is_flag=True, help="Plan only; the same as `gatehouse plan`.")
@click.option("--verify", is_flag=True, help="Take every pinned artifact's digest anew, not only of pins that change.")
def command(settings: Settings, dry_run: bool, verify: bool) -> int:
    """Make registry and serving config what main says.

    Reads main from the remote, needs no checkout, and is safe to repeat: a run that was cut short is finished by the
    next one. A pin that a rule forbids is refused, and its slot keeps what it had; everything else goes on, and the
    exit code is 1. Digests are verified of pins that arrive or change: downloading every artifact every hour would
    take hours. --verify takes them all.
    """
    from gatehouse.sync.run import look, sync

    with progress(settings) as say:
        scene = planned.scene(settings, say)
        plan = look(scene, verify=verify).plan if dry_run else sync(scene, verify=verify)
    emit(settings, Synced(not dry_run, plan), list(planned.lines(plan, done=not dry_run)))
    return BLOCKED if plan.refusals else DONE
