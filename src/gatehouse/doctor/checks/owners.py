"""CODEOWNERS: somebody must agree to every change of what is promoted, what judges it, and what runs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gatehouse.declare.owners import PLACES, Owners
from gatehouse.doctor.checks.merging import NEW as _NEW
from gatehouse.doctor.checks.merging import free
from gatehouse.doctor.facts import MAIN, Facts, Main, OwnersFile
from gatehouse.doctor.finding import Finding, Unseen, bad, ok, unknown, warn
from gatehouse.doctor.words import listed
from gatehouse.pin import ROOT

GUARDED = (f"{ROOT}/", "gates/", ".github/")
# What workflows run from main, where the repository holds the engine too.
ENGINE = ("src/", "scripts/", "pyproject.toml", "requirements.lock")


def file(facts: Facts) -> Iterator[Finding]:
    """There is a CODEOWNERS file on main, in a place and of a size that GitHub reads."""
    check, found = "owners/file", facts.main.owners
    if found is None:
        link = "" if isinstance(facts.github, Unseen) else f"{facts.hub.host.url}/new/{MAIN}?filename={PLACES[0]}"
        yield bad(check, "main has no CODEOWNERS file: nobody owns anything", f"write {PLACES[0]}", link)
    elif found.owners is None:
        size = f"{found.size:,} bytes"
        yield bad(
            check,
            f"{found.path} has {size}: GitHub loads none of 3 MB or more",
            "say it with fewer patterns",
            facts.page(found.path),
        )
    else:
        others = [place for place in PLACES if place in facts.main.paths and place != found.path]
        if others:
            yield warn(check, f"{listed(others)} is not read: {found.path} counts", f"delete {listed(others)}")
        yield ok(check, f"{found.path} counts, with {len(found.owners.lines)} lines")


def lines(facts: Facts) -> Iterator[Finding]:
    """GitHub takes every line of CODEOWNERS, and every owner is there and may write."""
    hub, main = facts.hub, facts.main
    check, found = "owners/lines", main.owners
    if found is None or found.owners is None:
        return
    skipped = {one.number: one for one in found.owners.skipped}
    for number, one in skipped.items():
        yield bad(
            check, f"{found.path}:{number} is skipped: {one.why}", "mend the line", facts.page(found.path, number)
        )
    if isinstance(hub.owners_errors, Unseen):
        yield unknown(check, f"what GitHub says of {found.path}: {hub.owners_errors.why}", hub.owners_errors.fix)
        return
    for error in hub.owners_errors:
        if error.line not in skipped:
            what = f"{error.path}:{error.line}: {error.message}"
            fix = "name somebody who is there, and give them write access"
            yield bad(check, what, fix, facts.page(error.path, error.line))
    if not skipped and not hub.owners_errors:
        yield ok(check, f"GitHub takes every line of {found.path}")


def paths(facts: Facts) -> Iterator[Finding]:
    """Every path in promotions/, gates/ and .github/ that gates do not decide alone has an owner, and what may come."""
    found = facts.main.owners
    if found is None or found.owners is None:
        return
    guarded = [path for path in facts.main.paths if path.startswith(GUARDED) or path == found.path]
    there = [path for path in guarded if not free(facts.main, path)]
    coming = [path for path in _coming(facts.main, found) if path not in guarded and not free(facts.main, path)]
    naked = [path for path in there if not found.owners.of(path)]
    yield from _unowned(facts, naked, "{0} of {1} paths" if len(there) > 1 else "{0} of {1} path", len(there))
    future = [path for path in coming if not found.owners.of(path)]
    if future and not naked:
        yield from _unowned(facts, future, "{0} of {1} files that may come", len(coming))
    if not naked and not future:
        yield ok("owners/paths", f"all {len(there)} paths in {listed(GUARDED)} have an owner, and so has what may come")


def _coming(main: Main, found: OwnersFile) -> Iterator[str]:
    """Files that are not there yet: each model's slots and holds, a new model, gate and workflow."""
    models = {path.split("/")[1] for path in main.paths if path.startswith(f"{ROOT}/") and path.count("/") == 2}
    for model in (*sorted(models), _NEW):
        for stage in main.stages.stages:
            yield f"{ROOT}/{model}/{stage.name}.yaml"
            yield f"{ROOT}/{model}/{stage.name}.{_NEW}.yaml"
        yield f"{ROOT}/{model}/policy.yaml"
        yield f"{ROOT}/{model}/hold.yaml"
    yield from (f"{ROOT}/stages.yaml", f"{ROOT}/freeze.yaml", f"gates/{_NEW}.py", f"gates/metrics/{_NEW}.py")
    yield from (f".github/workflows/{_NEW}.yml", f".github/actions/{_NEW}/action.yml", ".github/CODEOWNERS", found.path)


def engine(facts: Facts) -> Iterator[Finding]:
    """Where the repository holds the engine that its workflows run, that has owners too."""
    found = facts.main.owners
    there = [path for path in facts.main.paths if path.startswith(ENGINE)]
    if found is None or found.owners is None or not there:
        return
    naked = [path for path in there if not found.owners.of(path)]
    if naked:
        what = f"{len(naked)} of {len(there)} files of the engine that judges have no owner: {listed(naked, 3)}"
        fix = f"add to {found.path}: `{listed(_folders(naked))} @team`"
        yield warn("owners/engine", what, fix, facts.page(found.path))
    else:
        yield ok("owners/engine", f"all {len(there)} files of the engine that judges have an owner")


def _unowned(facts: Facts, naked: list[str], words: str, count: int) -> Iterator[Finding]:
    found = facts.main.owners
    if not naked or found is None or found.owners is None:
        return
    what = f"{words.format(len(naked), count)} have no owner: {listed(naked, 3)}"
    why = sorted(set(_un_owning(found.owners, naked)))
    if why:
        numbers = listed(f"{found.path}:{number} ({pattern})" for number, pattern in why)
        yield bad(
            "owners/paths",
            f"{what}; un-owned by {numbers}",
            "name owners there, or delete the line",
            facts.page(found.path, why[0][0]),
        )
    else:
        fix = f"add to {found.path}: `{listed(_folders(naked))} @team`"
        yield bad("owners/paths", what, fix, facts.page(found.path))


def _un_owning(owners: Owners, naked: Iterable[str]) -> Iterator[tuple[int, str]]:
    for path in naked:
        line = owners.line(path)
        if line is not None:
            yield line.number, line.pattern


def _folders(naked: Iterable[str]) -> list[str]:
    return sorted({f"/{path.split('/')[0]}/" if "/" in path else f"/{path}" for path in naked})
