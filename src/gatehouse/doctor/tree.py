"""Main as the repository holds it: what it declares, who owns it, what its workflows ask for."""

from __future__ import annotations

from collections.abc import Mapping

from gatehouse.declare.load import default_stages, gather
from gatehouse.declare.owners import LIMIT, find, parse
from gatehouse.declare.source import Revision
from gatehouse.doctor import workflows
from gatehouse.doctor.facts import MAIN, Main, OwnersFile
from gatehouse.doctor.workflows import FOLDER
from gatehouse.errors import GatehouseError, NotFound
from gatehouse.git import Repository, Writer


def read(repository: Repository, environ: Mapping[str, str]) -> Main:
    """Main, fetched where that works: a workflow's checkout may have no credentials left, and has just been made.

    Raises NotFound where there is no branch main.
    """
    commit, fetched = _located(repository)
    blobs = repository.blobs(commit)
    source = Revision(repository, commit)
    # A variable that is not set here is no fault of main's.
    found, answered = gather(source, None), gather(source, environ)
    return Main(
        commit=commit,
        fetched=fetched,
        paths=tuple(blobs),
        owners=_owners(repository, blobs),
        workflows=tuple(
            workflows.read(path, repository.read_blobs([blob])[blob]) for path, blob in blobs.items() if _workflow(path)
        ),
        stages=answered.stages or found.stages or default_stages(environ),
        policies=found.policies,
        faults=tuple(str(fault).split("\n")[0] for fault in found.faults),
    )


def _located(repository: Repository) -> tuple[str, bool]:
    remotes = repository.run("remote").split()
    remote = "origin" if "origin" in remotes else next(iter(remotes), None)
    try:
        commit = Writer(repository, remote).fetch(MAIN)
    except GatehouseError:
        known = f"refs/remotes/{remote}/{MAIN}"
        if not repository.has(known):
            raise
        return repository.resolve(known), False
    if commit is None:
        raise NotFound(f"{remote or repository.root} has no branch {MAIN}", f"push one: git push origin HEAD:{MAIN}")
    return commit, True


def _owners(repository: Repository, blobs: Mapping[str, str]) -> OwnersFile | None:
    path = find(tuple(blobs))
    if path is None:
        return None
    size = int(repository.run("cat-file", "-s", blobs[path]))
    if size >= LIMIT:
        return OwnersFile(path, size, None)
    # Larger than what a pull request may hand us is fine here: main is trusted.
    text = repository.run_bytes("cat-file", "blob", blobs[path]).decode(errors="replace")
    return OwnersFile(path, size, parse(text))


def _workflow(path: str) -> bool:
    return path.startswith(FOLDER) and path.endswith((".yml", ".yaml")) and "/" not in path.removeprefix(FOLDER)
