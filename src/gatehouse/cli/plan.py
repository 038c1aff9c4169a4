"""``gatehouse plan``: what sync would change. With --format json it prints a ``sync.actions.Plan``."""

from __future__ import annotations

import click

from gatehouse.cli import planned
from gatehouse.cli.frame import BLOCKED, DONE, Settings, emit, progress, verb


@verb
@click.option("--verify", is_flag=True, help="Take every pinned artifact's digest anew, not only of pins that change.")
def command(settings: Settings, verify: bool) -> int:
    """Show what sync would change, and what it would refuse. Changes nothing.

    Exit 1 where a pin that main asks for would be refused.
    """
    from gatehouse.sync.run import look

    with progress(settings) as say:
        plan = look(planned.scene(settings, say), verify=verify).plan
    emit(settings, plan, list(planned.lines(plan, done=False)))
    return BLOCKED if plan.refusals else DONE
