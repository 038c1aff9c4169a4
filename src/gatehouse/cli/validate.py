"""``gatehouse validate``: every fault in promotions/, with file, line and the fix."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click
import msgspec

from gatehouse.cli.frame import BLOCKED, DONE, Settings, emit, verb
from gatehouse.declare.fault import Fault
from gatehouse.errors import GatehouseError

if TYPE_CHECKING:
    from gatehouse.declare.source import Source


class Validation(msgspec.Struct, frozen=True):
    """What --format json prints."""

    valid: bool
    faults: tuple[Fault, ...]


def _unmeasured(source: Source) -> Callable[[str, str], str | None]:
    """How to mend a metric that neither gatehouse nor the repository's own files have; None for one that is there."""
    from gatehouse.evaluate.own import discover
    from gatehouse.evaluate.statistics import metrics
    from gatehouse.evaluate.statistics.fairness import CRITERIA

    own = discover(source)

    def fix(task: str, metric: str) -> str | None:
        try:
            if metric not in CRITERIA:
                metrics.get(metric, task, own)
        except GatehouseError as error:
            return error.fix
        return None

    return fix


@verb
@click.option("--base", metavar="REV", help="Also judge what changed since this revision (as in a pull request).")
@click.option("--head", metavar="REV", help="Read this revision instead of the working tree.")
def command(settings: Settings, base: str | None, head: str | None) -> int:
    """Report every fault in promotions/, with file, line and the fix."""
    from gatehouse.declare.source import Revision, WorkTree
    from gatehouse.declare.validate import validate
    from gatehouse.evaluate.gates import discover
    from gatehouse.serve import targets

    repository = settings.repository
    source = Revision(repository, head) if head else WorkTree(repository.root)
    gates = {name: gate.schema for name, gate in discover(source).items()}
    # What the base has got since the branch was cut is not this change's doing.
    start = Revision(repository, repository.merge_base(base, head or "HEAD")) if base else None
    faults = validate(source, gates, base=start, unmeasured=_unmeasured(source), targets=targets.options())
    count = f"{len(faults)} fault{'s' * (len(faults) != 1)}" if faults else "promotions/ is valid"
    emit(settings, Validation(not faults, faults), [*map(str, faults), count])
    return BLOCKED if faults else DONE
