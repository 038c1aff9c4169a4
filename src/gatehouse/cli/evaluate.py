"""``gatehouse evaluate``: step 2 of a check."""

from __future__ import annotations

from pathlib import Path

import click

from gatehouse.cli.frame import BLOCKED, DONE, Settings, emit, progress, verb
from gatehouse.errors import GatehouseError


@verb
@click.argument("material", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Where results.json goes.")
def command(settings: Settings, material: Path, out: Path) -> int:
    """Run the models and the gates on fetched material; needs no secrets and no repository."""
    from gatehouse.cli import steps
    from gatehouse.evaluate.material import read
    from gatehouse.report.context import Context
    from gatehouse.report.document import document, encode, refusal
    from gatehouse.report.terminal import render

    out.mkdir(parents=True, exist_ok=True)
    try:
        if (fetched := read(material)).refused:
            raise GatehouseError(fetched.refused, fetched.fix)
        with progress(settings) as say:
            results = steps.evaluate(material, say)
    except GatehouseError as error:
        # The report says on the pull request what nobody would look for in this job's log.
        (out / steps.RESULTS).write_bytes(refusal(error))
        raise
    (out / steps.RESULTS).write_bytes(encode(results))
    emit(settings, document(results), render(results, Context()))
    return DONE if all(result.passed for result in results) else BLOCKED
