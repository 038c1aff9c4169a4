"""``gatehouse profile``: the training-time feature profile that the drift gate compares production with."""

from __future__ import annotations

from pathlib import Path

import click

from gatehouse.cli.frame import DONE, Settings, progress, verb


@verb
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it here instead of printing it.")
def command(settings: Settings, data: Path, out: Path | None) -> int:
    """Make the feature profile of the training table DATA (Parquet, CSV or Arrow, or a folder of such files).

    Log it with the training run as gatehouse/profile.json. It is JSON, whatever --format says.
    """
    from gatehouse.evaluate.engines.embedded import Embedded
    from gatehouse.evaluate.statistics.profile import Profile

    with progress(settings) as say:
        say(f"reading {data}")
        profile = Profile.of(Embedded().open(str(data)).batches())
    if out is None:
        click.echo(profile.to_json().decode())
        return DONE
    out.write_bytes(profile.to_json())
    click.echo(f"{len(profile.features)} features of {profile.rows:,} rows, in {out}", err=True)
    click.echo(f'log it with the run: mlflow.log_artifact("{out}", "gatehouse"), named profile.json', err=True)
    return DONE
