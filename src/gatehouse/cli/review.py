"""``gatehouse review``: the human gate, from the terminal and from the workflow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from gatehouse.cli.frame import Settings, verb

# What each option goes with; without any of the first six the questionnaire is asked.
_WAYS = ("reject", "emergency", "template", "answers", "verify", "stats")
_ONLY_WITH = {
    "set_check": "verify",
    "merge": "set_check",
    "group": "verify",
    "commit": "set_check",
    "model": "stats",
    "since": "stats",
}
_WITHOUT_PULL = ("verify", "stats")


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
@click.option("--verify", is_flag=True, help="Judge the reviews there are; without PR, of every open pull request.")
@click.option("--set-check", is_flag=True, help="With --verify: set the check, keep the record, answer commands.")
@click.option("--merge", is_flag=True, help="With --verify --set-check: merge it where no person has to agree.")
@click.option("--group", metavar="REF", help="With --verify: the ref of a merge queue's group, which names the PR.")
@click.option("--commit", metavar="SHA", help="With --verify --set-check: the commit that the check is set on.")
@click.option("--stats", is_flag=True, help="Numbers about reviewing, from the audit records.")
@click.option("--model", help="With --stats: of this model alone.")
@click.option("--since", metavar="DATE", help="With --stats: of what was reviewed since then.")
def command(settings: Settings, pull: int | None, **given: Any) -> int:
    """Review a promotion: answer for the evidence, or reject it.

    Without an option it shows what is proposed, asks the questions of the model's policy, and submits the review.
    """
    way = _way(pull, given)
    if way == "stats":
        from gatehouse.cli.reviews import stats

        return stats.stats(settings, given["model"], given["since"])
    if way == "verify":
        from gatehouse.cli.reviews.verify import Way, verify

        how = Way(given["set_check"], given["merge"], given["group"] or "", given["commit"] or "")
        return verify(settings, pull, how)
    assert pull is not None, "the other ways ask for it"
    return _answered(settings, pull, way, given)


def _answered(settings: Settings, pull: int, way: str, given: Mapping[str, Any]) -> int:
    from gatehouse.cli.reviews import ask

    if way == "reject":
        return ask.reject(settings, pull, given["reject"])
    if way == "emergency":
        return ask.emergency(settings, pull, given["emergency"])
    if way == "template":
        return ask.template(settings, pull)
    return ask.approve(settings, pull, given["answers"])


def _way(pull: int | None, given: Mapping[str, Any]) -> str:
    """Which of the ways was chosen, "" for the questionnaire; raises UsageError for options that do not go together."""
    chosen = {name for name, value in given.items() if value is not None and value is not False}
    ways = [name for name in _WAYS if name in chosen]
    if len(ways) > 1:
        raise click.UsageError(f"{_option(ways[0])} and {_option(ways[1])} do not go together: choose one.")
    for name in sorted(chosen & _ONLY_WITH.keys()):
        if _ONLY_WITH[name] not in chosen:
            raise click.UsageError(f"{_option(name)} goes with {_option(_ONLY_WITH[name])} only.")
    way = ways[0] if ways else ""
    if pull is None and way not in _WITHOUT_PULL:
        raise click.UsageError("Which pull request? Give its number: gatehouse review 12.")
    if pull is not None and (way == "stats" or "group" in chosen):
        raise click.UsageError(f"{'--stats' if way == 'stats' else '--group'} takes no PR.")
    return way


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
