"""The ``gatehouse`` command: finds the verb, runs it, and turns every outcome into an exit code.

Exit 0: done or passed. 1: blocked, failed or out of sync (a normal answer). 2: wrong use or broken configuration.
A verb's module is imported only when that verb is run, so that ``gatehouse --help`` answers at once.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

from gatehouse import __version__
from gatehouse.cli.frame import BROKEN, explain, wants_debug

# verb -> (module with a click command named ``command``, the line for --help), in the order of a promotion's life
VERBS = {
    "validate": ("gatehouse.cli.validate", "Report every fault in promotions/, with file and line."),
    "propose": ("gatehouse.cli.propose", "Open the pull request that promotes a version."),
    "check": ("gatehouse.cli.check", "Run the gates: fetch, evaluate and report in one go."),
    "fetch": ("gatehouse.cli.fetch", "Step 1 of check: collect models and data (runs no model code)."),
    "evaluate": ("gatehouse.cli.evaluate", "Step 2 of check: run models and gates (needs no secrets)."),
    "report": ("gatehouse.cli.report", "Step 3 of check: write the report, and post it on the pull request."),
    "profile": ("gatehouse.cli.profile", "Make the feature profile to log with a training run."),
    "gates": ("gatehouse.cli.gates", "List the gates and their thresholds."),
    "schema": ("gatehouse.cli.schema", "Print the JSON Schema of a file or of a check's results."),
    "review": ("gatehouse.cli.review", "Answer for a promotion, reject it, or judge its reviews."),
    "outcomes": ("gatehouse.cli.outcomes", "Bring in what became of the requests that were answered."),
    "plan": ("gatehouse.cli.plan", "Show what sync would change."),
    "sync": ("gatehouse.cli.sync", "Make registry and serving config what the files say."),
    "status": ("gatehouse.cli.status", "Show desired beside actual."),
    "rollback": ("gatehouse.cli.rollback", "Put the last known good version back, and hold the bad one."),
    "history": ("gatehouse.cli.history", "Show what happened to a model."),
    "at": ("gatehouse.cli.at", "Show what was pinned at a moment in the past."),
    "why": ("gatehouse.cli.why", "Show why a version went where it is."),
    "evidence": ("gatehouse.cli.evidence", "Hold the evidence that is kept against main; runs no model."),
    "doctor": ("gatehouse.cli.doctor", "See whether GitHub, MLflow and this machine are set up safely."),
    "audit": ("gatehouse.cli.audit", "Verify and export the tamper-evident record."),
}


class Verbs(click.Group):
    """A group that knows its verbs' names and one-line helps without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(VERBS[cmd_name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], VERBS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else " See 'gatehouse --help' for the verbs."
            raise click.UsageError(f"No such verb: {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, line) for verb, (_, line) in VERBS.items()])


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]}, subcommand_metavar="VERB …")
@click.version_option(__version__, prog_name="gatehouse")
def cli() -> None:
    """Promote machine-learning models as reviewed changes to a file.

    Exit 0: done or passed. 1: blocked, failed or out of sync. 2: wrong use or broken configuration.
    """


def main(args: list[str] | None = None) -> Any:
    """Runs the command line and exits. With ``--debug`` an error keeps its traceback."""
    args = sys.argv[1:] if args is None else args
    try:
        code = cli.main(args, prog_name="gatehouse", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("interrupted; nothing further was done", err=True)
        code = 130
    except click.ClickException as error:
        error.show()
        code = BROKEN
    except Exception as error:
        if wants_debug(args):
            raise
        code = explain(error, args)
    sys.exit(code if isinstance(code, int) else 0)
