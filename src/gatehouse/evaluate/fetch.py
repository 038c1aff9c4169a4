"""Step 1 of a check: collect everything that the gates need into one folder. Runs no model code."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from gatehouse.declare.source import Source
from gatehouse.declare.tables import passed_through
from gatehouse.declare.types import Declared, Policy
from gatehouse.errors import GatehouseError, NotFound, Unreachable
from gatehouse.evaluate import papers
from gatehouse.evaluate.material import Case, Fetched, Material, Paper, Staged, write
from gatehouse.evaluate.placing import Placer, short_hash
from gatehouse.evaluate.result import Request, Subject
from gatehouse.evaluate.traffic import fetching as traffic
from gatehouse.pin import ROOT, Pin, Slot

if TYPE_CHECKING:
    from gatehouse.registry.reader import RegistryReader
    from gatehouse.registry.types import Version

BASE = "base"
# What of the base commit judges: copied as it is there, so that evaluate needs no repository.
_JUDGES = (f"{ROOT}/", "gates/")


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches cases into ``folder``.

    ``base`` is the trusted state whose gates and policies judge and ``declared`` the same, parsed; ``root`` is where
    relative data paths start; ``reader`` opens a registry; ``staged`` answers from history whether a request's pin
    has been in the stage before its own.
    """

    base: Source
    declared: Declared
    root: Path
    folder: Path
    reader: Callable[[str], RegistryReader]
    staged: Callable[[Request], Staged | None]
    progress: Callable[[str], None] = lambda _: None

    def fetch(self, requests: Iterable[Request]) -> Material:
        """Writes the material and returns it.

        A request that cannot be evaluated (an unknown version, no policy) becomes a case with a problem, so that its
        pull request is told. Raises Unreachable when the registry does not answer: nothing can be said then, and
        nothing is left behind. Raises GatehouseError for a folder that holds something: what an earlier fetch left
        there would be taken for this one's.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if any(self.folder.iterdir()):
            raise GatehouseError(f"{self.folder} is not empty", "fetch into a new folder")
        try:
            self._copy_judges()
            material = Material(tuple(self._case(request) for request in requests), datetime.now(UTC))
            write(material, self.folder)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return material

    def _copy_judges(self) -> None:
        for prefix in _JUDGES:
            for path in self.base.paths(prefix):
                content = self.base.read(path)
                if content is not None:
                    target = self.folder / BASE / path
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(content)

    def _case(self, request: Request) -> Case:
        try:
            return self._fetched(request)
        except Unreachable:
            raise
        except GatehouseError as error:
            return Case(request, problem=error.message, fix=error.fix)

    def _fetched(self, request: Request) -> Case:
        policy = self._policy(request)
        held = self.declared.held(request.slot.model, request.candidate)
        if held is not None:
            raise GatehouseError(
                f"version {held.version} is on hold since {held.since}: {held.reason}",
                f"promote another version, or lift the hold in {ROOT}/{request.slot.model}/hold.yaml first",
            )
        data = self._data(policy)
        candidate = self._model(request.slot, request.slot.stage, request.candidate)
        return Case(
            request=request,
            candidate=candidate,
            cards=self._cards(request, policy, candidate.folder),
            champion=self._champion(request),
            staged=self.staged(request),
            data=data,
            digests=self._digests(policy, data),
        )

    def _policy(self, request: Request) -> Policy:
        model = request.slot.model
        policy = self.declared.policies.get(model)
        if policy is None:
            raise NotFound(
                f"{model} has no policy on the base branch",
                f"merge {ROOT}/{model}/policy.yaml first, in a pull request of its own",
            )
        if request.slot.stage not in policy.stages:
            raise NotFound(
                f"the policy of {model} says nothing about {request.slot.stage}",
                f"add `{request.slot.stage}` under `stages:` in {ROOT}/{model}/policy.yaml",
            )
        return policy

    def _cards(self, request: Request, policy: Policy, folder: str) -> Mapping[str, Paper]:
        """The cards that the stage's gates look at."""
        slot, kinds = request.slot, papers.asked(policy, request.slot.stage)
        stage = self.declared.stages.get(slot.stage)
        if not kinds or stage is None:
            return {}
        reader = self.reader(stage.registry)
        version = reader.ready(slot.model, request.candidate.version)
        found = papers.Papers(self.folder, self.base, reader, version, PurePosixPath(folder))
        return found.fetch(kinds, policy)

    def _champion(self, request: Request) -> Fetched | None:
        """The champion, from the registry of the stage that it serves in, which is the last one."""
        if request.champion is None:
            return None
        try:
            return self._model(request.slot, self.declared.stages.stages[-1].name, request.champion)
        except Unreachable:
            raise
        except GatehouseError as error:
            raise GatehouseError(
                f"the champion, version {request.champion.version}, cannot be compared with: {error.message}", error.fix
            ) from error

    def _model(self, slot: Slot, stage_name: str, pin: Pin) -> Fetched:
        """Downloads one version. A digest other than the pin's is kept as found, for the artifact gate to judge."""
        from gatehouse.registry import artifacts
        from gatehouse.registry.digest import digest

        stage = self.declared.stages.get(stage_name)
        if stage is None:
            raise NotFound(f"{slot.path}: no stage {stage_name!r}", "see promotions/stages.yaml")
        reader = self.reader(stage.registry)
        version = reader.ready(slot.model, pin.version)
        # Another registry may have another model under the same number.
        folder = Path("models") / short_hash(stage.registry) / f"{slot.model}-v{pin.version}"
        if not (self.folder / folder).exists():
            self.progress(f"fetching {slot.model} version {pin.version}")
            artifacts.download(reader, version, self.folder / folder)
        profile = self._profile(reader, version, folder)
        return Fetched(
            subject=_subject(reader, version, pin, self.folder / folder),
            folder=folder.as_posix(),
            digest=digest(self.folder / folder),
            profile=profile,
        )

    def _profile(self, reader: RegistryReader, version: Version, folder: Path) -> str | None:
        from gatehouse.registry import artifacts

        content = artifacts.profile(reader, version)
        if content is None:
            return None
        path = folder.with_name(f"{folder.name}.profile.json")
        (self.folder / path).write_bytes(content)
        return path.as_posix()

    def _data(self, policy: Policy) -> Mapping[str, str]:
        """Where *evaluate* finds each of the policy's tables."""
        placer = Placer(self.root, self.folder, self.progress)
        placed = {kind: placer.place(policy.engine, table) for kind, table in policy.data.tables().items()}
        return {**placed, **traffic.bring(policy, self.root, self.folder, self.progress)}

    def _digests(self, policy: Policy, data: Mapping[str, str]) -> Mapping[str, str]:
        """Of what was fetched; whoever reads what was passed through says what it held."""
        from gatehouse.registry.digest import file_digest

        tables = policy.data.tables()
        passed = {kind for kind, table in tables.items() if passed_through(policy.engine, table.where)}
        fetched = {kind: path for kind, path in data.items() if kind not in passed}
        return {kind: file_digest(self.folder / path) for kind, path in fetched.items()}


def _subject(reader: RegistryReader, version: Version, pin: Pin, folder: Path) -> Subject:
    from gatehouse.registry import mlmodel

    run = reader.run(version.run_id) if version.run_id else None
    described = mlmodel.read(folder)
    return Subject(
        pin=pin,
        run=version.run_id,
        trained_by=", ".join(run.trained_by) if run else version.registered_by,
        created=version.created,
        flavor=", ".join(described.flavors),
        bytes=sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()),
        metrics=run.metrics if run else {},
        link=run.link if run else "",
    )
