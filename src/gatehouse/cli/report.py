"""``gatehouse report``: step 3 of a check."""

from __future__ import annotations

from pathlib import Path

import click

from gatehouse.cli.frame import BLOCKED, DONE, Settings, emit, progress, verb


@verb
@click.argument("results", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write the report here.")
@click.option("--pr", "pull", type=int, help="Post the report on this pull request, and keep the evidence.")
def command(settings: Settings, results: Path, out: Path | None, pull: int | None) -> int:
    """Write the report on RESULTS; with --pr also post it, and keep the evidence. Runs no model code."""
    from gatehouse.cli import posting, recalled, steps
    from gatehouse.declare.load import require
    from gatehouse.declare.source import WorkTree
    from gatehouse.report import document
    from gatehouse.report.terminal import render

    with posting.told(settings, pull):
        found = recalled.counted(settings.repository, document.decode(steps.read_results(results)))
    base = WorkTree(settings.repository.root)
    declared = require(base, settings.environ)
    surroundings = steps.context(settings, base, declared, pull)
    if out is not None:
        steps.write(found, surroundings, out)
    if pull is not None:
        with progress(settings) as say:
            say("keeping the evidence")
            posting.record(settings, found, declared)
            say(f"posting on pull request #{pull}")
            posting.post(settings, found, surroundings, pull)
    emit(settings, document.document(found), render(found, surroundings))
    return DONE if all(result.passed for result in found) else BLOCKED
