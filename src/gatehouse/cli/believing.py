"""Whether a document of results is the answer to what was asked, before anybody is told it or it is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gatehouse.cli.frame import Settings
from gatehouse.declare.load import require
from gatehouse.declare.source import Revision, Source, WorkTree
from gatehouse.errors import GatehouseError

if TYPE_CHECKING:
    from gatehouse.declare.types import Declared
    from gatehouse.evaluate.result import Result
    from gatehouse.git import Repository

FIX = (
    "run the check again; if it stays, look at what the candidate does when it is loaded and asked, "
    "and at the log of the evaluate job, before anybody trusts either"
)
_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
SILENT = "read the log of the evaluate job: the candidate may take more memory or time than there is; then run it again"


@dataclass(frozen=True, slots=True)
class Answer:
    """Results, and the state that judged them."""

    results: tuple[Result, ...]
    base: Source
    declared: Declared


@contextmanager
def reading() -> Iterator[None]:
    """Whatever goes wrong while a stranger's answer is read is told in its place, as a fault of the answer."""
    try:
        yield
    except GatehouseError:
        raise
    except Exception as error:
        raise GatehouseError(
            f"the evaluate job's answer broke what reads it: {type(error).__name__}", f"{FIX}; `--debug` shows where"
        ) from error


def held_against_fetch(settings: Settings, folder: Path, asked: Path) -> Answer:
    """The results in ``folder``, where they answer what the material at ``asked`` asks, and only that.

    Raises GatehouseError where fetch refused, and where the answer cannot be believed.
    """
    from gatehouse.cli import steps
    from gatehouse.evaluate import believed, material

    question = material.read(asked)
    if question.refused:
        raise GatehouseError(question.refused, question.fix)
    if not (folder / steps.RESULTS).exists():
        raise GatehouseError("the evaluate job left no results: it broke off, or was stopped", SILENT)
    found = _read(folder)
    base = _base(settings.repository, [case.request.base for case in question.cases])
    declared = require(base, settings.environ)
    judges = believed.Judges.at(base, declared.policies)
    _believe(believed.doubt(found, question, judges, datetime.now(UTC)))
    return Answer(found, base, declared)


def held_against_git(settings: Settings, folder: Path, pull: int) -> Answer:
    """The results in ``folder``, where they answer what a pull request asks of main; what only fetch knows, such as who
    trained a model, is taken as they say it. Raises GatehouseError where they cannot be believed."""
    from gatehouse.cli import scene
    from gatehouse.cli.hub import connect
    from gatehouse.evaluate import believed
    from gatehouse.sync.trunk import locate

    found, repository = _read(folder), settings.repository
    with connect(settings) as github:
        head = github.reader.pulls.get(pull).head_sha
    if not repository.has(head):
        repository.run("fetch", "--quiet", "--no-tags", "origin", f"refs/pull/{pull}/head")
    trunk = locate(repository).commit
    bases = [result.request.base for result in found] or [trunk]
    _believe("" if _within(repository, bases[0], trunk) else f"{bases[0][:40]!r} is no commit of main")
    asked = scene.between(settings, bases[0], head)
    _believe(believed.unasked(found, asked.requests))
    judges = believed.Judges.at(asked.base, asked.declared.policies)
    _believe(next((why for result in found for why in believed.judged(result, judges)), ""))
    return Answer(found, asked.base, asked.declared)


def unheld(settings: Settings, folder: Path) -> Answer:
    """The results in ``folder`` as they are: one's own, on one's own machine."""
    base = WorkTree(settings.repository.root)
    return Answer(_read(folder), base, require(base, settings.environ))


def _read(folder: Path) -> tuple[Result, ...]:
    from gatehouse.cli import steps
    from gatehouse.report import document

    return document.decode(steps.read_results(folder))


def _base(repository: Repository, commits: Sequence[str]) -> Source:
    """The one commit that judges; where there is no question, what lies here."""
    if len(set(commits)) > 1:
        raise GatehouseError("the questions are judged by several commits", "fetch again, with one --base")
    return Revision(repository, commits[0]) if commits else WorkTree(repository.root)


def _within(repository: Repository, commit: str, trunk: str) -> bool:
    """Whether the trunk was at a commit, which is told by its whole id: any other way to name one is a stranger's."""
    if not _ID.fullmatch(commit) or not repository.has(commit):
        return False
    try:
        repository.run("merge-base", "--is-ancestor", commit, trunk)
    except GatehouseError:
        return False
    return True


def _believe(doubt: str) -> None:
    if doubt:
        raise GatehouseError(f"the evaluate job's answer cannot be believed: {doubt}", FIX)
