"""``gatehouse fetch``: step 1 of a check."""

from __future__ import annotations

from pathlib import Path

import click

from gatehouse.cli.frame import DONE, Settings, emit, progress, verb


@verb
@click.option("--base", metavar="REV", required=True, help="The trusted revision: its gates and policies judge.")
@click.option("--head", metavar="REV", required=True, help="The revision whose pins are judged; read as data.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="The material's folder.")
def command(settings: Settings, base: str, head: str, out: Path) -> int:
    """Collect the models and data that the gates need; runs no model code."""
    from gatehouse.cli import scene, steps

    with progress(settings) as say:
        material = steps.fetch(scene.between(settings, base, head), out, say)
    emit(settings, material, f"{len(material.cases)} promotion{'s' * (len(material.cases) != 1)} fetched to {out}")
    return DONE
