"""Brings one model's logs of live traffic into the material."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from gatehouse.declare.types import Policy
from gatehouse.errors import GatehouseError
from gatehouse.evaluate.traffic.columns import KINDS

TRAFFIC = "traffic"


def bring(policy: Policy, root: Path, folder: Path, progress: Callable[[str], None]) -> dict[str, str]:
    """``{"traffic": place}`` below the material's ``folder``, or nothing where nothing was logged of the model yet.

    Relative paths start at ``root``. Only whole files of the known kinds come along. Raises GatehouseError for a link,
    which could lead anywhere.
    """
    if policy.data.traffic is None:
        return {}
    source = (root / policy.data.traffic.where.text).resolve() / policy.model
    place = Path("data") / TRAFFIC / policy.model
    if not (folder / place).exists():
        files = [path for kind in KINDS for path in sorted((source / kind.name).rglob("*.parquet")) if _whole(path)]
        if files:
            progress(f"fetching {len(files):,} files of live traffic")
        for path in files:
            _copy(path, folder / place / path.relative_to(source))
    return {TRAFFIC: place.as_posix()} if any((folder / place).rglob("*.parquet")) else {}


def _whole(path: Path) -> bool:
    """A name that starts with a dot is still being written."""
    if path.is_symlink():
        raise GatehouseError(f"{path.name} is a link among the logs of live traffic", "keep the file itself there")
    return path.is_file() and not path.name.startswith(".")


def _copy(source: Path, target: Path) -> None:
    """A hard link costs nothing where both are on one file system; whole files are never written to again. What has
    been rotated away meanwhile is gone for us too."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except FileNotFoundError:
        return
    except OSError:
        shutil.copyfile(source, target)
