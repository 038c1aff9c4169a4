"""``gatehouse check``: fetch, evaluate and report in one go."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatehouse.cli.frame import BLOCKED, DONE, Settings, emit, progress, verb
from gatehouse.errors import GatehouseError
from gatehouse.pin import Role

if TYPE_CHECKING:
    from gatehouse.cli.scene import Scene


@verb
@click.argument("model", required=False)
@click.option("--to", "where", metavar="STAGE[.SEGMENT]", help="The slot to check, as the working tree has it.")
@click.option("--version", type=click.IntRange(1), help="Check this version, whatever the file pins.")
@click.option(
    "--as",
    "role",
    type=click.Choice([role.value for role in Role]),
    default=Role.CHAMPION.value,
    help="The role to check.",
)
@click.option("--base", metavar="REV", help="The trusted revision: its gates and policies judge.")
@click.option("--head", metavar="REV", help="The revision whose pins are judged.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write the report here.")
@click.option("--pr", "pull", type=int, help="Post the report on this pull request.")
def command(settings: Settings, out: Path | None, pull: int | None, **asked: str | int | None) -> int:
    """Run the gates on MODEL in one slot, or on every pin that differs between two revisions.

    \b
      gatehouse check credit-risk --to staging --version 3     before you propose it
      gatehouse check --base main --head my-branch             what a pull request would say
    """
    from gatehouse.cli import posting, steps
    from gatehouse.report.document import document
    from gatehouse.report.terminal import render

    with posting.told(settings, pull):
        scene = _scene(settings, **asked)
    if not scene.requests:
        emit(settings, document(()), "no pin changes: there is nothing to check")
        return DONE
    with tempfile.TemporaryDirectory(prefix="gatehouse-check-") as scratch, progress(settings) as say:
        steps.fetch(scene, Path(scratch), say)
        results = steps.evaluate(Path(scratch), say)
    surroundings = steps.context(settings, scene.base, scene.declared, pull)
    if out is not None:
        steps.write(results, surroundings, out)
    emit(settings, document(results), render(results, surroundings))
    if pull is not None:
        posting.record(settings, results, scene.declared)
        posting.post(settings, results, surroundings, pull)
    return DONE if all(result.passed for result in results) else BLOCKED


def _scene(settings: Settings, **asked: str | int | None) -> Scene:
    from gatehouse.cli import scene

    model, where, base, head = asked["model"], asked["where"], asked["base"], asked["head"]
    if isinstance(model, str) and isinstance(where, str) and base is None and head is None:
        version = asked["version"]
        assert version is None or isinstance(version, int)
        return scene.here(settings, scene.slot_of(model, where), Role(str(asked["role"])), version)
    if isinstance(base, str) and isinstance(head, str) and model is None and where is None:
        return scene.between(settings, base, head)
    raise GatehouseError("say what to check", "either MODEL --to STAGE, or --base REV --head REV")
