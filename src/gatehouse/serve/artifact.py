"""A pinned artifact where it is served: fetched from its address, or found there, and its digest checked before use.

``python -m gatehouse.serve.artifact fetch ADDRESS FOLDER DIGEST`` is what an init container runs;
``python -m gatehouse.serve.artifact verify FOLDER DIGEST -- COMMAND…`` becomes COMMAND where the digest is right.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from gatehouse.errors import GatehouseError
from gatehouse.pin import DIGEST
from gatehouse.registry.digest import digest
from gatehouse.registry.located import download

_USAGE = "fetch ADDRESS FOLDER DIGEST | verify FOLDER DIGEST -- COMMAND…"


def fetch(address: str, folder: Path, expected: str, registry: str = "") -> Path:
    """The artifact in ``folder``, complete and with the digest, or not at all; one that is there already is checked.

    ``registry`` is the MLflow server that hands out ``mlflow-artifacts:``. Raises GatehouseError for another digest.
    """
    if not folder.exists():
        scratch = folder.with_name(f".{folder.name}.{os.getpid()}")
        try:
            verify(download(address, scratch, registry), expected)
            scratch.rename(folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return verify(folder, expected)


def verify(folder: Path, expected: str) -> Path:
    """The folder, which has the digest. Raises GatehouseError where it has another one."""
    if not DIGEST.fullmatch(expected):
        raise GatehouseError(f"{expected!r} is no digest", "write sha256: and 64 hex digits")
    found = digest(folder)
    if found != expected:
        raise GatehouseError(
            f"{folder} has the digest {found}, and {expected} is pinned: it is not what was reviewed",
            "find out who replaced the artifact, and register it as a version of its own",
        )
    return folder


def main(arguments: Sequence[str], registry: str = "") -> int:
    """Exit status 0: it is there, 1: it is not what is pinned, or cannot be fetched or served, 2: wrong use."""
    try:
        match arguments:
            case ["fetch", address, folder, expected]:
                fetch(address, Path(folder), expected, registry)
                return 0
            case ["verify", folder, expected, "--", program, *rest]:
                verify(Path(folder), expected)
                return _become(program, rest)
    except GatehouseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stderr.write(f"usage: python -m gatehouse.serve.artifact {_USAGE}\n")
    return 2


def _become(program: str, rest: list[str]) -> int:
    """Never returns where the program is there: the server is to be the process that the cluster watches."""
    try:
        os.execvp(program, [program, *rest])  # noqa: S606 # that is the point, and no shell is in between
    except OSError as error:
        sys.stderr.write(f"{program}: {error.strerror}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ.get("MLFLOW_TRACKING_URI", "")))
