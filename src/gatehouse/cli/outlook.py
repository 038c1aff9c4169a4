"""Whether the pins of a revision may come in on the evidence that is kept, as main asks now; no model is run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from gatehouse.cli import scene
from gatehouse.cli.frame import Settings
from gatehouse.declare.changes import PinChange, changed_pins
from gatehouse.declare.history import history
from gatehouse.declare.load import require
from gatehouse.declare.source import Proposed, Revision
from gatehouse.declare.types import Declared
from gatehouse.evaluate.request import requests
from gatehouse.evaluate.result import Request, Result
from gatehouse.pin import ROOT, Role, Slot
from gatehouse.report.outlook import Answer
from gatehouse.sync.bases import Part
from gatehouse.sync.trunk import Trunk, locate

if TYPE_CHECKING:
    from gatehouse.git import Repository
    from gatehouse.sync.proof import Finding, Prover

Asked = tuple[Request, Declared]
Step = tuple[str, str]
UPDATE = "update the branch with main, so that the gates run against what main is now"


@dataclass(frozen=True, slots=True)
class Look:
    """One answer a pin that is set, and the checks that the good ones rest on."""

    answers: tuple[Answer, ...] = ()
    results: tuple[Result, ...] = ()

    @property
    def good(self) -> bool:
        return all(answer.good for answer in self.answers)


@dataclass(frozen=True)
class Outlook:
    """Main and the evidence branch as they were at one moment; each model's evidence is read once."""

    settings: Settings
    trunk: Trunk

    @classmethod
    def now(cls, settings: Settings) -> Outlook:
        """Main as it is on the remote. Raises Unreachable when the remote does not answer."""
        return cls(settings, locate(settings.repository))

    def proposed(self, head: str, base: str | None = None) -> Look:
        """The pins that a branch sets against main, or against what main was at ``base``. Raises GatehouseError where
        they do not read."""
        return _look(self._answer(*asked) for asked in self._three_way(base or self.trunk.commit, head))

    def merged(self, base: str, head: str) -> Look:
        """The pins that ``head`` sets and ``base`` did not, where ``head`` is what main will be: each is asked as sync
        will ask, by the state just before the commit that brings it. A branch that does not stand on ``base`` is asked
        as a pull request. Raises GatehouseError where a state does not read.
        """
        line = _line(self.trunk.repository, base, head)
        asked = self._three_way(base, head) if line is None else self._brought(line, base, head)
        return _look(self._answer(*each) for each in asked)

    def _three_way(self, base: str, head: str) -> Iterator[Asked]:
        """One question a pin that the branch itself changes, by the base: what the gates were asked."""
        repository = self.trunk.repository
        main, proposed = Revision(repository, base), Revision(repository, head)
        start = Revision(repository, repository.merge_base(base, head))
        for model in _models(scene.acceptable(start, proposed)):
            # Where registries are changes no question, so nothing is asked of the environment.
            trusted = Part(main, model)
            declared = require(trusted)
            before, after = (require(Proposed(trusted, Part(one, model))) for one in (start, proposed))
            for request in requests(changed_pins(before, after), declared, main.commit, proposed.commit):
                yield request, declared

    def _brought(self, line: Sequence[Step], base: str, head: str) -> Iterator[Asked]:
        """One question a pin that the line of commits leaves behind, by the state before the last that set it."""
        repository = self.trunk.repository
        for model in _models(map(Slot.from_path, repository.changed(base, head))):
            at = _States(repository, model)
            last: dict[tuple[Slot, Role], tuple[PinChange, Step]] = {}
            for before, after in line:
                for change in changed_pins(at(before), at(after)):
                    last[change.slot, change.role] = change, (before, after)
            for kept in changed_pins(at(base), at(head)):
                # What was set and taken back again in between is not among these.
                change, (before, after) = last[kept.slot, kept.role]
                for request in requests([change], at(before), before, after):
                    yield request, at(before)

    def _answer(self, request: Request, declared: Declared) -> tuple[Answer, Result | None]:
        about = request.slot, request.role, request.candidate
        held = declared.held(request.slot.model, request.candidate)
        if held is not None:
            said = f"version {held.version} is on hold since {held.since}: {held.reason}"
            fix = f"promote another version, or lift the hold in {ROOT}/{request.slot.model}/hold.yaml first"
            return Answer(*about, said, fix), None
        if returning(self.trunk.repository, request, declared):
            return Answer(*about, returning=True), None
        found = self._prover.finding(request)
        key = found.result.key if found.result is not None else ""
        return Answer(*about, found.fault, _fix(found), key), None if found.fault else found.result

    @cached_property
    def declared(self) -> Declared:
        """What main declares. Raises GatehouseError with its faults."""
        return require(Revision(self.trunk.repository, self.trunk.commit))

    @cached_property
    def _prover(self) -> Prover:
        from gatehouse.sync.evidence import Shelf
        from gatehouse.sync.proof import Prover

        return Prover(Shelf(self.trunk))


