"""``gatehouse profile``: the training-time feature profile that the drift gate compares production with."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import click

from gatehouse.cli.frame import DONE, Settings, progress, verb


@verb
@click.argument("data")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it here instead of printing it.")
def command(settings: Settings, data: str, out: Path | None) -> int:
    """Make the feature profile of the training table DATA (Parquet, CSV or Arrow, or a folder of such files).

    DATA is a path or a URL (s3, gs, https, file), which is read with the credentials of the environment.

    Log it with the training run as gatehouse/profile.json. It is JSON, whatever --format says.
    """
    from gatehouse.declare.tables import scheme
    from gatehouse.evaluate.engines.embedded import Embedded
    from gatehouse.evaluate.placing import download
    from gatehouse.evaluate.statistics.profile import Profile

    with progress(settings) as say, TemporaryDirectory(prefix="gatehouse-") as room:
        place = download(data, Path(), Path(room), say) if scheme(data) else Path(data)
        named = data.partition("?")[0] if scheme(data) else data
        say(f"reading {named}")
        profile = Profile.of(Embedded().open(str(place), named).batches())
    if out is None:
        click.echo(profile.to_json().decode())
        return DONE
    out.write_bytes(profile.to_json())
    click.echo(f"{len(profile.features)} features of {profile.rows:,} rows, in {out}", err=True)
    click.echo(f'log it with the run: mlflow.log_artifact("{out}", "gatehouse"), named profile.json', err=True)
    return DONE
