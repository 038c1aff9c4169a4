"""``gatehouse check``: fetch, evaluate and report in one go."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatehouse.cli.frame import BLOCKED, DONE, Settings, emit, progress, verb
from gatehouse.declare.levels import LEVELS, Level
from gatehouse.errors import GatehouseError
from gatehouse.pin import Role

if TYPE_CHECKING:
    from gatehouse.cli.scene import Scene
    from gatehouse.evaluate.result import Result


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
@click.option("--fresh", is_flag=True, help="Run the models again, though the same question was answered before.")
@click.option(
    "--isolation",
    type=click.Choice(LEVELS),
    help="Accept this isolation for a look of your own, whatever the policy asks for.",
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write the report here.")
@click.option("--pr", "pull", type=int, help="Post the report on this pull request.")
def command(
    settings: Settings,
    out: Path | None,
    pull: int | None,
    fresh: bool,
    isolation: Level | None,
    **asked: str | int | None,
) -> int:
    """Run the gates on MODEL in one slot, or on every pin that differs between two revisions.

    \b
      gatehouse check credit-risk --to staging --version 3     before you propose it
      gatehouse check --base main --head my-branch             what a pull request would say

    A question that this clone has answered before, about the same bytes on the same day, is answered from memory.
    """
    from gatehouse.cli import notary, posting, steps
    from gatehouse.report.context import Context
    from gatehouse.report.document import document
    from gatehouse.report.terminal import render

    if isolation is not None and pull is not None:
        raise GatehouseError(
            "--isolation is for a look of your own; a pull request is judged as its policy asks",
            "leave out --isolation, or --pr",
        )
    with posting.told(settings, pull):
        scene = _scene(settings, **asked)
    if not scene.requests:
        emit(settings, document(()), "no pin changes: there is nothing to check")
        if pull is None:
            return DONE
        return DONE if posting.post(settings, (), Context(), pull) else BLOCKED
    results = _answers(settings, scene, isolation, fresh=fresh or pull is not None)
    surroundings = steps.context(settings, scene.base, scene.declared, pull, results)
    if out is not None:
        steps.write(results, surroundings, out, notary.Notary.of(settings))
    emit(settings, document(results), render(results, surroundings))
    green = all(result.passed for result in results)
    if pull is not None:
        with posting.told(settings, pull):
            posting.record(settings, results, scene.declared)
        green = posting.post(settings, results, surroundings, pull)
    return DONE if green else BLOCKED


def _answers(settings: Settings, scene: Scene, accepted: Level | None, *, fresh: bool) -> tuple[Result, ...]:
    """One result a question, in the scene's order: found before, or found now."""
    from gatehouse.cli import recalled, steps

    remembered = recalled.Remembered(scene)
    answers = {} if fresh else dict(remembered.answers)
    left = scene if fresh else remembered.open
    if left.requests:
        with tempfile.TemporaryDirectory(prefix="gatehouse-check-") as scratch, progress(settings) as say:
            steps.fetch(left, Path(scratch), say)
            found = steps.evaluate(Path(scratch), say, accepted)
        remembered.keep(found)
        answers |= {result.request: result for result in found}
    return recalled.counted(scene.repository, [answers[request] for request in scene.requests])


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
