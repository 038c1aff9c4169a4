"""Who has to approve what a pull request changes: CODEOWNERS as its base has it. The last line that matches decides."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.github.state import Pull, Repository

_PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")


def unapproved(repo: Repository, pull: Pull, approving: set[str]) -> list[str]:
    """The files with owners of whom none is among those who approve."""
    lines = list(_lines(repo, pull.base))
    start = repo.git.merge_base(pull.base, pull.head_sha) or pull.base_sha
    return [
        change.path
        for change in repo.git.changes(start, pull.head_sha)
        if (owners := _owners(lines, change.path)) and not approving & _people(repo, owners)
    ]


def _lines(repo: Repository, branch: str) -> Iterator[tuple[re.Pattern[str], list[str]]]:
    files = {entry.path: entry for entry in repo.git.entries(branch, recursive=True)}
    path = next((each for each in _PLACES if each in files), None)
    text = repo.git.blob(files[path].sha).decode() if path else ""
    for line in text.split("\n"):
        pattern, *owners = line.partition("#")[0].split() or [""]
        if pattern:
            yield _expression(pattern), owners


def _expression(pattern: str) -> re.Pattern[str]:
    """Enough of gitignore's language for a test: ``*`` stops at a slash, a folder holds everything below it."""
    anchored = "/" in pattern.removesuffix("/")
    inside = re.escape(pattern.strip("/")).replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
    below = "" if pattern.endswith("/*") else "(/.*)?"
    return re.compile(f"{'' if anchored else '(.*/)?'}{inside}{'/.*' if pattern.endswith('/') else below}")


def _owners(lines: list[tuple[re.Pattern[str], list[str]]], path: str) -> list[str]:
    return next((owners for expression, owners in reversed(lines) if expression.fullmatch(path)), [])


def _people(repo: Repository, owners: list[str]) -> set[str]:
    teams = {owner.partition("/")[2] for owner in owners if "/" in owner}
    inside = (login for slug, team in repo.teams.items() if slug in teams for login in team.members)
    return {*inside, *(owner.removeprefix("@") for owner in owners)}
