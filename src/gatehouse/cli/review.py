"""``gatehouse review``: the human gate, from the terminal and from the workflow."""

from __future__ import annotations

from pathlib import Path

import click

from gatehouse.cli.frame import Settings, verb
from gatehouse.errors import GatehouseError


@verb
@click.argument("pull", metavar="PR", type=click.IntRange(1), required=False)
@click.option("--reject", metavar="REASON", help="Reject it: the reason is recorded, and goes to the proposer.")
@click.option("--emergency", metavar="REASON", help="Call an emergency; another person has to call it too.")
@click.option("--template", is_flag=True, help="Print the questionnaire as Markdown, to be filled in elsewhere.")
@click.option(
    "--answers",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Submit this filled-in questionnaire instead of asking; - reads it from standard input.",
)
@click.option("--verify", is_flag=True, help="Judge the reviews there are; without PR those of every open pull request.")
@click.option("--set-check", is_flag=True, help="With --verify: set the check, keep the record, answer commands.")
@click.option("--merge", is_flag=True, help="With --verify --set-check: merge it where no person has to agree.")
@click.option("--group", metavar="REF", help="With --verify: the ref of a merge queue's group, which names the PR.")
@click.option("--commit", metavar="SHA", help="With --verify --set-check: the commit that the check is set on.")
@click.option("--stats", is_flag=True, help="Numbers about reviewing, from the audit records.")
@click.option("--model", help="With --stats: of this model alone.")
@click.option("--since", metavar="DATE", help="With --stats: of what was reviewed since then.")
def command(settings: Settings, pull: int | None, **given: object) -> int:
    """Review a promotion: answer for the evidence, or reject it."""
    raise GatehouseError("not built yet", "")
