"""``gatehouse outcomes``: what became of the requests that were answered."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatehouse.cli.frame import BLOCKED, DONE, Settings, emit, progress, verb
from gatehouse.errors import GatehouseError, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gatehouse.serve.log.importing import Imported

# A file that takes longer than this says how far it is, and again after as long.
_QUIET_S = 2.0
_SHOWN = 20


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Bring in what became of the requests that were answered."""


@verb
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("model")
@click.option("--request-id", metavar="COLUMN", default="request_id", show_default=True, help="Names the request.")
@click.option("--label", metavar="COLUMN", default="label", show_default=True, help="What became of it: a number.")
@click.option("--observed", metavar="COLUMN", default="observed", show_default=True, help="When that was observed.")
@click.option("--observed-now", is_flag=True, help="The file does not say when: it is now.")
@click.option("--utc", is_flag=True, help="Times without a zone are in UTC.")
@click.option("--value", metavar="TEXT=NUMBER", multiple=True, help="What a word stands for; may be repeated.")
@click.option("--traffic", type=click.Path(path_type=Path, file_okay=False), help="The logs' folder, not the policy's.")
@click.option("--dry-run", is_flag=True, help="Judge and count everything, write nothing.")
def import_(  # noqa: PLR0913 - one parameter an option
    settings: Settings,
    file: Path,
    model: str,
    request_id: str,
    label: str,
    observed: str,
    observed_now: bool,
    utc: bool,
    value: tuple[str, ...],
    traffic: Path | None,
    dry_run: bool,
) -> int:
    """Add the outcomes in FILE (CSV, JSON lines or Parquet) to the log of MODEL's live traffic.

    A label that comes again is added too: the gates take the one observed last. Records that cannot be read are refused
    and named, all others are written, in one file that is there whole or not at all. Exit 1 where any was refused.
    """
    from gatehouse.serve.log.importing import Asked, mapped, run
    from gatehouse.serve.log.sources import Columns

    columns = Columns(request_id, label, None if observed_now else observed)
    asked = Asked(file, model, datetime.now(UTC), columns, mapped(value), utc)
    folder = _folder(settings, model, traffic)
    with progress(settings) as say:
        found = run(asked, folder, _paced(say), dry=dry_run)
    emit(settings, found, _said(found, dry_run))
    return BLOCKED if found.refused else DONE


command.add_command(import_, "import")


def _folder(settings: Settings, model: str, traffic: Path | None) -> Path:
    """The model's folder of logs. Raises GatehouseError where none is known."""
    from gatehouse.pin import MODEL

    if not MODEL.fullmatch(model):
        raise GatehouseError(f"{model!r} is no model's name", "name the registered model")
    if traffic is not None:
        return traffic / model
    from gatehouse.declare.load import require
    from gatehouse.declare.source import WorkTree

    root = settings.repository.root
    declared = require(WorkTree(root), settings.environ)
    policy = declared.policies.get(model)
    if policy is None:
        raise NotFound(f"no policy of {model!r} in promotions/", f"use one of {', '.join(sorted(declared.policies))}")
    if policy.data.traffic is None:
        fix = "name the folder there, or with --traffic"
        raise GatehouseError(f"promotions/{model}/policy.yaml: data.traffic is not set", fix)
    return (root / policy.data.traffic.where.text).resolve() / model


def _paced(say: Callable[[str], None]) -> Callable[[int], None]:
    last = time.monotonic()

    def told(records: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _QUIET_S:
            last = time.monotonic()
            say(f"{records:,} records read")

    return told


def _said(found: Imported, dry: bool) -> Sequence[str]:
    what = "would be written" if dry else "written"
    said = [f"{found.read:,} records read, {found.written:,} {what}, {found.refused:,} refused"]
    if found.file:
        said.append(f"  to {found.file}")
    if found.repeated:
        said.append(f"  {found.repeated:,} repeat a request of the same file; the one observed last counts")
    if found.known_before:
        said.append(f"  {found.known_before:,} requests had an outcome before; the one observed last counts")
    if found.unknown:
        said.append(f"! {found.unknown:,} requests are not in the log: nobody was answered under that id")
    said += [f"✗ {one.record}: {one.error}" for one in found.errors[:_SHOWN]]
    if found.refused > _SHOWN:
        said.append(f"  and {found.refused - _SHOWN:,} more; --format json names up to 1,000")
    return said
