"""Which pins of a pull request people have to agree to, and what the repository says about each: policy, owners,
evidence, and who trained it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from gatehouse.cli import rivals
from gatehouse.cli.outlook import Look, Outlook
from gatehouse.declare import owners
from gatehouse.declare.freeze import Freeze
from gatehouse.declare.load import require
from gatehouse.declare.source import Revision
from gatehouse.declare.types import Declared
from gatehouse.evaluate.result import Result
from gatehouse.git import Repository
from gatehouse.github import Pull
from gatehouse.report.outlook import Answer
from gatehouse.review.facts import Asked
from gatehouse.review.token import token
from gatehouse.sync.bases import Part


@dataclass(frozen=True, slots=True)
class Pins:
    """``evaluated``: when the last of the evidence was found; None where nothing is asked, or a pin has no evidence
    that answers what the base asks. ``names``: other names of people, in small letters, and the login behind each;
    ``look``: what the evidence says of every pin, also of those that nobody is asked about."""

    asked: tuple[Asked, ...]
    evaluated: datetime | None
    freeze: Freeze
    names: Mapping[str, str]
    look: Look


def pins(outlook: Outlook, pull: Pull, base: str | None = None) -> Pins:
    """The pins that a pull request sets in stages that ask for a review, without those that served there before: going
    back is how an incident ends.

    ``base`` is the commit that asks; by default main as it is, for a merged pull request what was before its merge.
    Raises Unreachable where the remote does not answer, and GatehouseError for pins that do not read.
    """
    repository = outlook.trunk.repository
    rivals.bring(outlook.trunk, pull.head_sha)
    start = _base(outlook, pull) if base is None else repository.resolve(base)
    look = outlook.proposed(pull.head_sha, start)
    declared = {
        answer.slot.model: require(Part(Revision(repository, start), answer.slot.model)) for answer in look.answers
    }
    general = next(iter(declared.values()), None) or require(Part(Revision(repository, start)))
    found = tuple(_asked(look, declared, pull, code_owners(repository, start)))
    results = [result for _, result in found if result is not None]
    whole = bool(found) and len(results) == len(found)
    return Pins(
        asked=tuple(asked for asked, _ in found),
        evaluated=max(result.evaluated for result in results) if whole else None,
        freeze=general.freeze,
        names={name.lower(): login for login, names in general.stages.people.items() for name in names},
        look=look,
    )


def _base(outlook: Outlook, pull: Pull) -> str:
    if pull.merge_sha is None:
        return outlook.trunk.commit
    rivals.bring(outlook.trunk, pull.merge_sha)
    return outlook.trunk.repository.resolve(f"{pull.merge_sha}^1")


def _asked(
    look: Look, declared: Mapping[str, Declared], pull: Pull, file: owners.Owners
) -> Iterator[tuple[Asked, Result | None]]:
    results = {(result.request.slot, result.request.role): result for result in look.results}
    for answer in look.answers:
        here = declared[answer.slot.model]
        stage = here.stages.get(answer.slot.stage)
        if answer.returning or (stage is not None and stage.review == "none"):
            continue
        result = results.get((answer.slot, answer.role))
        key = result.key if result is not None else ""
        yield _one(answer, here, pull, key, file.of(answer.slot.path), _trainers(result)), result


def _one(
    answer: Answer, declared: Declared, pull: Pull, key: str, owned_by: tuple[str, ...], trainers: tuple[str, ...]
) -> Asked:
    return Asked(
        slot=answer.slot,
        role=answer.role,
        candidate=answer.candidate,
        evidence=key,
        # Without evidence there is nothing that an approval could name.
        token=token(pull.number, pull.head_sha, answer.slot, answer.role, key) if key else "",
        owners=owned_by,
        trained_by=trainers,
        policy=declared.policies[answer.slot.model],
    )


def _trainers(result: Result | None) -> tuple[str, ...]:
    """Several are told in one text, with commas between; a name may have commas of its own, so both readings count."""
    said = (result.candidate.trained_by or "") if result is not None else ""
    return tuple(dict.fromkeys(name for name in (said, *said.split(", ")) if name))


def code_owners(repository: Repository, commit: str) -> owners.Owners:
    """CODEOWNERS as a commit has it; nobody owns anything where there is none, or one that GitHub does not load."""
    blobs = repository.blobs(commit)
    path = owners.find(tuple(blobs))
    if path is None or int(repository.run("cat-file", "-s", blobs[path])) >= owners.LIMIT:
        return owners.Owners(())
    return owners.parse(repository.run_bytes("cat-file", "blob", blobs[path]).decode(errors="replace"))