def _fix(found: Finding) -> str:
    """What to do while the pin is not merged yet; the prover's own words are for one that is."""
    from gatehouse.sync.proof import AGAIN, Flaw

    if found.flaw is Flaw.FAILED:
        return "propose a version that passes"
    return found.fix.replace(AGAIN, UPDATE)


def returning(repository: Repository, request: Request, declared: Declared) -> bool:
    """Whether the candidate was this slot's champion before, by the history of the base, and really served: sync asks
    no evidence of it, because going back is how an incident ends."""
    if request.role is not Role.CHAMPION:
        return False
    past = (
        change.after for change in history(repository, request.base, request.slot.model) if change.slot == request.slot
    )
    named = any(held is not None and held.pin == request.candidate for held in past)
    return named and _served(repository, request, declared)


def _served(repository: Repository, request: Request, declared: Declared) -> bool:
    """Whether the candidate is in the history of the serving branch: main may have named it, and sync have refused it.
    Where there is no serving branch nobody can tell, and main's word counts. Raises Unreachable."""
    from gatehouse.git import Writer
    from gatehouse.sync.approved import served
    from gatehouse.sync.trunk import remote_of

    stage = declared.stages.get(request.slot.stage)
    if stage is None or stage.serving is None:
        return True
    commit = Writer(repository, remote_of(repository)).fetch(stage.serving.branch)
    return commit is None or served(repository, commit, request.slot.model, request.candidate)


def _look(found: Iterable[tuple[Answer, Result | None]]) -> Look:
    pairs: Sequence[tuple[Answer, Result | None]] = tuple(found)
    return Look(tuple(answer for answer, _ in pairs), tuple(result for _, result in pairs if result is not None))


class _States:
    """What one model's files declare at a commit, each read once."""

    def __init__(self, repository: Repository, model: str) -> None:
        self._repository, self._model = repository, model
        self._read: dict[str, Declared] = {}

    def __call__(self, commit: str) -> Declared:
        if commit not in self._read:
            self._read[commit] = require(Part(Revision(self._repository, commit), self._model))
        return self._read[commit]


def _line(repository: Repository, base: str, head: str) -> list[Step] | None:
    """The commits from base to head that change promotions, each behind the one before it, oldest first; None where the
    head's own line of commits does not lead back to the base."""
    said = repository.run("rev-list", "--first-parent", "--parents", "--reverse", f"{base}..{head}")
    line = [row.split()[:2] for row in said.splitlines()]
    if not line or line[0][-1] != base:
        return None
    return [
        (before, after)
        for after, before in line
        if any(path.startswith(f"{ROOT}/") for path in repository.changed(before, after))
    ]


def _models(slots: Iterable[Slot | None]) -> list[str]:
    return sorted({slot.model for slot in slots if slot is not None})
