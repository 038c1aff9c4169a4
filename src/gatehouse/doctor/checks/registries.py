"""MLflow, here and on the server."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gatehouse.doctor.facts import Facts
from gatehouse.doctor.finding import Finding, Unseen, bad, ok, unknown, warn
from gatehouse.registry.server import Server

FLOOR = (3, 11)
"""Vulnerabilities that were fixed in it and before set this floor."""
_FLOOR = ".".join(map(str, FLOOR))
_SOURCES = (
    "set MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX on it as well, so that a version comes only from your own "
    "artifact store: no client can see whether it is set"
)


def client(facts: Facts) -> Iterator[Finding]:
    """The MLflow that is installed here is one without known holes."""
    release = facts.machine.mlflow
    if old(release):
        yield bad("registry/client", f"MLflow {release} is installed here", f"install {_FLOOR} or later")
    else:
        yield ok("registry/client", f"MLflow {release} is installed here")


def server(facts: Facts) -> Iterator[Finding]:
    """Each registry answers, with a release that has no known holes, on a database."""
    check = "registry/server"
    for shown, found in facts.registries.items():
        if isinstance(found, Unseen):
            yield unknown(check, found.why, found.fix)
        elif not found.http:
            yield warn(
                check, f"{shown} is no server: who can read the file can change it", "run `mlflow server` for a team"
            )
        elif not found.release:
            fix = f"set MLFLOW_TRACKING_TOKEN, or user and password, to somebody who may; it must be {_FLOOR} or later"
            yield unknown(check, f"{shown} does not tell us its release", fix)
        elif old(found.release):
            yield bad(check, f"{shown} runs MLflow {found.release}", f"upgrade it to {_FLOOR} or later; {_SOURCES}")
        elif found.store == "FileStore":
            yield bad(check, f"{shown} keeps its records in files", "start it with --backend-store-uri of a database")
        else:
            yield ok(check, f"{shown} runs MLflow {found.release}")


def access(facts: Facts) -> Iterator[Finding]:
    """Each registry server asks who comes, and what is sent to it cannot be read on the way."""
    check = "registry/access"
    for shown, found in facts.registries.items():
        if isinstance(found, Unseen) or not found.http:
            continue
        if not found.private:
            yield bad(
                check,
                f"tokens travel to {shown} in the clear",
                "serve it over https, with a certificate that is checked",
            )
        yield _asked(check, shown, found)


def _asked(check: str, shown: str, found: Server) -> Finding:
    if found.open is None:
        return unknown(check, f"whether {shown} asks who comes: it gave an odd answer", "look at it with curl")
    if not found.open:
        return ok(check, f"{shown} asks who comes")
    return warn(
        check,
        f"{shown} lists its models to anybody who reaches it",
        f"put it behind a login (`--app-name basic-auth`, or a proxy), or where only workflows reach it; {_SOURCES}",
    )


def old(release: str) -> bool:
    """Whether a release is below the floor; one that cannot be told is."""
    found = re.match(r"(\d+)\.(\d+)", release)
    return found is None or (int(found[1]), int(found[2])) < FLOOR
