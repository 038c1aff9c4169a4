"""``gatehouse report``: step 3 of a check."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatehouse.cli.frame import BLOCKED, DONE, Settings, emit, progress, verb

if TYPE_CHECKING:
    from gatehouse.cli.believing import Answer


@verb
@click.argument("results", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--asked",
    type=click.Path(path_type=Path, exists=True),
    help="What fetch asked (its folder or manifest.json): only the answer to it is believed.",
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write the report here.")
@click.option("--pr", "pull", type=int, help="Post the report on this pull request, and keep the evidence.")
def command(settings: Settings, results: Path, asked: Path | None, out: Path | None, pull: int | None) -> int:
    """Write the report on RESULTS; with --pr also post it, and keep the evidence. Runs no model code.

    What the models' job says is believed only as far as it answers what was asked: by --asked, or with --pr alone by
    what the pull request changes.
    """
    from gatehouse.cli import believing, notary, posting, recalled, steps
    from gatehouse.report import document
    from gatehouse.report.terminal import render

    with posting.told(settings, pull), believing.reading():
        answer = _answer(settings, results, asked, pull)
        found = recalled.counted(settings.repository, answer.results)
        surroundings = steps.context(settings, answer.base, answer.declared, pull, found)
        if out is not None:
            steps.write(found, surroundings, out, notary.Notary.of(settings))
    green = all(result.passed for result in found)
    if pull is not None:
        with progress(settings) as say:
            say("keeping the evidence")
            with posting.told(settings, pull):
                posting.record(settings, found, answer.declared)
            say(f"posting on pull request #{pull}")
            green = posting.post(settings, found, surroundings, pull)
    emit(settings, document.document(found), render(found, surroundings))
    return DONE if green else BLOCKED


def _answer(settings: Settings, results: Path, asked: Path | None, pull: int | None) -> Answer:
    from gatehouse.cli import believing

    if asked is not None:
        return believing.held_against_fetch(settings, results, asked)
    if pull is not None:
        return believing.held_against_git(settings, results, pull)
    return believing.unheld(settings, results)
