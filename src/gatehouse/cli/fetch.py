"""``gatehouse fetch``: step 1 of a check."""

from __future__ import annotations

from pathlib import Path

import click

from gatehouse.cli.frame import DONE, Settings, emit, progress, verb
from gatehouse.cli.harmless import legible
from gatehouse.errors import GatehouseError, Unreachable


@verb
@click.option("--base", metavar="REV", required=True, help="The trusted revision: its gates and policies judge.")
@click.option("--head", metavar="REV", required=True, help="The revision whose pins are judged; read as data.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="The material's folder.")
def command(settings: Settings, base: str, head: str, out: Path) -> int:
    """Collect the models and data that the gates need; runs no model code."""
    from gatehouse.cli import scene, steps

    try:
        asked = scene.between(settings, base, head)
    except Unreachable:
        raise
    except GatehouseError as error:
        # Not ours to fail on: whoever wrote the pins is told by the report, on the pull request.
        said = GatehouseError(legible(error.message), legible(error.fix))
        emit(settings, steps.refuse(said, out), f"refused, which the report will say: {said.message}")
        return DONE
    with progress(settings) as say:
        material = steps.fetch(asked, out, say)
    emit(settings, material, f"{len(material.cases)} promotion{'s' * (len(material.cases) != 1)} fetched to {out}")
    return DONE
